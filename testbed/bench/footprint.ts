import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The entries of a folder, with what a write would change. */
export interface Footprint {
  readonly files: number;
  readonly bytes: number;
  /** Path to what changes when it is written or replaced; a folder changes when an entry comes or goes. */
  readonly marks: ReadonlyMap<string, string>;
}

export function footprint(folder: string): Footprint {
  const marks = new Map<string, string>();
  let files = 0;
  let bytes = 0;
  for (const path of [".", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
    const stat = lstatSync(join(folder, path), { bigint: true });
    // By ctime too, since a program can set mtime back.
    marks.set(path, `${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs}`);
    if (!stat.isFile()) continue;
    files++;
    bytes += Number(stat.size);
  }
  return { files, bytes, marks };
}

/** Paths that were written, created or removed in between, in order. */
export function touched(before: Footprint, after: Footprint): string[] {
  const paths = new Set([...before.marks.keys(), ...after.marks.keys()]);
  return [...paths].filter((path) => before.marks.get(path) !== after.marks.get(path)).sort();
}
