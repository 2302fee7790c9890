import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { versions, type Program } from "./programs";

/** What a run of the tests ran on. */
export interface Environment {
  /** Hash of the commit that is checked out at the end. */
  readonly commit: string;
  /** Whether files that git tracks differ from it, or another one was checked out during the run. */
  readonly modified: boolean;
  readonly programs: Partial<Record<Program, string>>;
}

/** @param started when the run began, in milliseconds since the epoch */
export function environment(started: number): Environment {
  const git = (...words: string[]): string =>
    spawnSync("git", words, { cwd: join(__dirname, "../.."), encoding: "utf8" }).stdout.trim();
  const [, checkedOut] = /\{(\d+)\}/.exec(git("log", "-g", "-1", "--date=unix", "--format=%gd")) ?? [];
  return {
    commit: git("rev-parse", "HEAD"),
    modified:
      git("status", "--porcelain", "--untracked-files=no") !== "" || Number(checkedOut ?? 0) * 1000 > started,
    programs: versions(),
  };
}
