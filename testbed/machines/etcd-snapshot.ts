/**
 * Writes a snapshot of etcd, as etcd does: one leaf with the whole history, and the SHA-256 at the end.
 * A stand-in: no program has written it, and a real etcd's has more buckets and deeper trees.
 */
import { createHash } from "node:crypto";
import { field, varint } from "./protobuf";

const PAGE = 4096;
const HEADER = 16;
const ELEMENT = 16;
const KEYS_PAGE = 4;

/** A change of an object; a deletion has no content. */
export interface Change {
  readonly key: string;
  readonly content?: string | Buffer;
  /** Greater than that of the change before. @default - counted from 2 on: etcd begins with 1 */
  readonly revision?: number;
}

/** @returns the file after these changes */
export function etcdSnapshot(changes: readonly Change[]): Buffer {
  const entries = changes.map(({ key, content, revision }, index) =>
    entryOf(revision ?? index + 2, key, content),
  );
  const keys = page(KEYS_PAGE, 0x02, entries.length, leaf(entries, 0));
  const bucket = Buffer.alloc(16);
  bucket.writeBigUInt64LE(BigInt(KEYS_PAGE), 0);
  const root = page(3, 0x02, 1, leaf([[Buffer.from("key"), bucket]], 1));
  const high = KEYS_PAGE + keys.length / PAGE;
  const file = Buffer.concat([meta(0, high), meta(1, high), page(2, 0x10, 0, Buffer.alloc(0)), root, keys]);
  return Buffer.concat([file, createHash("sha256").update(file).digest()]);
}

type Entry = readonly [key: Buffer, value: Buffer];

function entryOf(revision: number, key: string, content: Change["content"]): Entry {
  const name = Buffer.alloc(content === undefined ? 18 : 17);
  name.writeBigUInt64BE(BigInt(revision), 0);
  name.write("_", 8);
  if (content === undefined) name.write("t", 17);
  const fields = [field(1, key), Buffer.from([3 << 3]), varint(revision)];
  return [
    name,
    Buffer.concat(content === undefined ? fields.slice(0, 1) : [...fields, field(5, content), LEASE]),
  ];
}

/** Objects that expire have one: a number of 64 bits. */
const LEASE = Buffer.from([6 << 3, ...Array.from({ length: 9 }, () => 255), 1]);

function leaf(entries: readonly Entry[], flags: number): Buffer {
  const elements: Buffer[] = [];
  let position = entries.length * ELEMENT;
  for (const [index, [key, value]] of entries.entries()) {
    const element = Buffer.alloc(ELEMENT);
    element.writeUInt32LE(flags, 0);
    // From the element on.
    element.writeUInt32LE(position - index * ELEMENT, 4);
    element.writeUInt32LE(key.length, 8);
    element.writeUInt32LE(value.length, 12);
    elements.push(element);
    position += key.length + value.length;
  }
  return Buffer.concat([...elements, ...entries.flat()]);
}

function page(id: number, flags: number, count: number, content: Buffer): Buffer {
  const pages = Math.ceil((HEADER + content.length) / PAGE);
  const bytes = Buffer.alloc(pages * PAGE);
  bytes.writeBigUInt64LE(BigInt(id), 0);
  bytes.writeUInt16LE(flags, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(pages - 1, 12);
  content.copy(bytes, HEADER);
  return bytes;
}

function meta(id: number, high: number): Buffer {
  const content = Buffer.alloc(64);
  content.writeUInt32LE(0xed0cdaed, 0);
  content.writeUInt32LE(2, 4);
  content.writeUInt32LE(PAGE, 8);
  content.writeBigUInt64LE(3n, 16);
  content.writeBigUInt64LE(2n, 32);
  content.writeBigUInt64LE(BigInt(high), 40);
  content.writeBigUInt64LE(BigInt(id), 48);
  content.writeBigUInt64LE(fnv1a(content.subarray(0, 56)), 56);
  return page(id, 0x04, 0, content);
}

const fnv1a = (bytes: Buffer): bigint =>
  bytes.reduce(
    (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n),
    0xcbf29ce484222325n,
  );
