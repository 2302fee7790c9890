import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What hosts need in order to be containers with their own systemd. */
export interface Container {
  /** Folder of Debian. */
  readonly base: string;
  /** Shims for what Debian lacks, which replace the stand-ins of `testbed/machines/programs`. */
  readonly programs: string;
}

/** `undefined` when `base.sh` has not been run. */
export function container(): Container | undefined {
  const { stdout } = spawnSync(join(__dirname, "base.sh"), ["--folder"], { encoding: "utf8" });
  const base = stdout.trim();
  return existsSync(join(base, "usr")) ? { base, programs: join(__dirname, "programs") } : undefined;
}
