import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder with this package's `package.json`. Code runs from `src/` in a checkout and from `dist/` in the package. */
export const PACKAGE_ROOT = rootAbove(__dirname);

function rootAbove(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
}
