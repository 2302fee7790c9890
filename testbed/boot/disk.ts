/** A disk with GRUB for BIOS, and one partition with /boot and /nix/store. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MIB = 1024 * 1024;
/** XFS needs 300 MiB. The files have holes. */
const PARTITION_MIB = 320;
const GRUB = "/usr/lib/grub/i386-pc";

/** GRUB's module for a filesystem, and how to make one with what is in a folder. */
interface Filesystem {
  readonly module: string;
  readonly uuid: string;
  readonly make: (image: string, root: string, uuid: string) => readonly (readonly string[])[];
}

const UUID = "dd933e34-9e75-4a1c-8597-61e6d3b7af63";

export const FILESYSTEMS = {
  ext4: {
    module: "ext2",
    uuid: UUID,
    make: (image, root, uuid) => [["mkfs.ext4", "-q", "-U", uuid, "-d", root, image]],
  },
  vfat: {
    module: "fat",
    uuid: "0123-ABCD",
    make: (image, root, uuid) => [
      ["mkfs.vfat", "-i", uuid.replace("-", ""), image],
      ["mcopy", "-s", "-i", image, join(root, "boot"), join(root, "nix"), "::"],
    ],
  },
  xfs: {
    module: "xfs",
    uuid: UUID,
    make: (image, root, uuid) => [["mkfs.xfs", "-q", "-m", `uuid=${uuid}`, "-p", protofile(root), image]],
  },
  btrfs: {
    module: "btrfs",
    uuid: UUID,
    make: (image, root, uuid) => [["mkfs.btrfs", "-q", "-U", uuid, "--rootdir", root, image]],
  },
} as const satisfies Readonly<Record<string, Filesystem>>;

/** The files of the folder as mkfs.xfs wants them. @returns the file's path */
function protofile(root: string): string {
  const path = `${root}.proto`;
  const file = (name: string, at: string): string => `${name} ---644 0 0 ${join(root, at, name)}`;
  const lines = [
    ...["/", "0 0", "d--755 0 0", "boot d--755 0 0", "grub d--755 0 0"],
    ...["grub.cfg", "grubenv"].map((name) => file(name, "boot/grub")),
    ...["$", "$", "nix d--755 0 0", "store d--755 0 0"],
    ...["initrd", "new-kernel", "old-kernel"].map((name) => file(name, "nix/store")),
    ...["$", "$", "$"],
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

const run = ([program = "", ...words]: readonly string[], input = ""): void => {
  execFileSync(program, words, { input, stdio: ["pipe", "ignore", "pipe"] });
};

/** @param root - folder with `boot` and `nix/store` */
export function makeDisk(image: string, root: string, filesystem: keyof typeof FILESYSTEMS): void {
  const { module, uuid, make } = FILESYSTEMS[filesystem];
  const partition = `${image}.partition`;
  run(["truncate", "-s", `${PARTITION_MIB}M`, partition]);
  for (const command of make(partition, root, uuid)) run(command);
  run(["truncate", "-s", `${PARTITION_MIB + 1}M`, image]);
  run(["sfdisk", "-q", image], "label: dos\n2048,,L\n");
  run(["dd", `if=${partition}`, `of=${image}`, "bs=1M", "seek=1", "conv=notrunc,sparse", "status=none"]);
  run(["rm", partition]);
  installGrub(image, module);
}

/** As grub-install does, without a device: the boot sector, and GRUB in the gap before the first partition. */
function installGrub(image: string, module: string): void {
  const core = `${image}.core`;
  const modules = [
    "biosdisk",
    "part_msdos",
    module,
    "normal",
    "loadenv",
    "test",
    "linux",
    "search",
    "search_fs_uuid",
  ];
  run(["grub-mkimage", "-O", "i386-pc", "-o", core, "-p", "(hd0,msdos1)/boot/grub", ...modules]);
  if (readFileSync(core).length > MIB - 512) throw new Error("GRUB does not fit into the gap");
  const part = ["bs=1", "count=440", "conv=notrunc", "status=none"];
  run(["dd", `if=${join(GRUB, "boot.img")}`, `of=${image}`, ...part]);
  run(["dd", `if=${core}`, `of=${image}`, "bs=512", "seek=1", "conv=notrunc", "status=none"]);
  run(["rm", core]);
}
