/** Disks that are not empty: each made by the program that makes such disks, or by writing the bytes by which libblkid knows it. */
export interface NotEmpty {
  readonly name: string;
  /** The type that libblkid has for it. @default - none: it is data that libblkid does not know */
  readonly type?: string;
  /** In a shell, with `$disk`. */
  readonly make?: string;
  /** Offset and bytes, one character each; a negative offset counts from the end. */
  readonly bytes?: readonly (readonly [offset: number, bytes: string])[];
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Size of these disks: enough for btrfs. */
export const SMALL = 128 * MIB;

/** Number of bytes, least significant first. */
const little = (value: bigint, length: number): string =>
  Array.from({ length }, (_, index) =>
    String.fromCharCode(Number((value >> BigInt(8 * index)) & 0xffn)),
  ).join("");
const le32 = (value: number): string => little(BigInt(value), 4);
const le64 = (value: number): string => little(BigInt(value), 8);

/** Four uberblocks, below which libblkid does not take a disk for one of ZFS. */
const UBERBLOCKS = [0, 1, 2, 3, 4].map((n): [number, string] => [(128 + n) * KIB, le64(0x00bab10c)]);

const SIGNATURES: readonly NotEmpty[] = [
  { name: "ext2", type: "ext2", make: "mkfs.ext4 -q -t ext2 $disk" },
  { name: "ext3", type: "ext3", make: "mkfs.ext4 -q -t ext3 $disk" },
  { name: "ext4, where the host should have xfs", type: "ext4", make: "mkfs.ext4 -q $disk" },
  { name: "btrfs", type: "btrfs", make: "mkfs.btrfs -q $disk" },
  { name: "FAT", type: "vfat", make: "mkfs.vfat $disk >/dev/null" },
  { name: "minix", type: "minix", make: "mkfs.minix $disk >/dev/null" },
  { name: "swap", type: "swap", make: "mkswap -q $disk" },
  {
    name: "LUKS 1",
    type: "crypto_LUKS",
    make: "printf key | cryptsetup luksFormat -q --type luks1 --pbkdf-force-iterations 1000 $disk -",
  },
  {
    name: "LUKS 2",
    type: "crypto_LUKS",
    make: "printf key | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 $disk -",
  },
  { name: "a partition table of MBR", type: "dos", make: "echo 2048,,L | sfdisk -q --label dos $disk" },
  { name: "a partition table of GPT", type: "gpt", make: "echo 2048,,L | sfdisk -q --label gpt $disk" },
  { name: "an empty partition table of GPT", type: "gpt", make: "echo label: gpt | sfdisk -q $disk" },
  {
    name: "the backup of a GPT whose beginning was wiped",
    type: "gpt",
    make: "echo 2048,,L | sfdisk -q --label gpt $disk && dd if=/dev/zero of=$disk bs=1M count=1 conv=notrunc status=none",
  },
  {
    name: "two filesystems, of which blkid names none",
    type: "swap",
    make: "mkfs.btrfs -q $disk && dd if=$disk of=super bs=4K skip=16 count=1 status=none && mkswap -q -f $disk && dd if=super of=$disk bs=4K seek=16 conv=notrunc status=none",
  },
  {
    name: "NTFS",
    type: "ntfs",
    bytes: [
      [0, `\xeb\x52\x90NTFS    \0\x02\x08`],
      [0x15, "\xf8"],
      [0x28, le64(1e6)],
      [0x30, le64(4)],
      [0x38, le64(2)],
      [0x40, "\xf6"],
      [16 * KIB, "FILE"],
      [19 * KIB, "FILE"],
      [510, "\x55\xaa"],
    ],
  },
  {
    name: "exFAT",
    type: "exfat",
    bytes: [
      [0, "\xeb\x76\x90EXFAT   "],
      [108, "\x09\x03\x01"],
      [510, "\x55\xaa"],
    ],
  },
  {
    name: "a physical volume of LVM",
    type: "LVM2_member",
    bytes: [
      [512, "LABELONE"],
      [520, le64(1)],
      [532, le32(32)],
      [536, "LVM2 001"],
    ],
  },
  {
    name: "a member of mdraid 0.90",
    type: "linux_raid_member",
    bytes: [[-64 * KIB, le32(0xa92b4efc) + le32(0) + le32(90)]],
  },
  {
    name: "a member of mdraid 1.0",
    type: "linux_raid_member",
    bytes: [
      [-8 * KIB, le32(0xa92b4efc) + le32(1)],
      [-8 * KIB + 144, le64((SMALL - 8 * KIB) / 512)],
    ],
  },
  {
    name: "a member of mdraid 1.2",
    type: "linux_raid_member",
    bytes: [
      [4 * KIB, le32(0xa92b4efc) + le32(1)],
      [4 * KIB + 144, le64(8)],
    ],
  },
  { name: "ZFS", type: "zfs_member", bytes: UBERBLOCKS },
  { name: "ISO 9660", type: "iso9660", bytes: [[32 * KIB, "\x01CD001\x01"]] },
  {
    name: "squashfs",
    type: "squashfs",
    bytes: [
      [0, "hsqs"],
      [28, "\x04\0\0\0"],
    ],
  },
  { name: "EROFS", type: "erofs", bytes: [[1024, le32(0xe0f5e1e2)]] },
  { name: "F2FS", type: "f2fs", bytes: [[1024, le32(0xf2f52010) + "\x01\0\x0e\0"]] },
  {
    name: "bcache",
    type: "bcache",
    bytes: [
      [4096 + 8, le64(8)],
      [4096 + 24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"],
    ],
  },
  {
    name: "GFS2",
    type: "gfs2",
    bytes: [
      [64 * KIB, "\x01\x16\x19\x70\0\0\0\x01"],
      [64 * KIB + 24, "\0\0\x07\x09\0\0\x07\x6c"],
    ],
  },
  { name: "OCFS2", type: "ocfs2", bytes: [[2 * KIB, "OCFSV2"]] },
  {
    name: "JFS",
    type: "jfs",
    bytes: [
      [32 * KIB, `JFS1${le32(1)}`],
      [32 * KIB + 16, le32(4096) + "\x0c\0\x03\0" + le32(512) + "\x09\0\0\0"],
    ],
  },
  {
    name: "HFS+",
    type: "hfsplus",
    bytes: [
      [1024, "H+\0\x04"],
      [1024 + 40, "\0\0\x10\0"],
    ],
  },
  { name: "BitLocker", type: "BitLocker", bytes: [[0, "\xeb\x52\x90-FVE-FS-"]] },
  { name: "a disk of Ceph", type: "ceph_bluestore", bytes: [[0, "bluestore block device"]] },
  { name: "DRBD", type: "drbd", bytes: [[-4 * KIB + 60, "\x83\x74\x02\x6d"]] },
  {
    name: "a volume of VMFS, whose signature is behind the first MiB",
    type: "VMFS_volume_member",
    bytes: [[MIB, "\x0d\xd0\x01\xc0"]],
  },
  {
    name: "VMFS, whose signature is behind the first MiB",
    type: "VMFS",
    bytes: [[2 * MIB, "\x5e\xf1\xab\x2f"]],
  },
];

const DATA: readonly NotEmpty[] = [
  { name: "data from the first byte", bytes: [[0, "x"]] },
  { name: "data at the end of the first MiB", bytes: [[MIB - 1, "x"]] },
  { name: "data at the beginning of the last MiB", bytes: [[-MIB, "x"]] },
  { name: "data in the last byte", bytes: [[-1, "x"]] },
  {
    name: "encrypted data with its header elsewhere",
    make: "head -c 2M /dev/urandom | dd of=$disk conv=notrunc status=none",
  },
  {
    name: "an ext4 whose superblock was wiped",
    make: "mkfs.ext4 -q $disk && dd if=/dev/zero of=$disk bs=1K seek=1 count=1 conv=notrunc status=none",
  },
];

export const NOT_EMPTY: readonly NotEmpty[] = [...SIGNATURES, ...DATA];
