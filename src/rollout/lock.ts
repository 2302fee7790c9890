import { hostname, userInfo } from "node:os";
import { hasCode, messageOf, UserError } from "../base/user-error";
import type { HostState } from "./identity";
import type { Log } from "./log";
import { isDead, newRolloutId } from "./rollout-id";

/** A third of the time after which a lock expires. */
const RENEWAL_SECONDS = 20;

/** As in `remote/lock.sh`: a rollout that has not renewed its lock for so long has ended. */
export const EXPIRY_SECONDS = 60;

/** A rollout that asks for a lock. */
export interface Claimant {
  /** ID of the rollout. */
  readonly id: string;
  /** For a person. */
  readonly owner: string;
}

/** The rollout that holds a lock. */
export interface Holder extends Claimant {
  readonly heldSeconds: number;
  readonly renewedSeconds: number;
}

/** @param holder - `undefined` when another rollout took the lock from us and has released it since */
export const lockHeld = (store: LockStore, holder?: Holder): UserError =>
  new UserError(
    "locked",
    holder === undefined
      ? `The lock on ${store.name} expired because this rollout did not renew it in time, and was taken or removed. Run the same command again`
      : `Another rollout is running: ${holder.owner}, for ${holder.heldSeconds} s, renewed ${holder.renewedSeconds} s ago ` +
          `(lock on ${store.name}). Wait for it. If it was killed, its lock expires a minute after it was last renewed`,
  );

/** One place where a lock is kept. */
export interface LockStore {
  /** For a person. */
  readonly name: string;
  /** @throws UserError `locked` */
  take(claimant: Claimant): Promise<void>;
  /** Shows that the rollout is alive. Does not take a released lock again. @throws UserError `locked` */
  renew(claimant: Claimant): Promise<void>;
  release(claimant: Claimant): Promise<void>;
}

/** Excludes the rollouts of other operators. It expires a minute after its last renewal. */
export class Lock implements Claimant {
  public readonly id = newRolloutId();
  public readonly owner = `${userInfo().username}@${hostname()}, process ${process.pid}`;
  private timer: NodeJS.Timeout | undefined;
  private renewal: Promise<void> | undefined;
  private lost: UserError | undefined;

  private constructor(
    private readonly stores: readonly LockStore[],
    private readonly log: Log,
  ) {}

  /** Takes it in all places, one after another. @throws UserError `locked` when another rollout holds one of them */
  public static async take(stores: readonly LockStore[], log: Log): Promise<Lock> {
    const lock = new Lock(stores, log);
    const names = stores.map(({ name }) => name).join(", ");
    try {
      await log.step("cluster", `lock on ${names}`, async () => {
        for (const store of stores) await store.take(lock);
      });
    } catch (error) {
      await lock.release();
      throw error;
    }
    lock.timer = setInterval(() => void (lock.renewal ??= lock.renew()), RENEWAL_SECONDS * 1000);
    lock.timer.unref();
    return lock;
  }

  /** @throws UserError `locked` when another rollout has taken it because we did not renew it in time */
  public check(): void {
    if (this.lost !== undefined) throw this.lost;
  }

  public async release(): Promise<void> {
    clearInterval(this.timer);
    await this.renewal;
    await Promise.all(
      this.stores.map((store) =>
        store.release(this).catch((error: unknown) => this.log.write("cluster", messageOf(error))),
      ),
    );
  }

  /** A server may be rebooting, so only a lock held by another rollout is a reason to stop. */
  private async renew(): Promise<void> {
    const renewals = await Promise.allSettled(this.stores.map((store) => store.renew(this)));
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
 * Whether a rollout is known to have ended: it ran on this machine and its process is gone, or no host has its lock. A host that
 * has just booted, or does not answer, may have had the lock; then the answer is no.
 */
export function hasEnded(rollout: string, { hosts, unreachable }: Surveyed): boolean {
  if (isDead(rollout)) return true;
  if (unreachable.length > 0) return false;
  return hosts.every(
    ({ facts: { lock, upSeconds } }) =>
      upSeconds >= EXPIRY_SECONDS && (lock?.holder !== rollout || lock.heardSeconds >= EXPIRY_SECONDS),
  );
}
