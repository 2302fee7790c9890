/** Snapshots of a stand-in for etcd; `__tests__/system/kubernetes/snapshot.test.ts` reads those of a real one. */
import { createHash, randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../src/base/user-error";
import { kindOf, readSnapshot, type Snapshot } from "../../src/backup/snapshot";
import { etcdSnapshot, type Change } from "../../testbed/machines/etcd-snapshot";
import { temporaryFolder } from "../fixture";

const UID = "3f0e6f0c-5d5b-4f2a-9f0e-0c5a5b1d2e3f";
const NAMESPACE: Change = { key: "/registry/namespaces/kube-system", content: `k8s\0 kube-system $${UID} *` };

const HISTORY: Change[] = [
  NAMESPACE,
  { key: "/registry/pods/default/web", content: "first" },
  { key: "/registry/pods/default/gone", content: "x" },
  { key: "/registry/example.org/widgets/default/one", content: "{}" },
  { key: "/registry/pods/default/web", content: "second" },
  { key: "/registry/pods/default/gone" },
];

function written(bytes: Buffer): string {
  const path = join(temporaryFolder(), "snapshot");
  writeFileSync(path, bytes);
  return path;
}

const read = (bytes: Buffer): Snapshot => readSnapshot(written(bytes));
const snapshot = etcdSnapshot(HISTORY);

test("its objects are those that were not deleted, at their last change, and its revision is etcd's", () => {
  const { revision, objects, clusterUid } = read(snapshot);
  expect(revision).toBe(7);
  expect(clusterUid).toBe(UID);
  expect([...objects]).toEqual([
    ["/registry/namespaces/kube-system", 2],
    ["/registry/pods/default/web", 6],
    ["/registry/example.org/widgets/default/one", 5],
  ]);
});

test("objects have a kind, those of extensions with their group", () => {
  expect([...read(snapshot).objects.keys()].map(kindOf)).toEqual([
    "namespaces",
    "pods",
    "example.org/widgets",
  ]);
});

test("a snapshot with objects of several pages is read", () => {
  const many = Array.from({ length: 500 }, (_, index) => ({
    key: `/registry/configmaps/default/${index}`,
    content: "x".repeat(300),
  }));
  expect(read(etcdSnapshot([NAMESPACE, ...many])).objects.size).toBe(501);
});

test.each<readonly [what: string, bytes: Buffer, why: RegExp]>([
  ["an empty file", Buffer.alloc(0), /: it is empty: use another backup$/],
  [
    "one that lacks its last 100 bytes",
    snapshot.subarray(0, -100),
    /which no whole snapshot has: it is cut off/,
  ],
  ["one that lacks its hash", snapshot.subarray(0, -32), /which no whole snapshot has/],
  ["one with a flipped bit", flipped(snapshot, 5000), /does not match the SHA-256 at its end/],
  ["another file with its hash", hashed(Buffer.alloc(8192, 7)), /does not begin as etcd's data does/],
  ["a short one with its hash", hashed(Buffer.alloc(512)), /does not begin as etcd's data does/],
  ["an etcd without a cluster", etcdSnapshot([{ key: "/registry/a/b", content: "" }]), /it holds no cluster/],
])("%s is refused, and says why", (_, bytes, why) => {
  expect(() => read(bytes)).toThrow(why);
  expect(() => read(bytes)).toThrow(expect.objectContaining({ code: "invalid" }));
});

test("whatever a file contains whose hash is right, it is read or refused", () => {
  const content = snapshot.subarray(0, -32);
  const path = written(snapshot);
  for (let round = 0; round < 2000; round++) {
    const changed = Buffer.from(content);
    for (let flips = randomInt(1, 4); flips > 0; flips--) changed[randomInt(changed.length)] = randomInt(256);
    try {
      writeFileSync(path, hashed(changed));
      readSnapshot(path);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
});

test.each([1, 6])("a tree whose pages lead in circles by %i ways is refused", (ways) => {
  const changed = Buffer.from(snapshot.subarray(0, -32));
  const keys = 4 * 4096;
  changed.writeUInt16LE(0x01, keys + 8);
  changed.writeUInt16LE(ways, keys + 10);
  for (let element = 0; element < ways; element++) changed.writeBigUInt64LE(4n, keys + 16 + element * 16 + 8);
  expect(() => read(hashed(changed))).toThrow(/its pages lead in circles/);
});

test("the older of its two first pages is used when the newer one is damaged", () => {
  const content = Buffer.from(snapshot.subarray(0, -32));
  content[4096 + 40] = 255;
  expect(read(hashed(content)).revision).toBe(7);
});

function hashed(content: Buffer): Buffer {
  return Buffer.concat([content, createHash("sha256").update(content).digest()]);
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}
