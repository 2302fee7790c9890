import { hostname, userInfo } from "node:os";
import { hasCode, messageOf, UserError } from "../base/user-error";
import type { HostState } from "./identity";
import type { Log } from "./log";
import { isDead, newRolloutId } from "./rollout-id";

/** A third of the time after which a lock lapses. */
const RENEWAL_SECONDS = 20;

/** As `remote/lock.sh`: a rollout that was not heard of for so long has ended. */
export const LAPSE_SECONDS = 60;

/** Who asks for a lock. */
export interface Claimant {
  /** Of the rollout. */
  readonly id: string;
  /** For a person. */
  readonly owner: string;
}

/** Who has a lock. */
export interface Holder extends Claimant {
  readonly heldSeconds: number;
  readonly heardSeconds: number;
}

/** @param holder - none where it was taken from us and given back since */
export const lockHeld = (keeper: Keeper, holder?: Holder): UserError =>
  new UserError(
    "locked",
    holder === undefined
      ? `The lock on ${keeper.name} was given to another rollout, or away by somebody, while this one was not heard of. Run the same command again`
      : `Another rollout runs: ${holder.owner}, for ${holder.heldSeconds} s, last heard of ${holder.heardSeconds} s ago ` +
          `(lock on ${keeper.name}). Wait for it; should it have been killed, its lock lapses a minute after it was last heard of`,
  );

/** One place where a lock is kept. */
export interface Keeper {
  /** For a person. */
  readonly name: string;
  /** @throws UserError `locked` */
  take(claimant: Claimant): Promise<void>;
  /** Says that the rollout lives. Takes nothing that was given back. @throws UserError `locked` */
  renew(claimant: Claimant): Promise<void>;
  release(claimant: Claimant): Promise<void>;
}

/** Says to other operators that a rollout runs. It lapses a minute after the rollout was last heard of. */
export class Lock implements Claimant {
  public readonly id = newRolloutId();
  public readonly owner = `${userInfo().username}@${hostname()}, process ${process.pid}`;
  private timer: NodeJS.Timeout | undefined;
  private renewal: Promise<void> | undefined;
  private lost: UserError | undefined;

  private constructor(
    private readonly keepers: readonly Keeper[],
    private readonly log: Log,
  ) {}

  /** With all keepers, one after the other. @throws UserError `locked` when another rollout has one of them */
  public static async take(keepers: readonly Keeper[], log: Log): Promise<Lock> {
    const lock = new Lock(keepers, log);
    const names = keepers.map(({ name }) => name).join(", ");
    try {
      await log.step("cluster", `lock on ${names}`, async () => {
        for (const keeper of keepers) await keeper.take(lock);
      });
    } catch (error) {
      await lock.release();
      throw error;
    }
    lock.timer = setInterval(() => void (lock.renewal ??= lock.renew()), RENEWAL_SECONDS * 1000);
    lock.timer.unref();
    return lock;
  }

  /** @throws UserError `locked` when another rollout took it, since we were not heard of */
  public check(): void {
    if (this.lost !== undefined) throw this.lost;
  }

  public async release(): Promise<void> {
    clearInterval(this.timer);
    await this.renewal;
    await Promise.all(
      this.keepers.map((keeper) =>
        keeper.release(this).catch((error: unknown) => this.log.write("cluster", messageOf(error))),
      ),
    );
  }

  /** A server may be rebooting. Only somebody else's lock is a reason to stop. */
  private async renew(): Promise<void> {
    const renewals = await Promise.allSettled(this.keepers.map((keeper) => keeper.renew(this)));
    for (const renewal of renewals) {
      if (renewal.status === "rejected" && hasCode(renewal.reason, "locked")) this.lost = renewal.reason;
    }
    this.renewal = undefined;
  }
}

interface Surveyed {
  readonly hosts: readonly HostState[];
  /** Hosts that did not answer. */
  readonly unreachable: readonly object[];
}

/**
 * Whether a rollout is known to have ended: it ran on this machine and does no more, or its lock is nobody's any more. A
 * host that just booted, or does not answer, could have kept the lock; then nobody knows.
 */
export function hasEnded(rollout: string, { hosts, unreachable }: Surveyed): boolean {
  if (isDead(rollout)) return true;
  if (unreachable.length > 0) return false;
  return hosts.every(
    ({ facts: { lock, upSeconds } }) =>
      upSeconds >= LAPSE_SECONDS && (lock?.holder !== rollout || lock.heardSeconds >= LAPSE_SECONDS),
  );
}
