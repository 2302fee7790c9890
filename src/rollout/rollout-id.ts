import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The ID of this rollout: its hostname, process, a unique word, and its process space. */
export const newRolloutId = (): string =>
  [hostname(), process.pid, randomUUID(), processSpace() ?? ""].join(":");

/**
 * Whether a rollout is known to have ended: it ran in the same process space, and its process is gone. In another one its
 * process ID means nothing: containers may share a hostname, and each numbers its processes from 1.
 */
export function isDead(rollout: string): boolean {
  const [, pid = "", , space = ""] = rollout.split(":");
  if (space === "" || space !== processSpace() || !/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/**
 * Identifies the space in which a process ID is valid: one PID namespace, of one boot, of one machine. Clones may share a
 * machine-id, and the first namespace has the same number on all machines. `undefined` without Linux' /proc, as on macOS:
 * another rollout's process cannot be checked there, and its lock expires in time.
 */
function processSpace(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    const parts = [hostname(), machineId(), boot, readlinkSync("/proc/self/ns/pid")];
    return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
  } catch {
    return undefined;
  }
}

/** Empty if there is none, as in many containers. */
function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8");
  } catch {
    return "";
  }
}
