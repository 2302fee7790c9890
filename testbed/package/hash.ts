import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

/** Of the paths and contents of files, and of all files in folders. @param names - of both */
export function hashOf(root: string, names: readonly string[] = ["."]): string {
  const hash = createHash("sha256");
  for (const path of names.flatMap((name) => filesAt(join(root, name))).sort())
    hash.update(`${relative(root, path)}\0`).update(readFileSync(path));
  return hash.digest("hex");
}

function filesAt(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((file) => join(file.parentPath, file.name));
}
