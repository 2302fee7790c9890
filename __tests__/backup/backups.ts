import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folderName, renderManifest, type Manifest } from "../../src/backup/manifest";

const SNAPSHOT = "as etcd wrote it";

export const MANIFEST: Manifest = {
  version: 1,
  takenAt: "2026-11-28T00:30:00.000Z",
  server: "alphard",
  k3sVersion: "v1.33.5+k3s1",
  clusterUid: "0b1f5c66-7a3e-4ad8-8c71-0a8a2f0f7d11",
  snapshot: {
    file: "snapshot",
    bytes: SNAPSHOT.length,
    sha256: createHash("sha256").update(SNAPSHOT).digest("hex"),
  },
  members: [{ name: "alphard", address: "192.0.2.35" }],
  token: { salt: "00".repeat(16), hash: "11".repeat(32) },
  encryptedToken: null,
  volumes: [{ namespace: "default", claim: "data-0", node: "mizar" }],
};

/** Writes a backup below a folder. @returns its folder */
export function makeBackup(
  below: string,
  change: object = {},
  files: Readonly<Record<string, string>> = {},
): string {
  const manifest = { ...MANIFEST, ...change };
  const folder = join(below, folderName(manifest));
  mkdirSync(folder, { mode: 0o700 });
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
  put("snapshot", SNAPSHOT);
  put("backup.json", renderManifest(manifest));
  for (const [name, text] of Object.entries(files)) put(name, text);
  chmodSync(folder, 0o700);
  return folder;
}
