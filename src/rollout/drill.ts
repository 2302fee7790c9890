/** Proves that a backup restores, without touching the cluster. */
import { appendFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { textTable } from "../base/table";
import { inWords } from "../base/status-line";
import { messageAtHost, messageOf, UserError } from "../base/user-error";
import { NODES, type ApiObjects } from "./api-objects";
import { Aside, type TrialPlace, type Tried } from "./aside";
import { identityFaults, type HostState } from "./identity";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import { versionFaults, type Restorable } from "./restorable";

/** What a drill has shown. */
export interface Drill {
  readonly backup: string;
  readonly host: string;
  readonly takenAt: string;
  /** What a loss of the cluster at this moment would cost, in seconds: the age of the backup. */
  readonly rpoSeconds: number;
  /** From the snapshot to a server that answers, in seconds, without the time to create and roll out hosts. */
  readonly rtoSeconds: number;
  readonly revision: number;
  /** Objects that were read back as the snapshot has them. */
  readonly readBack: number;
  /** API version and kind, with the number of objects in the backup and now. @default - the API did not answer */
  readonly kinds?: readonly Kind[];
  /** Why the backup is not one of this cluster as it is. */
  readonly faults: readonly string[];
}

interface Kind {
  readonly kind: string;
  readonly backup: number;
  readonly now: number;
}

/** Why it cannot be tried. @param state - the host on which it would be, and the founder */
export const drillFaults = (
  what: Restorable,
  { unreachable }: Fleet,
  ...states: readonly HostState[]
): string[] => [
  ...unreachable.map(({ host, error }) => `${host.name}: ${messageAtHost(error)}`),
  ...new Set(states.flatMap((state) => [...identityFaults(state), ...versionFaults(what, state)])),
];

/**
 * Restores the backup aside, and compares what came up with the snapshot and with the cluster.
 *
 * @param founder - the server whose API is asked what the cluster holds now
 * @throws UserError when the backup does not restore
 */
export async function drill(what: Restorable, place: TrialPlace, founder: Host): Promise<Drill> {
  try {
    const trial = await place.try(what);
    const live = await new Aside(founder, founder, place.salt).live().catch((error: unknown) => {
      founder.log.info(founder.name, `the cluster was not compared: ${messageOf(error)}`);
      return undefined;
    });
    return drilled(what, place.name, trial, live);
  } finally {
    await place.clear();
  }
}

function drilled(
  { backup, snapshot }: Restorable,
  host: string,
  trial: Tried,
  live: ApiObjects | undefined,
): Drill {
  const { takenAt, members } = backup.manifest;
  const { api, back, restoredSeconds, readySeconds } = trial;
  const nodes = api.objects
    .filter(({ key }) => key.startsWith(NODES))
    .map(({ key }) => key.slice(NODES.length));
  return {
    backup: backup.folder,
    host,
    takenAt,
    rpoSeconds: Math.max(0, Math.round((Date.now() - Date.parse(takenAt)) / 1000)),
    rtoSeconds: restoredSeconds + readySeconds,
    revision: snapshot.revision,
    readBack: back.same,
    ...(live === undefined ? {} : { kinds: kindsOf(api, live) }),
    faults: [
      ...members
        .filter(({ name }) => !nodes.includes(name))
        .map(({ name }) => `${name} was a member of etcd, and the restored cluster has no such node`),
      ...(live === undefined ? [] : differences(api, live)),
    ],
  };
}

/** A secret of the same revision has the same content, or one of both servers does not decrypt it. */
function differences(api: ApiObjects, live: ApiObjects): string[] {
  if (api.clusterUid !== live.clusterUid)
    return ["it is a backup of another cluster: its namespace kube-system has another UID"];
  const revision = (text: string): string | undefined => text.split(" ")[0];
  const same = [...api.secrets].filter(
    ([key, text]) => revision(text) === revision(live.secrets.get(key) ?? ""),
  );
  const other = same.filter(([key, text]) => live.secrets.get(key) !== text).map(([key]) => key);
  return other.map((key) => `the content of ${key} is another one than in the cluster, at the same revision`);
}

function kindsOf(api: ApiObjects, live: ApiObjects): Kind[] {
  const kinds = [...new Set([...api.counts.keys(), ...live.counts.keys()])].sort();
  return kinds.map((kind) => ({ kind, backup: api.counts.get(kind) ?? 0, now: live.counts.get(kind) ?? 0 }));
}

/** Adds a line to the record of all drills, next to the backups. @returns its path */
export function record(result: Drill): string {
  const path = join(dirname(result.backup), "drills.jsonl");
  // Without the table of kinds, which is long.
  const line = { at: new Date().toISOString(), ...result, kinds: undefined };
  appendFileSync(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  return path;
}

/** For a person. Kinds with as many objects as before are summed up. */
export function formatDrill({ kinds = [], ...result }: Drill): string {
  const other = kinds.filter(({ backup, now }) => backup !== now);
  const rows = other.map(({ kind, backup, now }) => [kind, `${backup}`, `${now}`]);
  return [
    `${result.backup} restores: a server on ${result.host} had it after ${result.rtoSeconds} s.`,
    `Lost would be what changed in the ${inWords(result.rpoSeconds, 0)} since ${result.takenAt}.`,
    `${result.readBack} objects were read back as the snapshot has them (revision ${result.revision}).`,
    ...(kinds.length === 0 ? ["The cluster's API did not answer, so nothing was compared with it."] : []),
    ...(other.length === 0 ? [] : ["", ...textTable([["kind", "backup", "now"], ...rows])]),
    ...(kinds.length > other.length
      ? [`${kinds.length - other.length} kinds have as many objects as now.`]
      : []),
    ...result.faults.map((fault) => `! ${fault}`),
  ].join("\n");
}

/** @throws UserError when the backup restored, and is not what it should be */
export function judgeDrill({ faults }: Drill): void {
  if (faults.length > 0) throw new UserError("unhealthy", "The backup is not one of this cluster as it is");
}
