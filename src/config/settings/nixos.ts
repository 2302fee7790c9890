import type * as z from "zod";
import { choice, group, matching, whole, yesOrNo } from "./kinds";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const VFAT_UUID = /^[0-9A-F]{4}-[0-9A-F]{4}$/;

export const RootFilesystemSchema = group(
  {
    /** Kind of the filesystem. @default "ext4" */
    type: choice("ext4", "btrfs", "xfs").default("ext4"),
    /** UUID of the filesystem; clones share their template's. */
    uuid: matching(UUID, "a filesystem UUID in lower case", "dd933e34-9e75-4a1c-8597-61e6d3b7af63"),
  },
  { uuid: "dd933e34-9e75-4a1c-8597-61e6d3b7af63" },
);

/** The filesystem from which a host boots. */
export interface RootFilesystemSettings extends Readonly<z.input<typeof RootFilesystemSchema>> {}

const release = () => matching(/^\d\d\.(05|11)$/, "a NixOS release such as 25.11", "25.11");

export const NixosSchema = group({
  /** NixOS release that the hosts run; a host refuses to build with another. */
  release: release(),
  /** Release with which the hosts were first installed. Never raised afterwards. */
  stateVersion: release(),
  /** `bios` boots by GRUB from `bootDisk`, `uefi` by systemd-boot from `efiSystemPartition`. */
  firmware: choice("bios", "uefi"),
  /** Disk that carries GRUB. @default - has to be stated for `bios` */
  bootDisk: matching(
    /^\/dev\/[A-Za-z0-9/_.-]+$/,
    "a device such as /dev/sda, for bios",
    "/dev/sda",
  ).optional(),
  /** UUID of the EFI system partition. @default - has to be stated for `uefi` */
  efiSystemPartition: matching(VFAT_UUID, "a vfat UUID such as 1A2B-3C4D, for uefi", "1A2B-3C4D").optional(),
  /** Filesystem from which a host boots. */
  rootFilesystem: RootFilesystemSchema.readonly(),
  /** Name of the node's network interface in the guest. */
  networkInterface: matching(
    // The kernel's limit is 15 characters. What comes by the others is taken for pods'.
    /^(?!(lo|cni0|flannel\.1|flannel-wg)$)[A-Za-z][A-Za-z0-9_.-]{0,14}$/,
    "the name of the node's own interface, such as ens18",
    "ens18",
  ),
  /** Attribute of `pkgs` with the kernel. @default "linuxPackages" */
  kernelPackages: matching(
    /^linuxPackages(_[A-Za-z0-9_]+)?$/,
    "an attribute such as linuxPackages_6_12",
    "linuxPackages_6_12",
  ).default("linuxPackages"),
  /**
   * At each boot the root partition and its filesystem take all of their disk: a clone's may be larger than its template's.
   * State `false` where the root is not the last partition of a plain disk, such as on LVM. @default true
   */
  growRoot: yesOrNo().default(true),
  /** Generations in the boot menu; with one alone a host could not be booted into what it ran before. @default 10 */
  configurationLimit: whole(2, 100, { unit: "generations", example: 5 }).default(10),
  /**
   * Days after which a former generation is deleted, weekly, with what it alone has in the Nix store: it shares the disk with
   * images and etcd. What runs, was booted or boots next stays. 0 deletes nothing. @default 30
   */
  deleteGenerationsAfterDays: whole(0, 3650, { unit: "days", example: 14 }).default(30),
  /** System for which NixOS is built. @default "x86_64-linux" */
  platform: choice("x86_64-linux", "aarch64-linux").default("x86_64-linux"),
});

/** What decides whether a host boots and is reachable. */
export interface NixosSettings extends Readonly<z.input<typeof NixosSchema>> {}
