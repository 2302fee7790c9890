import fs from "node:fs";
import { dirname, join } from "node:path";
import type { EmissionPlan } from "./emission";
import { describeRefusal } from "./report";
import { stage, sweep } from "./staging";

/**
 * Applies a plan to its folder. Each file changes by one rename, so that a run interrupted at any moment leaves it old or
 * new, and the next run completes it.
 *
 * @throws if the plan has refusals; nothing is changed then
 */
export function applyPlan(plan: EmissionPlan): void {
  const { folder, writes, removals, abandoned, list, refusals } = plan;
  if (refusals.length > 0) throw new Error(refusals.map(describeRefusal).join("\n\n"));

  const staged = stage(folder, writes);
  for (const [path, file] of staged) if (path !== list) putInPlace(folder, path, file);
  for (const path of removals) fs.rmSync(join(folder, path), { force: true });
  for (const directory of abandoned) removeWhileEmpty(folder, directory);
  const stagedList = list && staged.get(list);
  if (list && stagedList) putInPlace(folder, list, stagedList);
  sweep(folder);
}

function putInPlace(folder: string, path: string, file: string): void {
  const target = join(folder, path);
  fs.mkdirSync(dirname(target), { recursive: true });
  // Keeps the mode of the owner's documents.
  const there = fs.statSync(target, { throwIfNoEntry: false });
  if (there) fs.chmodSync(file, there.mode);
  fs.renameSync(file, target);
}

/** Removes `directory` and its parents below `folder`, up to the first that is not empty. */
function removeWhileEmpty(folder: string, directory: string): void {
  if (directory === ".") return;
  try {
    fs.rmdirSync(join(folder, directory));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY") return;
    if (code !== "ENOENT") throw error;
  }
  removeWhileEmpty(folder, dirname(directory));
}
