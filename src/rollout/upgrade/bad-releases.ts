/** Releases of K3s to which no upgrade leads, each with its source. */
import { compareVersions } from "../version";

export interface BadRelease {
  /** Such as `v1.26.3`: every release of K3s with that version of Kubernetes. */
  readonly version: string;
  /** A clause. */
  readonly reason: string;
  readonly source: string;
}

const issue = (number: number): string => `https://github.com/k3s-io/k3s/issues/${number}`;

/** The agents' own token was checked in place of the servers' (k3s#4881, which lists the versions). */
const AGENT_TOKEN = "further servers cannot join a cluster whose agents have a token of their own";

export const BAD_RELEASES: readonly BadRelease[] = [
  {
    version: "v1.26.3",
    reason: "pods lose the network on hosts whose firewall drops by default, as the emitted one does",
    source: issue(7203),
  },
  ...["v1.20.14", "v1.21.8", "v1.22.5", "v1.23.1"].map((version) => ({
    version,
    reason: AGENT_TOKEN,
    source: issue(4881),
  })),
  // They have an etcd before 3.5.3, which K3s has from v1.23.6.
  ...["v1.23.2", "v1.23.3", "v1.23.4", "v1.23.5"].map((version) => ({
    version,
    reason: "its etcd can lose writes when it is killed (etcd-io/etcd#13766)",
    source: issue(5449),
  })),
];

/** @returns `undefined` for a release of which nothing bad is known */
export const badRelease = (version: string): BadRelease | undefined =>
  BAD_RELEASES.find((bad) => compareVersions(bad.version, version.replace(/\+k3s\d+$/, "")) === 0);

/** A version of etcd that has to run before a minor of K3s comes, which has the next minor of etcd. */
export const ETCD_BEFORE = {
  /** The first K3s with etcd 3.6. */
  k3s: "1.34",
  etcd: "3.5.26",
  /** The first K3s 1.33 that has it (k3s#13493, github.com/k3s-io/k3s/discussions/14908). */
  from: "v1.33.7+k3s3",
  reason: "etcd 3.6 brings back members that were removed under an older 3.5",
  source: issue(13485),
} as const;
