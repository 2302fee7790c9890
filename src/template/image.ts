/** A disk image: its size, its partitions, and the UUIDs of their filesystems. */
import { open, type FileHandle } from "node:fs/promises";
import { shellWord } from "../base/escape";
import { messageOf, UserError } from "../base/user-error";

export interface Filesystem {
  readonly type: "ext4" | "xfs" | "btrfs" | "vfat";
  /** As blkid writes it. */
  readonly uuid: string;
  /** Where it begins in the image, in bytes. */
  readonly start: number;
  /** In bytes. */
  readonly size: number;
  /** In bytes. @default - not ext4 */
  readonly blockSize?: number;
}

/** An open raw image. */
export interface Image {
  readonly path: string;
  readonly file: FileHandle;
  /** In bytes. */
  readonly size: number;
  readonly filesystems: readonly Filesystem[];
}

/** @throws UserError `invalid` for what is no raw image of a disk */
export async function withImage<T>(path: string, use: (image: Image) => Promise<T>): Promise<T> {
  const file = await opened(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new UserError("invalid", `${path} is no file`);
    await refuseOthers(path, file, stats.size);
    return await use({ path, file, size: stats.size, filesystems: await filesystemsIn(file, stats.size) });
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw new UserError("invalid", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** What files begin with that are often taken for a disk. Sources: QEMU, docs/interop/qcow2.rst; vmdk.c; vhdx.h; RFC 1952 and 8878; xz. */
const OTHERS: readonly (readonly [magic: string, name: string, toRaw: string])[] = [
  ["514649fb", "qcow2 image", "qemu-img convert -O raw"],
  ["4b444d56", "VMDK image", "qemu-img convert -O raw"],
  ["7668647866696c65", "VHDX image", "qemu-img convert -O raw"],
  ["1f8b", "gzip file", "gunzip --keep"],
  ["28b52ffd", "Zstandard file", "unzstd"],
  ["fd377a585a00", "xz file", "unxz --keep"],
];

const SECTOR = 512;

async function refuseOthers(path: string, file: FileHandle, size: number): Promise<void> {
  const head = await bytesAt(file, 0, SECTOR);
  const other = OTHERS.find(([magic]) => head.toString("hex").startsWith(magic));
  if (other !== undefined) {
    const [, name, toRaw] = other;
    throw new UserError("invalid", `${path} is a ${name}, and only a raw image can be looked at`, {
      remedy: `make one of it with ${toRaw} ${shellWord(path)}`,
    });
  }
  // A boot sector ends with it, whatever the partition table is.
  if (size < SECTOR || head.readUInt16LE(510) !== 0xaa55)
    throw new UserError("invalid", `${path} is no raw image of a disk: it has no boot sector`);
}

async function filesystemsIn(file: FileHandle, size: number): Promise<Filesystem[]> {
  const extents = (await partitionsIn(file)).filter(
    ({ start, size: length }) => start > 0 && length > 0 && start + length <= size,
  );
  const found: Filesystem[] = [];
  for (const extent of extents) {
    const filesystem = await filesystemAt(file, extent);
    if (filesystem !== undefined) found.push(filesystem);
  }
  return found;
}

type Extent = Pick<Filesystem, "start" | "size">;

/** Type of the partition by which a GPT protects itself from programs that know only the MBR. */
const PROTECTIVE = 0xee;

/** Sources: UEFI specification 2.10, 5.2 (MBR) and 5.3 (GPT). Disks of VMs have sectors of 512 bytes. */
async function partitionsIn(file: FileHandle): Promise<Extent[]> {
  const mbr = await bytesAt(file, 0, SECTOR);
  const records = [446, 462, 478, 494].map((at) => mbr.subarray(at, at + 16));
  if (records.some((record) => record[4] === PROTECTIVE)) return gptIn(file);
  return records.map((record) => ({
    start: record.readUInt32LE(8) * SECTOR,
    size: record.readUInt32LE(12) * SECTOR,
  }));
}

/** The image may be anything, so its numbers are bounds for nothing. */
const MOST_ENTRIES = 256;
const LARGEST_ENTRY = 4096;

async function gptIn(file: FileHandle): Promise<Extent[]> {
  const header = await bytesAt(file, SECTOR, SECTOR);
  if (header.toString("latin1", 0, 8) !== "EFI PART") return [];
  const start = Number(header.readBigUInt64LE(72)) * SECTOR;
  const count = Math.min(header.readUInt32LE(80), MOST_ENTRIES);
  const length = header.readUInt32LE(84);
  if (length < 128 || length > LARGEST_ENTRY || !Number.isSafeInteger(start)) return [];
  const entries = await bytesAt(file, start, count * length);
  return Array.from({ length: count }, (_, index) => {
    const first = Number(entries.readBigUInt64LE(index * length + 32));
    const last = Number(entries.readBigUInt64LE(index * length + 40));
    return { start: first * SECTOR, size: first === 0 ? 0 : (last - first + 1) * SECTOR };
  });
}

const BTRFS_SUPERBLOCK = 64 * 1024;

/** Where the formats have their magic numbers and UUIDs: util-linux, libblkid/src/superblocks. */
async function filesystemAt(file: FileHandle, extent: Extent): Promise<Filesystem | undefined> {
  const head = await bytesAt(file, extent.start, 4096);
  const btrfs = await bytesAt(file, extent.start + BTRFS_SUPERBLOCK, 128);
  const text = (at: number, length: number): string => head.toString("latin1", at, at + length);
  if (head.readUInt16LE(1024 + 0x38) === 0xef53) {
    const uuid = uuidOf(head, 1024 + 0x68);
    return { ...extent, type: "ext4", uuid, blockSize: 1024 << Math.min(head.readUInt32LE(1024 + 0x18), 6) };
  }
  if (text(0, 4) === "XFSB") return { ...extent, type: "xfs", uuid: uuidOf(head, 32) };
  if (btrfs.toString("latin1", 0x40, 0x48) === "_BHRfS_M")
    return { ...extent, type: "btrfs", uuid: uuidOf(btrfs, 0x20) };
  if (text(82, 5) === "FAT32") return { ...extent, type: "vfat", uuid: serialOf(head, 67) };
  if (text(54, 3) === "FAT") return { ...extent, type: "vfat", uuid: serialOf(head, 39) };
  return undefined;
}

const uuidOf = (bytes: Buffer, at: number): string =>
  bytes.toString("hex", at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

/** Of a FAT: a number of 32 bits. */
const serialOf = (bytes: Buffer, at: number): string =>
  bytes
    .readUInt32LE(at)
    .toString(16)
    .toUpperCase()
    .padStart(8, "0")
    .replace(/^(.{4})/, "$1-");

/** Filled with zeros where the file ends before. */
async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, position);
  return bytes;
}
