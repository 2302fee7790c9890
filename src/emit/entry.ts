import fs from "node:fs";
import { join } from "node:path";

/** What is at a path in an emitted folder. */
export type Entry =
  | { readonly kind: "missing" }
  | { readonly kind: "file"; readonly bytes: Buffer }
  | { readonly kind: "irregular"; readonly why: string };

/**
 * Whether HostFiles could write the path: relative, with segments that are not empty and do not start with a dot, which
 * excludes `..`, `.git` and staging folders.
 */
export function isEmittedPath(path: string): boolean {
  return path.split("/").every((segment) => /^[^.\\\p{Cc}][^\\\p{Cc}]*$/u.test(segment));
}

/** Does not follow symbolic links below `folder`: their targets are not ours. */
export function readEntry(folder: string, path: string): Entry {
  const segments = path.split("/");
  for (let depth = 1; depth < segments.length; depth++) {
    const parent = segments.slice(0, depth).join("/");
    const stat = fs.lstatSync(join(folder, parent), { throwIfNoEntry: false });
    if (stat === undefined) return { kind: "missing" };
    if (!stat.isDirectory()) {
      return { kind: "irregular", why: `is in '${parent}', which is ${kindOf(stat)}` };
    }
  }
  const stat = fs.lstatSync(join(folder, path), { throwIfNoEntry: false });
  if (stat === undefined) return { kind: "missing" };
  if (!stat.isFile()) return { kind: "irregular", why: `is ${kindOf(stat)}` };
  return { kind: "file", bytes: fs.readFileSync(join(folder, path)) };
}

function kindOf(stat: fs.Stats): string {
  if (stat.isSymbolicLink()) return "a symbolic link";
  if (stat.isDirectory()) return "a directory";
  return stat.isFile() ? "a file" : "a pipe, socket or device";
}
