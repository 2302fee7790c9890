/** What many suites need and takes long to make, kept between runs by what it is made of. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import packageJson from "../../package.json";

const KEPT = join(__dirname, "../../node_modules/.cache", packageJson.name);

/** @param name - has a hash of all that the file or folder is made of */
export const keptPath = (folder: string, name: string): string => join(KEPT, folder, name);

/**
 * Keeps a file or folder from now on, whole or not at all.
 *
 * @param make - makes it in an empty folder, and returns its path
 */
export function keep(path: string, make: (folder: string) => string): void {
  mkdirSync(dirname(path), { recursive: true });
  const folder = mkdtempSync(join(dirname(path), "making-"));
  const made = make(folder);
  try {
    renameSync(made, path);
  } catch (error) {
    // Another suite that made the same was faster.
    if (!existsSync(path)) throw error;
  }
  rmSync(folder, { recursive: true, force: true });
}
