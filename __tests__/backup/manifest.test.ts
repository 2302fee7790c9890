import { createHash } from "node:crypto";
import { renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  backupIn,
  checkCopy,
  checkSnapshot,
  folderName,
  isOwnName,
  readBackup,
} from "../../src/backup/manifest";
import { temporaryFolder } from "../fixture";
import { makeBackup, MANIFEST } from "./backups";

test("a backup is read as it was written", async () => {
  const folder = makeBackup(temporaryFolder(), { encryptedToken: "token.age" }, { "token.age": "age" });
  const backup = readBackup(folder);
  expect(backup.manifest).toEqual({ ...MANIFEST, encryptedToken: "token.age" });
  expect(backup.snapshot).toBe(join(folder, "snapshot"));
  expect(backup.encryptedToken).toBe(join(folder, "token.age"));
  await expect(checkSnapshot(backup)).resolves.toBeUndefined();
});

test("its folder is named after its time in UTC and its server", () => {
  expect(folderName({ takenAt: "2026-11-28T01:02:03.456Z", server: "mizar" })).toBe("20261128T010203Z-mizar");
  const below = temporaryFolder();
  const folder = makeBackup(below);
  expect(isOwnName(readBackup(folder))).toBe(true);
  renameSync(folder, join(below, "the-good-one"));
  expect(isOwnName(readBackup(join(below, "the-good-one")))).toBe(false);
});

const { snapshot, members, token } = MANIFEST;
const VOLUME = { namespace: "default", claim: "data-0", node: "mizar" };
const COPY = {
  file: "volume-1.tar",
  bytes: 7,
  sha256: createHash("sha256").update("archive").digest("hex"),
};

test("the archive of a volume is there whole, and the one that was made", async () => {
  const volumes = [{ ...VOLUME, copy: COPY }];
  const folder = makeBackup(temporaryFolder(), { volumes }, { "volume-1.tar": "archive" });
  await expect(checkCopy(readBackup(folder), COPY)).resolves.toBe(join(folder, "volume-1.tar"));
  writeFileSync(join(folder, "volume-1.tar"), "Archive");
  await expect(checkCopy(readBackup(folder), COPY)).rejects.toThrow(/has changed since it was taken/);
  writeFileSync(join(folder, "volume-1.tar"), "arch");
  expect(() => readBackup(folder)).toThrow(/volume-1\.tar has 4 bytes, and 7 when it was taken/);
});

test.each<[string, object]>([
  ["a key that is not known", { extra: 1 }],
  ["no server", { server: "" }],
  ["a server with a path", { server: "../etc" }],
  ["a time that is none", { takenAt: "yesterday" }],
  ["a time with an escape", { takenAt: "2026-11-28T00:30:00Z\u001b[2J" }],
  ["a version that K3s would not have", { k3sVersion: "latest" }],
  ["a cluster without an identity", { clusterUid: "here" }],
  ["a snapshot elsewhere", { snapshot: { ...snapshot, file: "/etc/shadow" } }],
  ["an empty snapshot, which K3s would restore to an empty cluster", { snapshot: { ...snapshot, bytes: 0 } }],
  ["a snapshot that is larger than etcd can be", { snapshot: { ...snapshot, bytes: 8 * 1024 ** 3 + 1 } }],
  ["a snapshot with a short hash", { snapshot: { ...snapshot, sha256: "11" } }],
  ["no members", { members: [] }],
  ["a member at no address", { members: [{ ...members[0], address: "example.org" }] }],
  ["a token in clear text", { token: { ...token, value: "hunter2" } }],
  ["a token without salt", { token: { ...token, salt: "" } }],
  ["an encrypted token elsewhere", { encryptedToken: "../token.age" }],
  ["a volume elsewhere", { volumes: [{ ...VOLUME, copy: { ...COPY, file: "../volume-1.tar" } }] }],
])("a manifest with %s is refused, and none of its characters reach a terminal", (_, change) => {
  const folder = makeBackup(temporaryFolder());
  writeFileSync(join(folder, "backup.json"), JSON.stringify({ ...MANIFEST, ...change }));
  expect(() => readBackup(folder)).toThrow(/backup\.json is no manifest of a backup: .*use another backup$/);
  for (const hidden of ["hunter2", "\u001b"]) expect(() => readBackup(folder)).not.toThrow(hidden);
  expect(backupIn(folder)).toBeUndefined();
});

test.each<[string, (folder: string) => void, RegExp]>([
  ["text that is no JSON", (folder) => writeFileSync(join(folder, "backup.json"), "{"), /it is no JSON/],
  [
    "a list that never ends",
    (folder) => truncateSync(join(folder, "backup.json"), 9 * 1024 * 1024),
    /larger than any/,
  ],
  [
    "the version of a later program",
    (folder) => writeFileSync(join(folder, "backup.json"), JSON.stringify({ version: 2, all: "new" })),
    /has version 2, and this program reads 1: use the version of the program that wrote it/,
  ],
  ["no manifest", (folder) => rmSync(join(folder, "backup.json")), /cannot be read/],
  ["no snapshot", (folder) => rmSync(join(folder, "snapshot")), /snapshot cannot be read/],
  ["half a snapshot", (folder) => truncateSync(join(folder, "snapshot"), 5), /has 5 bytes, and 16 when/],
  [
    "a link as its snapshot",
    (folder) => {
      rmSync(join(folder, "snapshot"));
      symlinkSync("/etc/passwd", join(folder, "snapshot"));
    },
    /is not a file/,
  ],
])("a backup with %s is refused", (_, damage, words) => {
  const folder = makeBackup(temporaryFolder());
  damage(folder);
  expect(() => readBackup(folder)).toThrow(words);
  expect(backupIn(folder)).toBeUndefined();
});

test("an encrypted token that is missing or no token is noticed", () => {
  const missing = makeBackup(temporaryFolder(), { encryptedToken: "token.age" });
  expect(() => readBackup(missing)).toThrow(/token.age cannot be read/);
  const large = makeBackup(
    temporaryFolder(),
    { encryptedToken: "token.age" },
    { "token.age": "x".repeat(70_000) },
  );
  expect(() => readBackup(large)).toThrow(/token.age is no encrypted token/);
});

test("one other byte in the snapshot is noticed", async () => {
  const folder = makeBackup(temporaryFolder());
  writeFileSync(join(folder, "snapshot"), "as etcd wrotE it");
  await expect(checkSnapshot(readBackup(folder))).rejects.toThrow(/has changed since it was taken/);
});
