/** Snapshots that K3s has taken by itself, per place: is there a fresh one? */
import * as z from "zod";
import { parseJson } from "../base/json";
import { UserError } from "../base/user-error";
import { snapshotLimitHours } from "../config/snapshots";
import type { Description } from "./description";
import { kubectl, reasonOf } from "./kubectl";
import type { KubeNode, Kubernetes } from "./kubernetes";

/** A snapshot, or the attempt at one. */
export interface Snapshot {
  /** Server on whose disk it is; `undefined` for S3. */
  readonly node?: string;
  /** Milliseconds since 1970. */
  readonly taken: number;
  /** Why it failed. @default - it is there */
  readonly failure?: string;
}

/**
 * Objects that K3s keeps of all snapshots, of each server's disk and of S3, in step with what is there: the only list with both
 * (k3s-io/api, k3s.cattle.io/v1/types.go; k3s, pkg/etcd/snapshot.go, reconcileSnapshotData; pkg/etcd/snapshot/types.go,
 * ToETCDSnapshotFile). `k3s etcd-snapshot ls` lists S3 only where it is given the credentials.
 */
const OBJECTS = "/apis/k3s.cattle.io/v1/etcdsnapshotfiles";

const LIST = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ creationTimestamp: z.string() }),
      spec: z.object({ nodeName: z.string(), s3: z.unknown().optional() }),
      status: z
        .object({
          creationTime: z.string().nullish(),
          readyToUse: z.boolean().nullish(),
          error: z.object({ time: z.string().nullish(), message: z.string().nullish() }).nullish(),
        })
        .optional(),
    }),
  ),
});

/** @throws UserError when no server answers as K3s would */
export async function readSnapshots(kubernetes: Kubernetes): Promise<Snapshot[]> {
  let text: string;
  try {
    [text = ""] = await kubernetes.ask((server, seconds) =>
      kubectl(server, [["get", `--raw=${OBJECTS}`]], seconds),
    );
  } catch (error) {
    // K3s makes the kind of object when it first starts with etcd.
    if (reasonOf(error) === "NotFound") return [];
    throw error;
  }
  return snapshotsIn(text);
}

export function snapshotsIn(text: string): Snapshot[] {
  const { data } = LIST.safeParse(parseJson(text));
  if (data === undefined)
    throw new UserError("unavailable", "the API returns a list of snapshots that K3s would not return");
  return data.items.map(({ metadata, spec, status }) => ({
    ...(spec.s3 === undefined || spec.s3 === null ? { node: spec.nodeName } : {}),
    taken: Date.parse(status?.creationTime ?? status?.error?.time ?? metadata.creationTimestamp),
    ...(status?.readyToUse === true
      ? {}
      : { failure: (status?.error?.message ?? "it is not complete").slice(0, 300) }),
  }));
}

/** Age of the newest snapshot in each place, in hours. */
export interface SnapshotAges {
  /** By hostname; without those that have none. */
  readonly servers: Readonly<Record<string, number>>;
  /** `null` if none is there yet. @default - `main.ts` states no bucket, and there is none */
  readonly s3?: number | null;
}

const HOUR = 3_600_000;

const hoursSince = (time: number, now: number): number => Math.max(0, Math.floor((now - time) / HOUR));

/** `undefined` if there is none. */
function newest(snapshots: readonly Snapshot[]): Snapshot | undefined {
  return [...snapshots].sort((a, b) => b.taken - a.taken)[0];
}

const isThere = ({ failure }: Snapshot): boolean => failure === undefined;

export function snapshotAges(
  { k3s }: Pick<Description, "k3s">,
  snapshots: readonly Snapshot[],
  now: number,
): SnapshotAges {
  const names = [...new Set(snapshots.flatMap(({ node }) => node ?? []))].sort();
  const age = (some: readonly Snapshot[]): number | undefined => {
    const last = newest(some.filter(isThere));
    return last && hoursSince(last.taken, now);
  };
  const servers = names.flatMap((name): [string, number][] => {
    const hours = age(snapshots.filter(({ node }) => node === name));
    return hours === undefined ? [] : [[name, hours]];
  });
  const s3 =
    age(snapshots.filter(({ node }) => node === undefined)) ??
    (k3s.snapshots?.s3 === undefined ? undefined : null);
  return { servers: Object.fromEntries(servers), ...(s3 === undefined ? {} : { s3 }) };
}

const REMEDY = "see journalctl -u k3s on it, and k3s.snapshots in main.ts";

/** Faults of servers whose newest snapshot is too old, and of S3. A server that is younger than the limit may have none yet. */
export function snapshotFaults(
  description: Description,
  snapshots: readonly Snapshot[],
  nodes: readonly KubeNode[],
  now: number,
): string[] {
  const limit = snapshotLimitHours(description);
  if (limit === undefined) return [];
  const ages = snapshotAges(description, snapshots, now);
  const servers = nodes
    .filter(({ server }) => server)
    .flatMap(({ name, created }) => {
      const hours = ages.servers[name];
      if (hours !== undefined && hours <= limit) return [];
      if (hours !== undefined)
        return [
          `the newest snapshot of etcd on ${name} is ${hours} h old, and ${limit} h is the limit: ${REMEDY}`,
        ];
      const isNew = created === undefined || hoursSince(Date.parse(created), now) <= limit;
      return isNew ? [] : [`${name} has no snapshot of etcd: ${REMEDY}`];
    });
  return [...servers, ...s3Faults(description, snapshots, ages, limit, now)];
}

function s3Faults(
  { k3s }: Description,
  snapshots: readonly Snapshot[],
  { s3: hours }: SnapshotAges,
  limit: number,
  now: number,
): string[] {
  const bucket = k3s.snapshots?.s3?.bucket;
  if (bucket === undefined) return [];
  // Where none was tried yet, since the setting is new, there is nothing to say.
  const last = newest(snapshots.filter(({ node }) => node === undefined));
  return [
    ...(typeof hours === "number" && hours > limit
      ? [`the newest snapshot of etcd in the bucket ${bucket} is ${hours} h old, and ${limit} h is the limit`]
      : []),
    ...(last?.failure === undefined
      ? []
      : [
          `the last snapshot was not copied to the bucket ${bucket}, ${hoursSince(last.taken, now)} h ago: ${last.failure}`,
        ]),
  ];
}
