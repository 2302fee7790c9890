/** What many suites need and takes long to make, kept between runs by what it is made of. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import packageJson from "../../package.json";

const KEPT = join(__dirname, "../../node_modules/.cache", packageJson.name);

/** @param name - has a hash of all that the file or folder is made of */
export const keptPath = (folder: string, name: string): string => join(KEPT, folder, name);

/**
 * Keeps a file or folder from now on, whole or not at all, unless it is there. Where another suite is making the same, waits for that.
 *
 * @param make - makes it in an empty folder, and returns its path
 */
export function keep(path: string, make: (folder: string) => string): void {
  mkdirSync(dirname(path), { recursive: true });
  while (!existsSync(path)) alone(`${path}.lock`, () => existsSync(path) || makeWhole(path, make));
}

function makeWhole(path: string, make: (folder: string) => string): void {
  const folder = mkdtempSync(join(dirname(path), "making-"));
  try {
    renameSync(make(folder), path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** After so long its process has been interrupted. Two that make the same do no harm. */
const ABANDONED_MS = 120_000;

/** Does it while no other process has the lock, or waits a moment. */
function alone(lock: string, work: () => void): void {
  try {
    mkdirSync(lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > ABANDONED_MS) rmSync(lock, { recursive: true, force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    return;
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
