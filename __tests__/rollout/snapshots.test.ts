import type { K3sSettings } from "../../src/config/settings";
import { formatVerification } from "../../src/rollout/format";
import { snapshotAges, snapshotFaults, snapshotsIn, type Snapshot } from "../../src/rollout/snapshots";
import type { KubeNode } from "../../src/rollout/kubernetes";
import { ALPHARD, HAMAL, REFERENCE } from "../fixture";
import { described, hosts, kubeNode } from "./plan-context";

const NOW = Date.parse("2026-11-28T00:00:00Z");
const hoursAgo = (hours: number): number => NOW - hours * 3_600_000;
const on = (hours: number, more: Partial<Snapshot> = {}): Snapshot => ({
  node: "alphard",
  taken: hoursAgo(hours),
  ...more,
});
const S3 = { endpoint: "s3.example.org", bucket: "etcd", secretFile: "/var/lib/k3s-secrets/s3" };

function faults(
  snapshots: readonly Snapshot[],
  k3s: Partial<K3sSettings> = {},
  node: Partial<KubeNode> = {},
): string[] {
  const description = described([ALPHARD, HAMAL], { k3s: { ...REFERENCE.k3s, ...k3s } });
  const created = new Date(hoursAgo(1000)).toISOString();
  const nodes = hosts(description).map((host) => kubeNode(host, { created, ...node }));
  return snapshotFaults(description, snapshots, nodes, NOW);
}

test("a server's newest snapshot may be as old as two of K3s' own schedule, and no older", () => {
  expect(faults([on(400), on(25)])).toEqual([]);
  expect(faults([on(26)])).toEqual([
    expect.stringMatching(
      /^the newest snapshot of etcd on alphard is 26 h old, and 25 h is the limit: see journalctl/,
    ),
  ]);
  expect(faults([on(26)], { snapshots: { maxAgeHours: 30 } })).toEqual([]);
});

test("a server that has had the time and has none is named; a new one, and an agent, are not", () => {
  expect(faults([])).toEqual([expect.stringContaining("alphard has no snapshot of etcd")]);
  expect(faults([], {}, { created: new Date(hoursAgo(3)).toISOString() })).toEqual([]);
  expect(faults([], { serverFlags: ["--etcd-disable-snapshots"] })).toEqual([]);
});

test("one that failed is none", () => {
  expect(faults([on(1, { failure: "disk full" }), on(30)])).toEqual([expect.stringContaining("is 30 h old")]);
});

test("S3 is judged where main.ts states it: its age, and a copy that failed", () => {
  const inS3 = (hours: number, failure?: string): Snapshot => ({ taken: hoursAgo(hours), failure });
  expect(faults([on(1), inS3(99)])).toEqual([]);
  expect(faults([on(1)], { snapshots: { s3: S3 } })).toEqual([]);
  expect(faults([on(1), inS3(26)], { snapshots: { s3: S3 } })).toEqual([
    "the newest snapshot of etcd in the bucket etcd is 26 h old, and 25 h is the limit",
  ]);
  expect(faults([on(1), inS3(13), inS3(1, "access denied")], { snapshots: { s3: S3 } })).toEqual([
    "the last snapshot was not copied to the bucket etcd, 1 h ago: access denied",
  ]);
});

test("S3 is a place that is shown: with its age, and as empty where main.ts states a bucket", () => {
  const shown = (snapshots: readonly Snapshot[], k3s: Partial<K3sSettings> = {}): string => {
    const description = described([ALPHARD], { k3s: { ...REFERENCE.k3s, ...k3s } });
    const ages = snapshotAges(description, snapshots, NOW);
    return formatVerification({ nodes: [], snapshots: ages, faults: [] }, undefined).split("\n")[0] ?? "";
  };
  const stated = { snapshots: { s3: S3 } };
  const failed = { taken: hoursAgo(1), failure: "access denied" };
  expect(shown([on(1), { taken: hoursAgo(5) }], stated)).toMatch(/: alphard 1 h, S3 5 h$/);
  expect(shown([on(1), failed], stated)).toMatch(/: alphard 1 h, S3 none$/);
  expect(shown([on(1)])).toMatch(/: alphard 1 h$/);
});

test("K3s' objects are read: what is there, where, and what failed", () => {
  const time = "2026-11-27T12:00:00Z";
  const items = [
    {
      metadata: { creationTimestamp: time },
      spec: { nodeName: "alphard", snapshotName: "etcd-snapshot-alphard-1", location: "file:///var/lib/x" },
      status: { creationTime: time, readyToUse: true, size: "3Mi" },
    },
    {
      metadata: { creationTimestamp: time },
      spec: { nodeName: "s3", s3: { bucket: "etcd" } },
      status: { readyToUse: false, error: { time, message: "access denied" } },
    },
  ];
  const read = snapshotsIn(JSON.stringify({ items }));
  expect(read).toEqual([
    { node: "alphard", taken: Date.parse(time) },
    { taken: Date.parse(time), failure: "access denied" },
  ]);
  expect(snapshotAges(described([ALPHARD]), read, NOW)).toEqual({ servers: { alphard: 12 } });
  expect(() => snapshotsIn("{}")).toThrow("a list of snapshots that K3s would not return");
});
