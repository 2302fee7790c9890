/** Snapshots of etcd that K3s takes by itself, and flags that would say something else about them. */
import { longestGapHours } from "./cron";
import type { Fault } from "./fault";
import type { Cluster, K3s } from "./model";

/** K3s' own schedule (k3s, pkg/cli/cmds/server.go, `etcd-snapshot-schedule-cron`). */
const OWN_SCHEDULE = "0 */12 * * *";

/** Age of the newest snapshot beyond which something is wrong, in hours; `undefined` where K3s is told to take none. */
export function snapshotLimitHours({ k3s }: Pick<Cluster, "k3s">): number | undefined {
  if (k3s.serverFlags.some((flag) => nameOf(flag) === DISABLE)) return undefined;
  const { schedule = OWN_SCHEDULE, maxAgeHours } = k3s.snapshots ?? {};
  return maxAgeHours ?? Math.ceil(2 * (longestGapHours(schedule) ?? 0) + 1);
}

/** Flags of `k3s server`, the same on all servers. */
export function snapshotFlags({ snapshots }: K3s): string[] {
  if (snapshots === undefined) return [];
  const { schedule, keep, compress, s3 } = snapshots;
  return [
    `--etcd-snapshot-schedule-cron=${schedule}`,
    `--etcd-snapshot-retention=${keep}`,
    ...(compress ? ["--etcd-snapshot-compress"] : []),
    ...(s3 === undefined
      ? []
      : [
          "--etcd-s3",
          `--etcd-s3-endpoint=${s3.endpoint}`,
          `--etcd-s3-bucket=${s3.bucket}`,
          ...(s3.folder === undefined ? [] : [`--etcd-s3-folder=${s3.folder}`]),
          ...(s3.region === undefined ? [] : [`--etcd-s3-region=${s3.region}`]),
        ]),
  ];
}

const DISABLE = "etcd-disable-snapshots";

const SCHEDULED = [
  DISABLE,
  "etcd-snapshot-schedule-cron",
  "etcd-snapshot-retention",
  "etcd-snapshot-compress",
];

/** K3s reads a secret of the API only where it has no other settings of S3 (k3s, pkg/etcd/s3/s3.go, GetClient). */
const TO_S3 = [
  "etcd-s3",
  "etcd-s3-endpoint",
  "etcd-s3-bucket",
  "etcd-s3-folder",
  "etcd-s3-region",
  "etcd-s3-config-secret",
];

const nameOf = (flag: string): string => /^--([A-Za-z0-9-]+)/.exec(flag)?.[1] ?? "";

/** Faults for flags that say what the setting says. */
export function snapshotFaults({ k3s, nodes }: Cluster): Fault[] {
  if (k3s.snapshots === undefined) return [];
  const taken = [...SCHEDULED, ...(k3s.snapshots.s3 === undefined ? [] : TO_S3)];
  const faultsOf = (setting: string, flags: readonly string[], of: readonly string[]): Fault[] =>
    flags
      .map(nameOf)
      .filter((name) => taken.includes(name))
      .map((name) => ({
        nodes: of,
        setting,
        sentence: `has --${name}, which 'k3s.snapshots' decides; leave the flag out`,
      }));
  return [
    ...faultsOf("k3s.serverFlags", k3s.serverFlags, []),
    ...nodes
      .filter(({ role }) => role === "server")
      .flatMap(({ hostname, id, k3sFlags }) => faultsOf("k3sFlags", k3sFlags, [hostname || id])),
  ];
}
