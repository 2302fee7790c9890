import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The ID of this rollout: where it runs, its process there, and a word that no other has. */
export const newRolloutId = (): string =>
  [hostname(), process.pid, randomUUID(), processSpace() ?? ""].join(":");

/**
 * Whether a rollout is known to have ended: it ran where this one does, and its process is no more. Elsewhere its number
 * says nothing: containers share a hostname, and each counts its processes from 1.
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
 * Where a process ID means something: one PID namespace, of one boot, of one machine. A machine-id alone may be shared by
 * clones, and the first namespace has the same number on all machines. Unknown without Linux' /proc, as on macOS: there
 * nothing is known of another rollout's process, and its lock lapses in its time.
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

/** Empty where there is none, as in many containers. */
function machineId(): string {
  try {
    return readFileSync("/etc/machine-id", "utf8");
  } catch {
    return "";
  }
}
