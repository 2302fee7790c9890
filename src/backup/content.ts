/** What is in a backup's snapshot, also where K3s has compressed it. */
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openPromise } from "yauzl";
import { messageOf, UserError } from "../base/user-error";
import { checkSnapshot, COMPRESSED_SNAPSHOT, type Backup } from "./manifest";
import { MAX_BYTES, readSnapshot, type Snapshot } from "./snapshot";

/** @throws UserError `invalid` when the snapshot is not the one that was taken, or holds no cluster, or another one */
export async function contentOf(backup: Backup): Promise<Snapshot> {
  await checkSnapshot(backup);
  const { manifest, snapshot: path } = backup;
  const snapshot = await readAnySnapshot(path);
  if (snapshot.clusterUid === manifest.clusterUid) return snapshot;
  throw new UserError("invalid", `${path} is a snapshot of another cluster than its manifest says`, {
    remedy: "use another backup",
  });
}

/** Reads a snapshot that K3s may have compressed, by its file name. @throws UserError `invalid` with what is wrong with it */
export const readAnySnapshot = async (path: string): Promise<Snapshot> =>
  basename(path) === COMPRESSED_SNAPSHOT ? unpacked(path) : readSnapshot(path);

async function unpacked(path: string): Promise<Snapshot> {
  // It holds every secret of the cluster.
  const folder = mkdtempSync(join(tmpdir(), "k3s-snapshot-"));
  try {
    const file = join(folder, "snapshot");
    await unpack(path, file);
    return readSnapshot(file, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function unpack(path: string, file: string): Promise<void> {
  try {
    const archive = await openPromise(path);
    try {
      for await (const entry of archive.eachEntry()) {
        if (entry.uncompressedSize > MAX_BYTES) throw new Error("it is larger than etcd can be");
        await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(file, { mode: 0o600 }));
        return;
      }
      throw new Error("it is empty");
    } finally {
      archive.close();
    }
  } catch (error) {
    throw new UserError("invalid", `${path} cannot be unpacked: ${messageOf(error)}`, {
      remedy: "use another backup",
      cause: error,
    });
  }
}
