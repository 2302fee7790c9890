import type { Host } from "./host";
import { kubectl, reasonOf } from "./kubectl";
import type { Kubernetes } from "./kubernetes";
import { EXPIRY_SECONDS, lockHeld, type Claimant, type Holder, type LockStore } from "./lock";
import { isDead } from "./rollout-id";

const NAMESPACE = "kube-system";
const NAME = "k3s-rollout";
/** Annotation with the owner, for people. */
const OWNER = "k3s-rollout/owner";

/** As returned by Kubernetes. Source: kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1 */
interface RawLease {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    /** Empty or missing when it was released. */
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
  };
}

/** Maximum number of attempts when other writers are faster. */
const ATTEMPTS = 5;

/**
 * A lock in the cluster itself: one for all operators, whichever servers they reach. Each write states the resource version that
 * it read, so that of two concurrent writes the API refuses one.
 */
export class LeaseLock implements LockStore {
  public readonly name = "the Kubernetes API";

  public constructor(private readonly kubernetes: Kubernetes) {}

  public take(claimant: Claimant): Promise<void> {
    return this.attempt(async (server, seconds) => {
      const [lease, now] = [await read(server, seconds), await clock(server)];
      if (lease === undefined) return create(server, seconds, claimant, now);
      const holder = holderOf(lease, now);
      if (holder !== undefined && holder.id !== claimant.id && !hasExpired(lease, now) && !isDead(holder.id))
        throw lockHeld(this, holder);
      await patch(server, seconds, lease, takenBy(claimant, now));
    });
  }

  public renew(claimant: Claimant): Promise<void> {
    return this.attempt(async (server, seconds) => {
      const [lease, now] = [await read(server, seconds), await clock(server)];
      const holder = lease && holderOf(lease, now);
      if (lease === undefined || holder?.id !== claimant.id) throw lockHeld(this, holder);
      await patch(server, seconds, lease, { spec: { renewTime: microTime(now) } });
    });
  }

  /** Keeps the Lease, without a holder. */
  public release({ id }: Claimant): Promise<void> {
    return this.attempt(async (server, seconds) => {
      const lease = await read(server, seconds);
      if (lease?.spec.holderIdentity !== id) return;
      await patch(server, seconds, lease, { spec: { holderIdentity: "", leaseDurationSeconds: 1 } });
    });
  }

  /** Retries when another client has written since the read. */
  private async attempt(step: (server: Host, seconds: number) => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.kubernetes.ask(step);
        return;
      } catch (error) {
        if (!RACES.has(reasonOf(error)) || attempt === ATTEMPTS) throw error;
      }
    }
  }
}

/** Reasons for which the API refuses a write because another was faster (apimachinery, StatusReason). */
const RACES: ReadonlySet<string | undefined> = new Set(["AlreadyExists", "Conflict"]);

async function read(server: Host, seconds: number): Promise<RawLease | undefined> {
  const command = ["get", "lease", NAME, "-n", NAMESPACE, "--ignore-not-found", "-o", "json"];
  const [text = ""] = await kubectl(server, [command], seconds);
  return text === "" ? undefined : (JSON.parse(text) as RawLease);
}

/** The server's clock, in seconds: the clocks of operators differ more. */
const clock = async (server: Host): Promise<number> =>
  Number((await server.call("clock", {})).one("seconds"));

async function create(server: Host, seconds: number, claimant: Claimant, now: number): Promise<void> {
  const { metadata, spec } = takenBy(claimant, now);
  const lease = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: NAME, namespace: NAMESPACE, ...metadata },
    spec,
  };
  await kubectl(server, [["create", "-f", "-"]], seconds, JSON.stringify(lease));
}

/** The API refuses it when another client has written since. */
async function patch(
  server: Host,
  seconds: number,
  { metadata: { resourceVersion } }: RawLease,
  change: { readonly metadata?: object; readonly spec: object },
): Promise<void> {
  const merged = { ...change, metadata: { ...change.metadata, resourceVersion } };
  const command = ["patch", "lease", NAME, "-n", NAMESPACE, "--type=merge", "-p", JSON.stringify(merged)];
  await kubectl(server, [command], seconds);
}

const takenBy = ({ id, owner }: Claimant, now: number): { metadata: object; spec: object } => ({
  metadata: { annotations: { [OWNER]: owner } },
  spec: {
    holderIdentity: id,
    leaseDurationSeconds: EXPIRY_SECONDS,
    acquireTime: microTime(now),
    renewTime: microTime(now),
  },
});

function holderOf({ metadata, spec }: RawLease, now: number): Holder | undefined {
  if (spec.holderIdentity === undefined || spec.holderIdentity === "") return undefined;
  return {
    id: spec.holderIdentity,
    owner: metadata.annotations?.[OWNER] ?? spec.holderIdentity,
    heldSeconds: secondsSince(spec.acquireTime, now),
    renewedSeconds: secondsSince(spec.renewTime, now),
  };
}

const hasExpired = ({ spec }: RawLease, now: number): boolean =>
  secondsSince(spec.renewTime, now) >= (spec.leaseDurationSeconds ?? EXPIRY_SECONDS);

/** The age of a lease that was never renewed is the largest possible one. */
const secondsSince = (time: string | undefined, now: number): number =>
  Math.max(0, Math.round(now - (time === undefined ? 0 : Date.parse(time) / 1000)));

/** Kubernetes reads six digits after the point, and no fewer (apimachinery, meta/v1/micro_time.go). */
const microTime = (seconds: number): string => new Date(seconds * 1000).toISOString().replace("Z", "000Z");
