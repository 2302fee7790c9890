import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What hosts need to be containers with a systemd of their own. */
export interface Container {
  /** Folder of the Debian that they are. */
  readonly base: string;
  /** Shims for what Debian has not, laid over the stand-ins of `testbed/machines/programs`. */
  readonly programs: string;
}

/** `undefined` where `base.sh` has not been run. */
export function container(): Container | undefined {
  const { stdout } = spawnSync(join(__dirname, "base.sh"), ["--folder"], { encoding: "utf8" });
  const base = stdout.trim();
  return existsSync(join(base, "usr")) ? { base, programs: join(__dirname, "programs") } : undefined;
}
