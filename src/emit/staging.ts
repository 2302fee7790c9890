import fs from "node:fs";
import { join } from "node:path";
import { succeeds } from "../base/process";

export interface Write {
  readonly path: string;
  readonly text: string;
}

// A folder for each run, next to the files that it becomes, because a rename is atomic only within one filesystem.
// .gitignore has `.staging-*`. The process ID distinguishes a dead run from a live one.
const STAGING = /^\.staging-([1-9]\d*)-/;

// The paths of a run, from which a later run knows what a dead one may have created before it wrote its list.
const RECORD = "paths";

/**
 * Writes every text to a new staging folder and flushes all of them to disk before it returns: a rename that reaches
 * the disk before its text would leave an empty file after a power cut.
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
    // Nothing was put in place yet. On a full disk, half a run would only make things worse.
    fs.rmSync(run, { recursive: true, force: true });
    throw error;
  }
}

/** The paths that dead runs may have created. */
export function pathsOfDeadRuns(folder: string): string[] {
  return deadRuns(folder).flatMap((run) => {
    const record = join(run, RECORD);
    return fs.existsSync(record) ? fs.readFileSync(record, "utf8").split("\n") : [];
  });
}

/**
 * Removes the staging folders of this run and of dead ones. Call it only after the list is written: until then, only
 * their records name what they created.
 */
export function sweep(folder: string): void {
  for (const run of deadRuns(folder)) fs.rmSync(run, { recursive: true, force: true });
}

/** A run of this process counts as dead: runs are synchronous, so it ended with an exception. */
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

/** From this number of files, starting a program is faster than flushing each file. */
const MANY = 64;

/**
 * Flushes many files by flushing the whole filesystem with coreutils' `sync -f`, since Node has no syncfs(2): 4000 files on
 * a busy ext4 take 0.05 s, and 1 to 3 s one by one. Without that program, or if it fails, flushes each file.
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
