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

/** The bucket for snapshots, and how K3s reaches it. */
export interface SnapshotBucket {
  readonly endpoint: string;
  readonly bucket: string;
  /** Empty for none. */
  readonly folder: string;
  readonly region: string;
  readonly scheme: "http" | "https";
  /** Whether the certificate of the service has to be one that is trusted. */
  readonly isVerified: boolean;
  /** Whether the bucket is in the name of the host (`dns`) or in the path. */
  readonly lookup: "auto" | "dns" | "path";
}

/** K3s' own default (k3s, pkg/cli/cmds/server.go, `etcd-s3-region`). */
const OWN_REGION = "us-east-1";

/** `undefined` where `main.ts` states none. */
export function snapshotBucket({ k3s, nodes }: Pick<Cluster, "k3s" | "nodes">): SnapshotBucket | undefined {
  const { s3 } = k3s.snapshots ?? {};
  if (s3 === undefined) return undefined;
  const servers = nodes.filter(({ role }) => role === "server");
  const flags = [...k3s.serverFlags, ...servers.flatMap(({ k3sFlags }) => k3sFlags)];
  const valueOf = (name: string): string | undefined => {
    const flag = flags.findLast((each) => nameOf(each) === name);
    return flag === undefined ? undefined : flag.split("=").slice(1).join("=");
  };
  const isSet = (name: string): boolean => !/^(0|f|F|false|False|FALSE)$/.test(valueOf(name) ?? "false");
  const lookup = valueOf("etcd-s3-bucket-lookup-type")?.toLowerCase();
  return {
    endpoint: s3.endpoint,
    bucket: s3.bucket,
    folder: s3.folder ?? "",
    region: s3.region ?? OWN_REGION,
    scheme: isSet("etcd-s3-insecure") ? "http" : "https",
    isVerified: !isSet("etcd-s3-skip-ssl-verify"),
    lookup: lookup === "dns" || lookup === "path" ? lookup : "auto",
  };
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
