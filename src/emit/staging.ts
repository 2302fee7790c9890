import fs from "node:fs";
import { join } from "node:path";
import { succeeds } from "../base/process";

export interface Write {
  readonly path: string;
  readonly text: string;
}

// One folder a run, beside the files that it becomes, because a rename is whole only within one filesystem. git
// ignores `.staging-*` by name. The process ID tells a run that died from one that is still at work.
const STAGING = /^\.staging-([1-9]\d*)-/;

// The paths of a run, so that a later one knows what a dead one may have created before its list was in place.
const RECORD = "paths";

/**
 * Writes every text into a new staging folder, and has the disk confirm all of them before it returns: a rename that
 * reached the disk before its text would leave an empty file after a power cut.
 *
 * @returns the staged file of each path, in order
 */
export function stage(folder: string, writes: readonly Write[]): Map<string, string> {
  if (writes.length === 0) return new Map();
  fs.mkdirSync(folder, { recursive: true });
  const run = fs.mkdtempSync(join(folder, `.staging-${process.pid}-`));
  try {
    const record = join(run, RECORD);
    fs.writeFileSync(record, writes.map(({ path }) => path).join("\n"));
    const staged = writes.map(({ path, text }, index) => {
      const file = join(run, String(index));
      fs.writeFileSync(file, text, { mode: 0o644 });
      return [path, file] as const;
    });
    flushAll(run, [record, ...staged.map(([, file]) => file)]);
    return new Map(staged);
  } catch (error) {
    // Nothing was put in place yet. On a full disk, half a run would only make matters worse.
    fs.rmSync(run, { recursive: true, force: true });
    throw error;
  }
}

/** The paths that runs which died may have created. */
export function pathsOfDeadRuns(folder: string): string[] {
  return deadRuns(folder).flatMap((run) => {
    const record = join(run, RECORD);
    return fs.existsSync(record) ? fs.readFileSync(record, "utf8").split("\n") : [];
  });
}

/**
 * Removes the staging folders of this run and of dead ones. Only once the list is written: until then their records
 * are all that names what they created.
 */
export function sweep(folder: string): void {
  for (const run of deadRuns(folder)) fs.rmSync(run, { recursive: true, force: true });
}

/** A run of this very process counts as dead: runs are synchronous, so that it ended by an exception. */
function deadRuns(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => {
      const pid = Number(STAGING.exec(name)?.[1]);
      return pid > 0 && (pid === process.pid || !isAlive(pid));
    })
    .map((name) => join(folder, name));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** From so many files on the start of a program costs less than waiting for each of them. */
const MANY = 64;

/**
 * Of many files the whole filesystem is asked at once, by coreutils' `sync -f`, since Node has no syncfs(2): 4000 files on
 * a busy ext4 take 0.05 s, and 1 to 3 s one by one. Where there is no such program, or it fails, each is asked.
 */
function flushAll(folder: string, files: readonly string[]): void {
  const atOnce = files.length >= MANY && process.platform === "linux";
  if (atOnce && succeeds("sync", ["-f", folder])) return;
  for (const file of files) flush(file);
}

function flush(file: string): void {
  const descriptor = fs.openSync(file, "r+");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
