/**
 * Reads a bbolt file, the format of etcd's data. Nothing of the file is trusted: what does not fit is an error.
 * Source: bbolt, internal/common/{page,meta,inode,bucket}.go
 */
import { readSync } from "node:fs";

/** The file is damaged, or is none of bbolt's. */
export class NotBolt extends Error {
  public override readonly name = "NotBolt";
}

const MAGIC = 0xed0cdaed;
const PAGE_HEADER = 16;
const ELEMENT = 16;
const BUCKET_HEADER = 16;
const BRANCH = 0x01;
const LEAF = 0x02;
/** Of an element of a leaf. */
const IS_BUCKET = 0x01;
/** Linux' pages have between 4 and 64 KiB. */
const PAGE_SIZES = [4096, 8192, 16_384, 32_768, 65_536];

/** A tree with the smallest pages and 8 GiB, etcd's largest size, is not as deep. */
const MAX_DEPTH = 32;

interface Meta {
  readonly pageSize: number;
  readonly root: number;
  readonly transaction: bigint;
}

/** A file of bbolt that is open for reading. */
export class Bolt {
  private readonly meta: Meta;
  /** Each page has one place: a file that leads to more pages than it has leads in circles. */
  private pagesLeft: number;

  /** @param size - bytes of the file that belong to it. @throws NotBolt */
  public constructor(
    private readonly file: number,
    private readonly size: number,
  ) {
    this.meta = this.newestMeta();
    this.pagesLeft = Math.ceil(size / this.meta.pageSize);
  }

  /** The entries of a bucket, in the order of their keys. @throws NotBolt */
  public *entries(bucket: string): Generator<readonly [key: Buffer, value: Buffer]> {
    for (const [key, value, isBucket] of this.tree(this.page(this.meta.root))) {
      if (!isBucket || key.toString() !== bucket) continue;
      for (const [name, content] of this.tree(this.rootOf(value))) yield [name, content];
      return;
    }
    throw new NotBolt(`it has no bucket ${bucket}`);
  }

  /** Both first pages have one. A write that was interrupted leaves one of them damaged. */
  private newestMeta(): Meta {
    const first = this.metaAt(0);
    const sizes = first === undefined ? PAGE_SIZES : [first.pageSize];
    const second = sizes.map((size) => this.metaAt(size)).find((meta) => meta !== undefined);
    const [newest] = [first, second]
      .filter((meta) => meta !== undefined)
      .sort((a, b) => Number(b.transaction - a.transaction));
    if (newest === undefined) throw new NotBolt("it does not begin as etcd's data does");
    return newest;
  }

  private metaAt(position: number): Meta | undefined {
    if (position + PAGE_HEADER + 64 > this.size) return undefined;
    const bytes = this.read(position + PAGE_HEADER, 64);
    const pageSize = bytes.readUInt32LE(8);
    const isWhole =
      bytes.readUInt32LE(0) === MAGIC && fnv1a(bytes.subarray(0, 56)) === bytes.readBigUInt64LE(56);
    if (!isWhole || !PAGE_SIZES.includes(pageSize)) return undefined;
    return { pageSize, root: number(bytes, 16), transaction: bytes.readBigUInt64LE(48) };
  }

  /** A small bucket is in its own entry, without a page. */
  private rootOf(bucket: Buffer): Buffer {
    if (bucket.length < BUCKET_HEADER) throw new NotBolt("a bucket is cut off");
    const root = number(bucket, 0);
    return root === 0 ? bucket.subarray(BUCKET_HEADER) : this.page(root);
  }

  private *tree(
    page: Buffer,
    depth = 0,
  ): Generator<readonly [key: Buffer, value: Buffer, isBucket: boolean]> {
    if (depth > MAX_DEPTH) throw inCircles();
    if (page.length < PAGE_HEADER) throw new NotBolt("a page is cut off");
    const kind = page.readUInt16LE(8);
    if (kind !== LEAF && kind !== BRANCH) throw new NotBolt("a page is of no known kind");
    const count = page.readUInt16LE(10);
    for (let index = 0; index < count; index++) {
      const at = PAGE_HEADER + index * ELEMENT;
      const element = slice(page, at, ELEMENT);
      if (kind === BRANCH) yield* this.tree(this.page(number(element, 8)), depth + 1);
      else yield leafEntry(page, at, element);
    }
  }

  /** A page and those that it goes on in. */
  private page(id: number): Buffer {
    if (--this.pagesLeft < 0) throw inCircles();
    const { pageSize } = this.meta;
    const position = id * pageSize;
    if (position + PAGE_HEADER > this.size) throw new NotBolt("a page is missing");
    const pages = 1 + this.read(position, PAGE_HEADER).readUInt32LE(12);
    if (position + pages * pageSize > this.size) throw new NotBolt("a page is cut off");
    return this.read(position, pages * pageSize);
  }

  private read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    if (readSync(this.file, bytes, 0, length, position) !== length) throw new NotBolt("it is cut off");
    return bytes;
  }
}

const inCircles = (): NotBolt => new NotBolt("its pages lead in circles");

function leafEntry(page: Buffer, at: number, element: Buffer): readonly [Buffer, Buffer, boolean] {
  const [flags, position, keySize, valueSize] = [0, 4, 8, 12].map((each) => element.readUInt32LE(each)) as [
    number,
    number,
    number,
    number,
  ];
  const key = slice(page, at + position, keySize);
  return [key, slice(page, at + position + keySize, valueSize), (flags & IS_BUCKET) !== 0];
}

function slice(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new NotBolt("an entry reaches beyond its page");
  return bytes.subarray(start, start + length);
}

function number(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new NotBolt("a number is larger than the file");
  return Number(value);
}

function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
