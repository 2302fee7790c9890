/** What a snapshot of etcd holds, read from the file itself: K3s answers a damaged one, or none, with an empty cluster at worst. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { UserError } from "../base/user-error";
import { Bolt, NotBolt } from "./bolt";
import { Message, NotProtobuf } from "./protobuf";

/** The cluster's objects at the time of a snapshot. */
export interface Snapshot {
  /** Of etcd, which counts every change of an object. */
  readonly revision: number;
  /** Key in etcd, such as `/registry/pods/default/web`, to the revision of its last change: its `resourceVersion`. */
  readonly objects: ReadonlyMap<string, number>;
  /** The UID of the namespace `kube-system`, by which a cluster is known. */
  readonly clusterUid: string;
  /** Key in etcd to the content, of Nodes and PersistentVolumes: see `stored-objects.ts`. */
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** Appended by etcd to a snapshot, of all bytes before (etcd, client/v3/snapshot/v3_snapshot.go). */
const HASH_BYTES = 32;
/** A file of bbolt is a multiple of this. */
const SECTOR = 512;
/** etcd refuses to grow beyond this (etcd.io/docs/v3.5/dev-guide/limit). */
export const MAX_BYTES = 8 * 1024 ** 3;
const CHUNK = 1024 * 1024;
const NAMESPACE = "/registry/namespaces/kube-system";
const KEPT = /^\/registry\/(minions|persistentvolumes)\//;

/**
 * Reads an uncompressed snapshot, and compares it with the hash in it.
 *
 * @param name - for messages. @default - its path
 * @throws UserError `invalid` with what is wrong with the file
 */
export function readSnapshot(path: string, name = path): Snapshot {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    checkHash(file, size, name);
    return objectsOf(new Bolt(file, size - HASH_BYTES), name);
  } catch (error) {
    if (error instanceof NotBolt || error instanceof NotProtobuf) throw damaged(name, error.message);
    throw error;
  } finally {
    closeSync(file);
  }
}

function checkHash(file: number, size: number, path: string): void {
  if (size === 0) throw damaged(path, "it is empty");
  if (size > MAX_BYTES) throw damaged(path, `it has ${size} bytes, more than etcd can have`);
  if (size % SECTOR !== HASH_BYTES) {
    throw damaged(path, `it has ${size} bytes, which no whole snapshot has: it is cut off, or no snapshot`);
  }
  const hash = createHash("sha256");
  const chunk = Buffer.alloc(CHUNK);
  const end = size - HASH_BYTES;
  for (let at = 0; at < end;) {
    const read = readSync(file, chunk, 0, Math.min(CHUNK, end - at), at);
    if (read === 0) throw damaged(path, "it became shorter while it was read");
    hash.update(chunk.subarray(0, read));
    at += read;
  }
  const written = Buffer.alloc(HASH_BYTES);
  readSync(file, written, 0, HASH_BYTES, end);
  if (!hash.digest().equals(written))
    throw damaged(path, "its content does not match the SHA-256 at its end");
}

function objectsOf(bolt: Bolt, path: string): Snapshot {
  const objects = new Map<string, number>();
  const contents = new Map<string, Buffer>();
  let revision = 0;
  let clusterUid = "";
  for (const [name, value] of bolt.entries("key")) {
    const { key, modified, content } = keyValueOf(value);
    revision = revisionOf(name);
    if (isTombstone(name)) {
      objects.delete(key);
      contents.delete(key);
    } else {
      objects.set(key, modified);
      // A copy: the page that it is in is much larger.
      if (KEPT.test(key)) contents.set(key, Buffer.from(content));
    }
    if (key === NAMESPACE) clusterUid = UID.exec(content.toString("latin1"))?.[0] ?? "";
  }
  if (clusterUid === "") throw damaged(path, "it holds no cluster: the namespace kube-system is not in it");
  return { revision, objects, clusterUid, contents };
}

/** As text inside of the object's encoding. The namespace has no other one: nothing owns it. */
const UID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** A key of etcd's history: main revision, `_`, sub-revision, and `t` for a deletion (etcd, server/storage/mvcc/revision.go). */
function revisionOf(name: Buffer): number {
  if (name.length !== 17 && name.length !== 18) throw new NotBolt("a revision has another length");
  return Number(name.readBigInt64BE(0));
}

const isTombstone = (name: Buffer): boolean => name.length === 18;

interface KeyValue {
  readonly key: string;
  readonly modified: number;
  readonly content: Buffer;
}

/** mvccpb.KeyValue: 1 key, 3 mod_revision, 5 value (etcd, api/mvccpb/kv.proto). */
function keyValueOf(bytes: Buffer): KeyValue {
  const message = new Message(bytes);
  return { key: message.text(1), modified: message.number(3), content: message.raw(5) };
}

const damaged = (path: string, why: string): UserError =>
  new UserError("invalid", `${path} cannot be restored: ${why}`, { remedy: "use another backup" });

/**
 * The kind of an object by its key in etcd, such as `pods` or `apps.example.org/widgets`: built-in ones are at `/registry/pods/…`, those of
 * extensions at `/registry/<group>/<plural>/…`. `undefined` for what is no object.
 */
export function kindOf(key: string): string | undefined {
  const [, registry, first = "", second = ""] = key.split("/");
  if (registry !== "registry") return undefined;
  return first.includes(".") ? `${first}/${second}` : first;
}
