import { writeSync } from "node:fs";

/** Writes this process's peak memory in KiB, the unit of `maxRSS` on every system, to standard output as it ends. */
export function reportMemoryAtExit(): void {
  process.on("exit", () => writeSync(1, `${process.resourceUsage().maxRSS}\n`));
}
