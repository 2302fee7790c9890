/** Backups of a live cluster of the testbed, without the command that makes them. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folderName, MANIFEST, renderManifest, SNAPSHOT, type Manifest } from "../../../src/backup/manifest";
import { readSnapshot } from "../../../src/backup/snapshot";
import { cheapReference } from "../../../testbed/machines/token-reference";
import { TOKEN, type LiveCluster } from "./cluster";

/** @returns the folder of the backup, relative to the project's */
export async function backupOf(cluster: LiveCluster, other: Partial<Manifest> = {}): Promise<string> {
  const printed = await cluster.testbed.on("alphard", "cluster-snapshot | base64 -w0");
  const bytes = Buffer.from(printed, "base64");
  const takenAt = other.takenAt ?? new Date().toISOString();
  const folder = join("backups", folderName({ takenAt, server: "alphard" }));
  mkdirSync(join(cluster.folder, folder), { recursive: true });
  const path = join(cluster.folder, folder, SNAPSHOT);
  writeFileSync(path, bytes);
  const manifest: Manifest = {
    version: 1,
    takenAt,
    server: "alphard",
    k3sVersion: "v1.34.2+k3s1",
    clusterUid: readSnapshot(path).clusterUid,
    snapshot: {
      file: SNAPSHOT,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    },
    members: cluster.testbed.nodes
      .filter(({ role }) => role === "server")
      .map(({ hostname, ipv4Address }) => ({ name: hostname, address: ipv4Address })),
    token: cheapReference(TOKEN),
    encryptedToken: null,
    volumes: [],
    ...other,
  };
  writeFileSync(join(cluster.folder, folder, MANIFEST), renderManifest(manifest));
  return folder;
}
