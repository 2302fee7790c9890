/** What a snapshot says of its cluster; `__tests__/system/kubernetes/snapshot.test.ts` asks one of a real Kubernetes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isTokenOf } from "../../src/backup/bootstrap-data";
import { namedSnapshot, takenOn } from "../../src/backup/k3s-snapshot-name";
import { Message } from "../../src/backup/protobuf";
import { readSnapshot, type Snapshot } from "../../src/backup/snapshot";
import { nodesIn, volumesIn } from "../../src/backup/stored-objects";
import { etcdSnapshot, type Change } from "../../testbed/machines/etcd-snapshot";
import { temporaryFolder } from "../fixture";
import { CLUSTER_UID, clusterSnapshot, SNAPSHOT_TOKEN } from "./etcd";

function read(bytes: Buffer): Snapshot {
  const path = join(temporaryFolder(), "snapshot");
  writeFileSync(path, bytes);
  return readSnapshot(path);
}

test("Nodes and volumes are those of the snapshot, without deleted ones", () => {
  const snapshot = read(clusterSnapshot({ key: "/registry/minions/hard" }));
  expect(nodesIn(snapshot)).toEqual([
    { name: "alphard", server: true, address: "192.0.2.34", version: "v1.33.5+k3s1" },
    { name: "mizar", server: false, address: "192.0.2.36", version: "v1.33.5+k3s1" },
  ]);
  expect(volumesIn(snapshot)).toEqual([
    {
      spec: {
        claimRef: { namespace: "default", name: "data-0" },
        hostPath: { path: "/var/lib/rancher/k3s/storage/pvc-data-0" },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", values: ["mizar"] }] }],
          },
        },
      },
    },
  ]);
});

test.each<readonly [what: string, content: string | Buffer]>([
  ["JSON", "{}"],
  ["a message that is cut off", Buffer.concat([Buffer.from("k8s\0"), Buffer.from([0x12, 0x7f, 1])])],
  ["a field of no known kind", Buffer.concat([Buffer.from("k8s\0"), Buffer.from([0x13, 1])])],
])("a Node that is stored as %s is refused, and none is made up", (_, content) => {
  const snapshot = read(clusterSnapshot({ key: "/registry/minions/odd", content }));
  expect(() => nodesIn(snapshot)).toThrow("the snapshot's /registry/minions/odd is no object of Kubernetes");
});

test("fields that are not wanted are skipped, whatever their kind", () => {
  const numbers = Buffer.from([0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4, 0x18, 0x96, 0x01]);
  const message = new Message(Buffer.concat([numbers, Buffer.from([0x22, 1, 0x61])]));
  expect([message.number(3), message.text(4), message.has(5), message.in(5).text(1)]).toEqual([
    150,
    "a",
    false,
    "",
  ]);
});

test("a field that is repeated as often as a message can takes no longer than its reading", () => {
  const begun = performance.now();
  expect(new Message(Buffer.from("0a00".repeat(200_000), "hex")).texts(1)).toHaveLength(200_000);
  expect(performance.now() - begun).toBeLessThan(2000);
});

test("a snapshot tells which join token it needs, in its short and its long form", () => {
  const snapshot = read(clusterSnapshot());
  expect(isTokenOf(snapshot, SNAPSHOT_TOKEN)).toBe(true);
  expect(isTokenOf(snapshot, `K10${"0".repeat(64)}::server:${SNAPSHOT_TOKEN}`)).toBe(true);
  expect(isTokenOf(snapshot, `${SNAPSHOT_TOKEN}x`)).toBe(false);
  const other: Change = { key: "/registry/namespaces/kube-system", content: CLUSTER_UID };
  expect(isTokenOf(read(etcdSnapshot([other])), SNAPSHOT_TOKEN)).toBeUndefined();
});

test.each<readonly [string, number | undefined, boolean]>([
  ["etcd-snapshot-alphard-1795824000", 1_795_824_000_000, false],
  ["by-hand-alphard-1795824000.zip", 1_795_824_000_000, true],
  ["etcd-snapshot-alphard", undefined, false],
  ["notes.txt", undefined, false],
  ["../etcd-snapshot-alphard-1795824000", undefined, false],
  ["etcd-snapshot-alphard-1795824000.zip.part", undefined, false],
])("%s is a snapshot by its name, or none", (name, taken, isCompressed) => {
  expect(namedSnapshot(name)).toEqual(taken === undefined ? undefined : { name, taken, isCompressed });
});

test("it was taken on the server that its name ends with, also where another one's name does", () => {
  const named = { name: "etcd-snapshot-k3s-alphard-1795824000.zip", taken: 0, isCompressed: true };
  expect(takenOn(named, ["alphard", "k3s-alphard", "hard"])).toBe("k3s-alphard");
  expect(takenOn(named, ["mizar"])).toBeUndefined();
});
