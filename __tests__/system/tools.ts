import { attempt, once, unshare, unshareAsRoot } from "../../testbed/namespaces/unshare";
import { SYSTEMD_BOOT } from "../../testbed/boot/esp";
import { OVMF_VARIABLES } from "../../testbed/boot/machine";
import { builtProgram } from "../../testbed/build/programs";

/** Something that is not part of `npm ci` and that a suite needs. */
export type Tool = {
  /** As a person would search for it. */
  readonly name: string;
  /** Whether it can be used here. */
  readonly works: () => boolean;
} & (
  | {
      /** What to install on Debian. */
      readonly debianPackage: string;
    }
  | {
      /** What `testbed/build/build.sh` builds it from. */
      readonly module: string;
    }
  | {
      /** What to do when it cannot be installed. */
      readonly advice: string;
    }
);

/**
 * Command that runs what follows it in a network namespace of its own, in which it may change rulesets.
 *
 * A user namespace gives that right to everyone if the kernel allows it. Root does not need one, and often cannot
 * create one in a container. `undefined` when neither works.
 */
export const ownNetwork = once((): readonly string[] | undefined => {
  const root = process.getuid?.() === 0;
  const ways = root
    ? [
        ["unshare", "-n"],
        ["unshare", "-rn"],
      ]
    : [["unshare", "-rn"]];
  return ways.find((way) => attempt([...way, "nft", "-f", "-"], "table inet probe {\n}\n") !== undefined);
});

export const OPENSSL: Tool = {
  name: "openssl",
  debianPackage: "openssl",
  works: once(() => attempt(["openssl", "version"]) !== undefined),
};

const nftIsThere = once(() => attempt(["nft", "--version"]) !== undefined);

export const NFT: Tool = { name: "nft", debianPackage: "nftables", works: nftIsThere };

/** Checked only on a machine with nft: without nft it is unknown. */
export const NETWORK_NAMESPACES: Tool = {
  name: "unshare with CAP_NET_ADMIN (as root, or in a user namespace)",
  debianPackage: "util-linux",
  works: () => !nftIsThere() || ownNetwork() !== undefined,
};

const isThere = (name: string, command: readonly string[], debianPackage = name): Tool => ({
  name,
  debianPackage,
  works: once(() => attempt(command) !== undefined),
});

/** Programs that the packet lab runs. */
const LAB_PROGRAMS: readonly Tool[] = [
  NFT,
  isThere("ip", ["ip", "-V"], "iproute2"),
  isThere("iptables-nft-restore", ["iptables-nft-restore", "--version"], "iptables"),
  isThere("ping", ["ping", "-V"], "iputils-ping"),
  isThere("perl", ["perl", "-MSocket", "-e", "1"], "perl-base"),
];

export const LAB: readonly Tool[] = [
  ...LAB_PROGRAMS,
  {
    name: "unshare with a network of its own, VXLAN and br_netfilter (as root, or in a user namespace)",
    debianPackage: "util-linux",
    // Without these programs it is unknown.
    works: () => !LAB_PROGRAMS.every((tool) => tool.works()) || unshare() !== undefined,
  },
];

/** What the bed of K3s needs in addition to K3s. */
export const K3S_BED: readonly Tool[] = [
  ...LAB_PROGRAMS,
  {
    name: "unshare with cgroups of its own (as root)",
    debianPackage: "util-linux",
    works: once(
      () => attempt(["unshare", "-mC", "mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"]) !== undefined,
    ),
  },
];

export const DNSMASQ = isThere("dnsmasq", ["dnsmasq", "--version"], "dnsmasq-base");

const formats = (name: string, debianPackage: string): Tool => isThere(name, ["which", name], debianPackage);

/** PCs in QEMU that boot with GRUB for BIOS, and what makes their disks. */
export const GRUB_MACHINE: readonly Tool[] = [
  isThere("qemu-system-x86_64", ["qemu-system-x86_64", "--version"], "qemu-system-x86"),
  isThere("GRUB for BIOS", ["test", "-e", "/usr/lib/grub/i386-pc/boot.img"], "grub-pc-bin"),
  isThere("grub-mkimage", ["grub-mkimage", "--version"], "grub-common"),
  isThere("grub-editenv", ["grub-editenv", "--version"], "grub-common"),
  formats("mkfs.ext4", "e2fsprogs"),
  formats("mkfs.xfs", "xfsprogs"),
  formats("mkfs.btrfs", "btrfs-progs"),
  formats("mkfs.vfat", "dosfstools"),
  formats("mcopy", "mtools"),
  formats("sfdisk", "fdisk"),
];

/** PCs in QEMU that boot with UEFI and systemd-boot, and what makes their disks. */
export const SYSTEMD_BOOT_MACHINE: readonly Tool[] = [
  isThere("qemu-system-x86_64", ["qemu-system-x86_64", "--version"], "qemu-system-x86"),
  isThere("OVMF", ["test", "-e", OVMF_VARIABLES], "ovmf"),
  isThere("systemd-boot", ["test", "-e", SYSTEMD_BOOT], "systemd-boot-efi"),
  isThere("GRUB for UEFI", ["test", "-e", "/usr/lib/grub/x86_64-efi/moddep.lst"], "grub-efi-amd64-bin"),
  isThere("grub-mkimage", ["grub-mkimage", "--version"], "grub-common"),
  formats("mkfs.vfat", "dosfstools"),
  formats("mcopy", "mtools"),
];

const LOOP_PROBE = `set -e
  image=$(mktemp)
  trap 'rm "$image"' EXIT
  truncate -s 8M "$image"
  disk=$(losetup --find --show "$image")
  trap 'rm "$image"; losetup -d "$disk"' EXIT
  mkfs.ext4 -q "$disk"
  mount "$disk" /mnt
  umount /mnt`;

/** Programs that make disks, and loop devices to make them on. */
export const DISKS: readonly Tool[] = [
  formats("mkfs.ext4", "e2fsprogs"),
  formats("mkfs.xfs", "xfsprogs"),
  formats("mkfs.btrfs", "btrfs-progs"),
  formats("mkfs.vfat", "dosfstools"),
  formats("mkfs.minix", "util-linux"),
  formats("cryptsetup", "cryptsetup-bin"),
  formats("sfdisk", "fdisk"),
  isThere("systemd-growfs", ["test", "-x", "/lib/systemd/systemd-growfs"], "systemd"),
  {
    name: "loop devices that can be mounted",
    debianPackage: "util-linux, as root, where the kernel has loop devices",
    works: once(() => attempt(["unshare", "-m", "sh", "-c", LOOP_PROBE]) !== undefined),
  },
];

/** Programs that make disk images and look into them without root. */
export const IMAGES: readonly Tool[] = [
  formats("mkfs.ext4", "e2fsprogs"),
  formats("debugfs", "e2fsprogs"),
  formats("mkfs.vfat", "dosfstools"),
  formats("sfdisk", "fdisk"),
  formats("ssh-keygen", "openssh-client"),
];

export const VMALERT = isThere("vmalert", ["vmalert", "--version"], "victoria-metrics");

export const KEEPALIVED = isThere("keepalived", ["keepalived", "--version"]);

export const HAPROXY = isThere("haproxy", ["haproxy", "-v"]);

/** A sandbox in which programs have users of their own. */
export const ROOT: Tool = {
  name: "unshare with all of root's rights (as root)",
  advice: "run it as root",
  works: () => unshareAsRoot() !== undefined,
};

export const CURL = isThere("curl", ["curl", "--version"]);

export const BIND = isThere("named-checkzone", ["named-checkzone", "-v"], "bind9-utils");

/** With what makes and reads the filesystem. */
export const MTOOLS: readonly Tool[] = [
  isThere("mlabel", ["mlabel", "--version"], "mtools"),
  isThere("mkfs.vfat", ["mkfs.vfat", "--help"], "dosfstools"),
];

export const UDEV = isThere("udevadm", ["udevadm", "--version"], "udev");

export const SHELLCHECK = isThere("shellcheck", ["shellcheck", "--version"]);

export const NIX: Tool = {
  name: "nix-instantiate",
  debianPackage: "nix-bin",
  works: once(() => attempt(["nix-instantiate", "--version"]) !== undefined),
};

/** The registry that npm is configured to use. */
export const NPM_REGISTRY: Tool = {
  name: "the npm registry",
  advice: "connect this machine to it",
  works: once(() => attempt(["npm", "view", "tsx", "version"]) !== undefined),
};

/** A program of a module of `testbed/build`. */
export const built = (module: string, name: string): Tool => ({
  name,
  module,
  works: once(() => builtProgram(module, name) !== undefined),
});

/** What to do about a missing tool: Debian's package, how to build it, or its own advice. */
function remedy(tool: Tool, debian: string, build: string): string {
  if ("advice" in tool) return tool.advice;
  return "module" in tool
    ? `${build} testbed/build/build.sh ${tool.module}`
    : `${debian} ${tool.debianPackage}`;
}

/** What jest does with a suite. */
interface Verdict {
  readonly run: boolean;
  /** Names of the tests that stand for the suite when it is not run. */
  readonly instead: readonly string[];
  readonly fail: boolean;
}

/** A missing tool is a failure in CI, where it is installed on purpose, and a visible skip elsewhere. */
export function verdict(tools: readonly Tool[], ci: boolean): Verdict {
  const missing = tools.filter((tool) => !tool.works());
  const words = (tool: Tool): string =>
    ci
      ? `is missing; ${remedy(tool, "install Debian's package", "run")}`
      : `is missing, so none of this was tested; ${remedy(tool, "Debian:", "to build it:")}`;
  return {
    run: missing.length === 0,
    instead: missing.map((tool) => `${tool.name} ${words(tool)}`),
    fail: ci,
  };
}

/** `describe` for a suite that needs tools. */
export function describeWith(tools: readonly Tool[], name: string, suite: () => void): void {
  const { run, instead, fail } = verdict(tools, ["true", "1"].includes(process.env.CI ?? ""));
  if (run) return describe(name, suite);
  // Jest prints nothing for a file whose tests are all skipped.
  if (!fail) process.stderr.write(instead.map((words) => `○ skipped: ${name}: ${words}\n`).join(""));
  describe(name, () => {
    for (const words of instead) {
      if (fail) {
        test(words, () => {
          throw new Error(words);
        });
      } else {
        test.skip(words, () => undefined);
      }
    }
  });
}
