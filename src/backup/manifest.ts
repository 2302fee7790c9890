/**
 * What a backup is: a folder with a snapshot of etcd as K3s wrote it, a manifest, and possibly the join token of its time, encrypted,
 * and tar archives of volumes.
 * A backup may have lain anywhere for years, so its reader believes nothing in it.
 */
import { createHash } from "node:crypto";
import { createReadStream, lstatSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import { parseJson } from "../base/json";
import { hasCode, messageOf, UserError } from "../base/user-error";
import { MAX_BYTES } from "./snapshot";

/** File name of the manifest. */
export const MANIFEST = "backup.json";

/** File name of the encrypted token. */
export const TOKEN_FILE = "token.age";

/** File names of a snapshot: K3s compresses it where it is told to, and recognizes it by its name (k3s, pkg/etcd/snapshot.go). */
export const SNAPSHOT = "snapshot";
export const COMPRESSED_SNAPSHOT = "snapshot.zip";

/** Incremented when existing readers would misread a new manifest. */
const VERSION = 1;

/** Largest size of a manifest, in bytes; a volume takes about 200. */
const MANIFEST_LIMIT = 8 * 1024 * 1024;
/** Largest size of an encrypted token, in bytes; each recipient takes about 200. */
const TOKEN_LIMIT = 64 * 1024;

const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "should be a name of Kubernetes");
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "should be 64 hexadecimal digits");

const SCHEMA = z.strictObject({
  version: z.literal(VERSION),
  /** When K3s was asked for the snapshot, by the clock of the operator's machine. */
  takenAt: z.iso.datetime(),
  /** Hostname of the server that took it. */
  server: name,
  k3sVersion: z.string().regex(/^v?\d+\.\d+\.\d+[\w.+-]{0,48}$/, "should be a version such as v1.33.5+k3s1"),
  /** UID of the namespace kube-system, which a cluster has all its life. */
  clusterUid: z.uuid(),
  snapshot: z.strictObject({
    file: z.enum([SNAPSHOT, COMPRESSED_SNAPSHOT]),
    bytes: z.int().min(1).max(MAX_BYTES),
    sha256,
  }),
  /** Servers of the cluster, each a member of etcd. */
  members: z
    .array(z.strictObject({ name, address: z.ipv4() }))
    .min(1)
    .max(100),
  /** Tells whether a token is the one of its time: see `tokenReference`. */
  token: z.strictObject({
    salt: z.string().regex(/^[0-9a-f]{32}$/, "should be 32 hexadecimal digits"),
    hash: sha256,
  }),
  encryptedToken: z.literal(TOKEN_FILE).nullable(),
  /** Volumes on the disks of nodes. The backup contains those that have a copy, and no others. */
  volumes: z
    .array(
      z.strictObject({
        namespace: name,
        claim: name,
        node: name.or(z.literal("")),
        copy: z
          .strictObject({
            file: z.string().regex(/^volume-\d{1,5}\.tar$/, "should be a name such as volume-1.tar"),
            bytes: z.int().min(1),
            sha256,
          })
          .optional(),
      }),
    )
    .max(20_000),
});

export interface Manifest extends Readonly<z.output<typeof SCHEMA>> {}

/** The archive of a volume. */
export type VolumeCopy = NonNullable<Manifest["volumes"][number]["copy"]>;

/** A backup whose files are there. What is in the snapshot is not checked yet: see `checkSnapshot`. */
export interface Backup {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Path of the snapshot. */
  readonly snapshot: string;
  /** Path of the encrypted token. @default - the backup has none */
  readonly encryptedToken?: string;
}

export const renderManifest = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`;

/** Name of a backup's folder, such as `20261128T003000Z-mizar`. */
export const folderName = ({ takenAt, server }: Pick<Manifest, "takenAt" | "server">): string =>
  `${new Date(takenAt).toISOString().replace(/\.\d+/, "").replace(/[-:]/g, "")}-${server}`;

/**
 * Reads the manifest of a backup, and looks whether all its files are there.
 *
 * @throws UserError `invalid` with everything that is wrong with it
 */
export function readBackup(folder: string): Backup {
  const path = join(folder, MANIFEST);
  const manifest = manifestIn(path);
  const snapshot = join(folder, manifest.snapshot.file);
  checkSize(snapshot, manifest.snapshot.bytes);
  for (const { copy } of manifest.volumes)
    if (copy !== undefined) checkSize(join(folder, copy.file), copy.bytes);
  if (manifest.encryptedToken === null) return { folder, manifest, snapshot };
  const encryptedToken = join(folder, manifest.encryptedToken);
  if (sizeOf(encryptedToken) > TOKEN_LIMIT)
    throw new UserError("invalid", `${encryptedToken} is no encrypted token`);
  return { folder, manifest, snapshot, encryptedToken };
}

function manifestIn(path: string): Manifest {
  if (sizeOf(path) > MANIFEST_LIMIT) throw damaged(path, "it is larger than any that this program writes");
  const json = parseJson(readFileSync(path, "utf8"));
  if (json === undefined) throw damaged(path, "it is no JSON");
  const { data: head } = z.object({ version: z.int().min(1) }).safeParse(json);
  if (head !== undefined && head.version !== VERSION) {
    throw new UserError("invalid", `${path} has version ${head.version}, and this program reads ${VERSION}`, {
      remedy: "use the version of the program that wrote it",
    });
  }
  const { data, error } = SCHEMA.safeParse(json);
  if (data !== undefined) return data;
  // The keys of an object that somebody changed are not shown: they are as little ours as its values.
  const faults = error.issues
    .slice(0, 5)
    .map(({ path: at, code, message }) =>
      code === "unrecognized_keys"
        ? `${at.join(".")} has keys that are not known`
        : `${at.join(".")}: ${message}`,
    );
  throw damaged(path, faults.join("; "));
}

const damaged = (path: string, why: string): UserError =>
  new UserError("invalid", `${path} is no manifest of a backup: ${why}`, { remedy: "use another backup" });

function checkSize(path: string, bytes: number): void {
  const size = sizeOf(path);
  if (size === bytes) return;
  throw new UserError("invalid", `${path} has ${size} bytes, and ${bytes} when it was taken`, {
    remedy: "use another backup",
  });
}

/** @throws UserError unless it is a file: a link may lead anywhere */
function sizeOf(path: string): number {
  try {
    const stats = lstatSync(path);
    if (stats.isFile()) return stats.size;
  } catch (error) {
    throw new UserError("invalid", `${path} cannot be read: ${messageOf(error)}`, {
      remedy: "use another backup",
    });
  }
  throw new UserError("invalid", `${path} is not a file`, { remedy: "use another backup" });
}

/**
 * Whether the snapshot is the one that was taken, byte for byte.
 *
 * @throws UserError `invalid` when it is not
 */
export const checkSnapshot = ({ snapshot, manifest }: Backup): Promise<void> =>
  checkSum(snapshot, manifest.snapshot.sha256);

/** The same of the archive of a volume. @returns its path */
export async function checkCopy({ folder }: Backup, { file, sha256: sum }: VolumeCopy): Promise<string> {
  const path = join(folder, file);
  await checkSum(path, sum);
  return path;
}

async function checkSum(path: string, sum: string): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const found = hash.digest("hex");
  if (found === sum) return;
  throw new UserError(
    "invalid",
    `${path} has changed since it was taken: its SHA-256 is ${found}, and ${sum} in ${MANIFEST}`,
    { remedy: "use another backup" },
  );
}

/** Whether the folder is a backup that this program made, under the name that it gave. */
export const isOwnName = ({ folder, manifest }: Backup): boolean =>
  basename(resolve(folder)) === folderName(manifest);

/** The backup in a folder; `undefined` if it is none, or not complete. */
export function backupIn(folder: string): Backup | undefined {
  try {
    return readBackup(folder);
  } catch (error) {
    if (hasCode(error, "invalid")) return undefined;
    throw error;
  }
}
