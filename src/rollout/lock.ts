import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { hasCode, messageOf, UserError } from "../base/user-error";
import type { Host } from "./host";
import type { Known } from "./identity";
import type { Log } from "./log";

/** A third of what `remote/lock.sh` takes for the end of a rollout. */
const RENEWAL_SECONDS = 20;

/** As `remote/lock.sh`: a rollout that was not heard of for so long has ended. */
const LAPSE_SECONDS = 60;

/** Says on a server that a rollout runs. It lapses a minute after the rollout was last heard of. */
export class Lock {
  /** Of this rollout. */
  public readonly id = [hostname(), process.pid, randomUUID()].join(":");
  public readonly owner = `${userInfo().username}@${hostname()}, process ${process.pid}`;
  private readonly timer: NodeJS.Timeout;
  private lost: UserError | undefined;

  private constructor(
    private readonly server: Host,
    private readonly log: Log,
  ) {
    this.timer = setInterval(() => void this.renew(), RENEWAL_SECONDS * 1000);
    this.timer.unref();
  }

  /** @throws UserError `locked` when another rollout has it, with its owner and age */
  public static async take(server: Host, log: Log): Promise<Lock> {
    const lock = new Lock(server, log);
    try {
      await log.step("cluster", `lock on ${server.name}`, () => lock.claim());
      return lock;
    } catch (error) {
      clearInterval(lock.timer);
      throw error;
    }
  }

  /** @throws UserError `locked` when another rollout took it, since we were not heard of */
  public check(): void {
    if (this.lost !== undefined) throw this.lost;
  }

  public async release(): Promise<void> {
    clearInterval(this.timer);
    await this.server
      .call("unlock", { id: this.id })
      .catch((error: unknown) => this.log.write("cluster", messageOf(error)));
  }

  private async claim(dead = ""): Promise<void> {
    const report = await this.server.call("lock", { owner: this.owner, id: this.id, dead });
    if (report.one("taken") === "yes") return;
    const holder = report.one("held_id");
    if (dead === "" && isDead(holder)) return this.claim(holder);
    throw new UserError(
      "locked",
      `Another rollout runs: ${report.one("held")}, for ${report.one("held_for")} s, last heard of ${report.one("heard")} s ago ` +
        `(lock on ${this.server.name}). Wait for it; should it have been killed, its lock lapses a minute after it was last heard of`,
    );
  }

  private async renew(): Promise<void> {
    try {
      await this.claim();
    } catch (error) {
      // The server may be rebooting. Only somebody else's lock is a reason to stop.
      if (hasCode(error, "locked")) this.lost = error;
    }
  }
}

interface Surveyed {
  readonly known: readonly Known[];
  /** Hosts that did not answer. */
  readonly unreachable: readonly object[];
}

/**
 * Whether a rollout is known to have ended: it ran on this machine and does no more, or its lock is nobody's any more. A
 * host that just booted, or does not answer, could have kept the lock; then nobody knows.
 */
export function isOver(rollout: string, { known, unreachable }: Surveyed): boolean {
  if (isDead(rollout)) return true;
  if (unreachable.length > 0) return false;
  return known.every(
    ({ facts: { lock, upSeconds } }) =>
      upSeconds >= LAPSE_SECONDS && (lock?.holder !== rollout || lock.heardSeconds >= LAPSE_SECONDS),
  );
}

/** Whether the holder ran on this machine, and does no more. */
function isDead(holder: string): boolean {
  const [machine = "", pid = ""] = holder.split(":");
  if (machine !== hostname() || !/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
