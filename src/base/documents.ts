/** Documents of this package that a message tells the reader to look at. They are part of the package (`files` in package.json). */
import { join, relative } from "node:path";
import { PACKAGE_ROOT } from "./package-root";

/** Path in the package, and the heading to look for. */
export const REFERRED = {
  interruptedClone: ["docs/how-to/troubleshooting.md", "A clone that failed half-way"],
  k3sData: ["docs/how-to/data-disks.md", "Move K3s' data of a running node"],
  wayBack: ["docs/how-to/upgrade-cluster.md", "The way back"],
  privileges: ["docs/reference/proxmox-privileges.md", "For applies"],
} as const;

/** Completes "see …". The path is relative to the working directory: in a project it begins with `node_modules/`. */
export function documentOn(subject: keyof typeof REFERRED): string {
  const [path, heading] = REFERRED[subject];
  return `"${heading}" in ${relative("", join(PACKAGE_ROOT, path))}`;
}
