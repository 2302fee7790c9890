import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Folder of this package, which is where its `package.json` is: code runs from `src/`, and as a package from `dist/`. */
export const PACKAGE_ROOT = rootAbove(__dirname);

function rootAbove(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
}
