import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentOf } from "../../src/backup/content";
import { difference, differenceInLines } from "../../src/backup/difference";
import type { Backup } from "../../src/backup/manifest";
import { readSnapshot, type Snapshot } from "../../src/backup/snapshot";
import { etcdSnapshot, type Change } from "../../testbed/machines/etcd-snapshot";
import { temporaryFolder } from "../fixture";
import { zipped } from "./etcd";

const UID = "3f0e6f0c-5d5b-4f2a-9f0e-0c5a5b1d2e3f";
const NAMESPACE: Change = { key: "/registry/namespaces/kube-system", content: UID };
const snapshot = etcdSnapshot([NAMESPACE, { key: "/registry/pods/default/web", content: "x".repeat(5000) }]);

function backupOf(bytes: Buffer, file: "snapshot" | "snapshot.zip", clusterUid = UID): Backup {
  const folder = temporaryFolder();
  const path = join(folder, file);
  writeFileSync(path, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const manifest = { clusterUid, snapshot: { file, bytes: bytes.length, sha256 } } as Backup["manifest"];
  return { folder, manifest, snapshot: path };
}

test("a compressed snapshot holds the same as one that is not, and nothing unpacked stays", async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith("k3s-snapshot-"));
  const plain = await contentOf(backupOf(snapshot, "snapshot"));
  expect(await contentOf(backupOf(zipped(snapshot), "snapshot.zip"))).toEqual(plain);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith("k3s-snapshot-"))).toEqual(before);
});

test.each<readonly [string, Buffer, RegExp]>([
  ["that is cut off", zipped(snapshot).subarray(0, -30), /snapshot\.zip cannot be unpacked: /],
  ["whose content is larger than it says", zipped(snapshot, 100), /snapshot\.zip cannot be unpacked: /],
  [
    "that says to hold more than etcd can",
    zipped(snapshot, 0xffff_fff0),
    /snapshot\.zip cannot be unpacked: /,
  ],
  [
    "that would fill the disk",
    zipped(snapshot, 9 * 1024 ** 3),
    /snapshot\.zip cannot be unpacked: it is larger than etcd can be/,
  ],
  ["that holds a damaged one", zipped(snapshot.subarray(0, -1)), /snapshot\.zip cannot be restored: /],
])("a compressed snapshot %s is refused", async (_, bytes, why) => {
  await expect(contentOf(backupOf(bytes, "snapshot.zip"))).rejects.toThrow(why);
});

test("a snapshot of another cluster than the manifest says is refused", async () => {
  const other = backupOf(snapshot, "snapshot", "00000000-5d5b-4f2a-9f0e-0c5a5b1d2e3f");
  await expect(contentOf(other)).rejects.toThrow(/snapshot of another cluster than its manifest says/);
});

test("a snapshot that changed since it was taken is refused", async () => {
  const backup = backupOf(snapshot, "snapshot");
  writeFileSync(backup.snapshot, etcdSnapshot([NAMESPACE]));
  await expect(contentOf(backup)).rejects.toThrow(/has changed since it was taken/);
});

test("what a restore undoes: created, changed and deleted objects, without what the cluster writes all the time", () => {
  const path = join(temporaryFolder(), "snapshot");
  const read = (changes: readonly Change[]): Snapshot => {
    writeFileSync(path, etcdSnapshot(changes));
    return readSnapshot(path);
  };
  const before: Change[] = [
    NAMESPACE,
    { key: "/registry/pods/default/web", content: "1" },
    { key: "/registry/secrets/default/old", content: "1" },
    { key: "/registry/leases/kube-system/scheduler", content: "1" },
  ];
  const loss = difference(
    read(before),
    read([
      ...before,
      { key: "/registry/pods/default/web", content: "2" },
      { key: "/registry/secrets/default/old" },
      { key: "/registry/configmaps/default/new", content: "1" },
      { key: "/registry/leases/kube-system/scheduler", content: "2" },
      { key: "/registry/events/default/some", content: "1" },
      { key: "compact_rev_key", content: "1" },
    ]),
  );
  expect(loss).toEqual({
    created: ["/registry/configmaps/default/new"],
    changed: ["/registry/pods/default/web"],
    deleted: ["/registry/secrets/default/old"],
  });
  expect(differenceInLines(loss)).toBe(
    "lost: /registry/configmaps/default/new\nas before: /registry/pods/default/web\nback: /registry/secrets/default/old",
  );
});
