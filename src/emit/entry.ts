import fs from "node:fs";
import { join } from "node:path";

/** What stands at a path under an emitted folder. */
export type Entry =
  | { readonly kind: "missing" }
  | { readonly kind: "file"; readonly bytes: Buffer }
  | { readonly kind: "irregular"; readonly why: string };

/**
 * Whether `path` is one that HostFiles could write: relative, with `/` between segments that are neither empty nor
 * start with a dot. The last keeps out `..`, `.git`, and the staging folders of staging.ts.
 */
export function isEmittedPath(path: string): boolean {
  return path.split("/").every((segment) => /^[^.\\\p{Cc}][^\\\p{Cc}]*$/u.test(segment));
}

/** Never looks through a symbolic link below `folder`: what lies behind it is not ours to judge, or to touch. */
export function lookAt(folder: string, path: string): Entry {
  const segments = path.split("/");
  for (let depth = 1; depth < segments.length; depth++) {
    const parent = segments.slice(0, depth).join("/");
    const stat = fs.lstatSync(join(folder, parent), { throwIfNoEntry: false });
    if (stat === undefined) return { kind: "missing" };
    if (!stat.isDirectory()) {
      return { kind: "irregular", why: `lies under '${parent}', which is ${kindOf(stat)}` };
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
