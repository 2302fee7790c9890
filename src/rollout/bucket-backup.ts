/** Makes a backup of a snapshot that K3s has copied to its bucket: after the loss of all servers it is all that is left of the cluster. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isTokenOf } from "../backup/bootstrap-data";
import { readAnySnapshot } from "../backup/content";
import { namedSnapshot, takenOn, type NamedSnapshot } from "../backup/k3s-snapshot-name";
import {
  backupIn,
  checkSnapshot,
  COMPRESSED_SNAPSHOT,
  folderName,
  readBackup,
  SNAPSHOT,
  type Backup,
  type Manifest,
} from "../backup/manifest";
import { MAX_BYTES, type Snapshot } from "../backup/snapshot";
import { Store } from "../backup/store";
import { nodesIn, volumesIn } from "../backup/stored-objects";
import { tokenReference } from "../backup/token-reference";
import { inMib } from "../base/bytes";
import { percentTeller } from "../base/percent";
import { inWords } from "../base/status-line";
import { hasCode, UserError } from "../base/user-error";
import { snapshotBucket } from "../config/snapshots";
import { Bucket, type Stored } from "../s3/bucket";
import { volumeLines } from "./backup";
import { makeIn, writeManifest } from "./backup-folder";
import type { Operator } from "./commands";
import type { Description } from "./description";
import { bound, localVolumes } from "./local-volumes";
import type { Log } from "./log";
import { neededToken, TOKEN_SOURCE } from "./restorable";
import { newRolloutId } from "./rollout-id";
import { accessKeys } from "./s3-credentials";
import type { Session } from "./session";
import { interrupted } from "./stopping";
import { readTokens, type JoinTokens } from "./token";

/** What is fetched from the bucket. */
export interface Wanted {
  /** Folder of the backups. */
  readonly folder: string;
  /** Name of the snapshot in the bucket. @default - the newest */
  readonly name?: string;
}

export interface Fetched {
  readonly backup: Backup;
  readonly name: string;
  /** The backup was there before. */
  readonly wasHere: boolean;
}

/** `backup --from-s3`: asks no host, so it also works when there is none. */
export async function bucketBackupCommand(
  session: Session,
  wanted: Wanted,
  { stop, print }: Operator,
): Promise<void> {
  const { description, log, redactor } = session;
  const tokens = await readTokens(description, redactor);
  const fetched = await fetchBackup(bucketOf(description, tokens), neededToken(tokens), wanted, log, stop);
  const { backup, name } = fetched;
  print(formatFetched(fetched), {
    backup: backup.folder,
    manifest: backup.manifest,
    removed: [],
    object: name,
  });
}

function bucketOf(description: Description, { s3 }: JoinTokens): Bucket {
  const settings = snapshotBucket(description);
  if (settings === undefined)
    throw new UserError("invalid", "main.ts states no bucket for snapshots", {
      remedy: "set k3s.snapshots.s3 as it was when K3s filled it",
    });
  if (s3 !== undefined) return new Bucket(settings, accessKeys(s3));
  throw new UserError("invalid", "The S3 credentials are needed, to read the bucket", {
    remedy: "set rollout.s3Path or rollout.s3Command of main.ts",
  });
}

/**
 * Copies a snapshot from the bucket, reads it, and makes an ordinary backup of it.
 *
 * @throws UserError when there is none; nothing of it is left here
 */
export async function fetchBackup(
  bucket: Bucket,
  token: string,
  { folder, name }: Wanted,
  log: Log,
  stop: AbortSignal,
): Promise<Fetched> {
  const store = new Store(folder, newRolloutId());
  const begun = folderName({ takenAt: new Date().toISOString(), server: "s3" });
  try {
    return await makeIn(store, begun, log, async (making) => {
      const stored = await log.step("cluster", "list the bucket", () => bucket.list(stop));
      const chosen = choose(stored, name, Date.now());
      const path = join(making, chosen.isCompressed ? COMPRESSED_SNAPSHOT : SNAPSHOT);
      const sha256 = await log.step(
        "cluster",
        "copy",
        () => copy(bucket, chosen, path, log, stop),
        () => `${chosen.name}, ${inMib(chosen.bytes)}`,
      );
      const snapshot = await log.step("cluster", "read the snapshot", () => readAnySnapshot(path));
      const manifest = await manifestOf(chosen, sha256, snapshot, token);
      writeManifest(making, manifest);
      return { ...(await keep(store, making, manifest)), name: chosen.name };
    });
  } catch (error) {
    throw stop.aborted ? interrupted() : error;
  }
}

type Chosen = NamedSnapshot & Pick<Stored, "bytes">;

/** Names of that many snapshots are shown where another one is asked for. */
const SHOWN = 10;

/** The clocks of a server and of this machine differ by less. */
const AHEAD_MS = 24 * 3_600_000;

/**
 * A snapshot's time is that of its name, which nothing proves: whoever writes to the bucket can give another one. One that is still
 * to come is not the newest.
 */
function choose(stored: readonly Stored[], name: string | undefined, now: number): Chosen {
  const snapshots = stored
    .flatMap((object): Chosen[] => {
      const named = namedSnapshot(object.name);
      return named === undefined || object.bytes === 0 ? [] : [{ ...named, bytes: object.bytes }];
    })
    .sort((a, b) => b.taken - a.taken);
  const chosen = snapshots.find((each) =>
    name === undefined ? each.taken <= now + AHEAD_MS : each.name === name,
  );
  if (chosen === undefined) throw notThere(snapshots, name);
  if (chosen.bytes <= MAX_BYTES) return chosen;
  throw new UserError("invalid", `${chosen.name} has ${chosen.bytes} bytes, more than etcd can have`, {
    remedy: "name another one",
  });
}

function notThere(snapshots: readonly Chosen[], name: string | undefined): UserError {
  if (snapshots.length === 0)
    return new UserError("invalid", "There is no snapshot of K3s in that bucket and folder", {
      remedy: "correct k3s.snapshots.s3 in main.ts; K3s fills it at the times of k3s.snapshots.schedule",
    });
  const names = snapshots.slice(0, SHOWN).map((each) => `  ${each.name}`);
  const more = snapshots.length > SHOWN ? [`  and ${snapshots.length - SHOWN} older ones`] : [];
  return new UserError(
    "usage",
    [
      name === undefined
        ? "By their names, all snapshots in that bucket and folder are of a time to come. Name one:"
        : `There is no snapshot ${name} in that bucket and folder. There are:`,
      ...names,
      ...more,
    ].join("\n"),
  );
}

const copy = (bucket: Bucket, chosen: Chosen, path: string, log: Log, stop: AbortSignal): Promise<string> =>
  bucket.download(chosen, path, {
    onBytes: percentTeller(chosen.bytes, (words) => log.progress("cluster", "copy", words)),
    stop,
  });

/** All of it but the time is in the snapshot or proved by it: the bucket's own words could be anybody's. */
async function manifestOf(
  chosen: Chosen,
  sha256: string,
  snapshot: Snapshot,
  token: string,
): Promise<Manifest> {
  refuseToken(snapshot, token, chosen);
  const nodes = nodesIn(snapshot);
  const servers = nodes.filter(({ server }) => server);
  const server = takenOn(
    chosen,
    servers.map(({ name }) => name),
  );
  const version = servers.find(({ name }) => name === server)?.version;
  if (server === undefined || version === undefined)
    throw new UserError("invalid", `${chosen.name} is of no server that is in the snapshot`, {
      remedy: "give the object the name that K3s gave it, such as etcd-snapshot-<hostname>-<unix time>",
    });
  return {
    version: 1,
    takenAt: new Date(chosen.taken).toISOString(),
    server,
    k3sVersion: version,
    clusterUid: snapshot.clusterUid,
    snapshot: {
      file: chosen.isCompressed ? COMPRESSED_SNAPSHOT : SNAPSHOT,
      bytes: chosen.bytes,
      sha256,
    },
    members: servers.map(({ name, address }) => ({ name, address })),
    token: await tokenReference(token),
    encryptedToken: null,
    volumes: localVolumes(bound(volumesIn(snapshot))).map(({ namespace, claim, node }) => ({
      namespace,
      claim,
      node,
    })),
  };
}

function refuseToken(snapshot: Snapshot, token: string, { name, taken }: Chosen): void {
  const isOurs = isTokenOf(snapshot, token);
  if (isOurs === true) return;
  throw isOurs === undefined
    ? new UserError("invalid", `${name} does not tell its join token, so it is no snapshot of K3s`, {
        remedy: "name another one",
      })
    : new UserError(
        "invalid",
        `The join token is not the one of the time of ${name} (${new Date(taken).toISOString()})`,
        { remedy: `make ${TOKEN_SOURCE} give that one; the bucket does not have it` },
      );
}

async function keep(store: Store, making: string, manifest: Manifest): Promise<Omit<Fetched, "name">> {
  const name = folderName(manifest);
  const path = join(store.folder, name);
  if (!existsSync(path)) return { backup: readBackup(store.complete(making, name)), wasHere: false };
  const there = backupIn(path);
  if (there?.manifest.snapshot.sha256 !== manifest.snapshot.sha256)
    throw isThere(path, "is another backup", "move it away, or say --to with another folder");
  // Its manifest says what it was, and a disk may have changed it since.
  await checkSnapshot(there).catch((error: unknown) => {
    if (!hasCode(error, "invalid")) throw error;
    throw isThere(path, "its snapshot has changed since", "move it away, and run the same command again");
  });
  store.abandon(making);
  return { backup: there, wasHere: true };
}

const isThere = (path: string, what: string, remedy: string): UserError =>
  new UserError("refused", `${path} is there already, and ${what}`, { remedy });

/** The result, for a person. */
export function formatFetched({ backup, name, wasHere }: Fetched): string {
  const { folder, manifest } = backup;
  const { takenAt, k3sVersion, clusterUid, members, snapshot, volumes } = manifest;
  const seconds = (Date.now() - Date.parse(takenAt)) / 1000;
  const age = seconds < 0 ? "which is to come" : `${inWords(seconds)} ago`;
  const servers = members.map((member) => member.name).join(", ");
  return [
    `${folder} ${wasHere ? "had" : "has"} ${name} of the bucket${wasHere ? " already" : ""} (K3s ${k3sVersion}, ${inMib(snapshot.bytes)}).`,
    `By its name it was taken at ${takenAt}, ${age}. It is of the cluster ${clusterUid} with the servers ${servers}.`,
    "The join token of main.ts is the one of its time. It is not in the backup: keep a copy of the token elsewhere.",
    ...volumeLines("Not in it, since they were on the disks of nodes:", volumes),
  ].join("\n");
}
