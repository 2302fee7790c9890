import type * as z from "zod";
import { BinaryCacheSchema } from "./binary-cache";
import { choice, group, list, matching, integer, boolean } from "./kinds";
import { MonitoringSchema } from "./monitoring";
import { NixpkgsSchema } from "./nixpkgs";
import { nodeInterface } from "./node-interface";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const VFAT_UUID = /^[0-9A-F]{4}-[0-9A-F]{4}$/;

export const RootFilesystemSchema = group(
  {
    /** Filesystem type. @default "ext4" */
    type: choice("ext4", "btrfs", "xfs").default("ext4"),
    /** UUID of the filesystem; clones have their template's. */
    uuid: matching(UUID, "a filesystem UUID in lower case", "dd933e34-9e75-4a1c-8597-61e6d3b7af63"),
  },
  { uuid: "dd933e34-9e75-4a1c-8597-61e6d3b7af63" },
);

/** The filesystem from which a host boots. */
export interface RootFilesystemSettings extends Readonly<z.input<typeof RootFilesystemSchema>> {}

const release = () => matching(/^\d\d\.(05|11)$/, "a NixOS release such as 25.11", "25.11");

export const NixosSchema = group({
  /** NixOS release of the hosts; a host does not build with another one. */
  release: release(),
  /** Release with which the hosts were first installed. Never change it afterwards. */
  stateVersion: release(),
  /** `bios` boots with GRUB from `bootDisk`, `uefi` with systemd-boot from `efiSystemPartition`. */
  firmware: choice("bios", "uefi"),
  /** Disk with GRUB. @default - none: required for `bios` */
  bootDisk: matching(
    /^\/dev\/[A-Za-z0-9/_.-]+$/,
    "a device such as /dev/sda, for bios",
    "/dev/sda",
  ).optional(),
  /** UUID of the EFI system partition. @default - none: required for `uefi` */
  efiSystemPartition: matching(VFAT_UUID, "a vfat UUID such as 1A2B-3C4D, for uefi", "1A2B-3C4D").optional(),
  /** Root filesystem. */
  rootFilesystem: RootFilesystemSchema.readonly(),
  /** Name that the node's network interface gets in the guest. The host finds the interface by the node's MAC address. */
  networkInterface: nodeInterface("ens18"),
  /** Attribute of `pkgs` for the kernel. @default "linuxPackages" */
  kernelPackages: matching(
    /^linuxPackages(_[A-Za-z0-9_]+)?$/,
    "an attribute such as linuxPackages_6_12",
    "linuxPackages_6_12",
  ).default("linuxPackages"),
  /**
   * At each boot, grow the root partition and its filesystem to the whole disk: a clone's disk may be larger than its
   * template's. Set `false` if the root is not the last partition of a plain disk, for example on LVM. @default true
   */
  growRoot: boolean().default(true),
  /** Generations in the boot menu; with only one, you could not boot a host into its previous generation. @default 10 */
  configurationLimit: integer(2, 100, { unit: "generations", example: 5 }).default(10),
  /**
   * Age at which a weekly job deletes old generations and collects garbage in the Nix store, which shares the disk with
   * images and etcd. The running, the booted and the default generation stay. 0 deletes nothing. @default 30
   */
  deleteGenerationsAfterDays: integer(0, 3650, { unit: "days", example: 14 }).default(30),
  /** Most that the journal takes of the root disk. @default - systemd's: a tenth of it, at most 4 GiB */
  journalMaxMib: integer(16, 1_048_576, { unit: "MiB", example: 1024 }).optional(),
  /**
   * Storage whose volumes pods on the host mount, for which it needs programs: `longhorn`, with an iSCSI initiator that Longhorn's pods
   * find, and NFS; or `nfs` alone. No port opens: hosts and pods begin these connections. @default - none
   */
  storage: list(choice("longhorn", "nfs"), ["longhorn"]).optional(),
  /** System for which NixOS is built. @default "x86_64-linux" */
  platform: choice("x86_64-linux", "aarch64-linux").default("x86_64-linux"),
  /** Binary caches of your own, which the host asks beside that of NixOS, also in a rollout. @default - only NixOS' own */
  binaryCaches: list(BinaryCacheSchema.readonly(), [
    {
      url: "https://cache.example.org",
      publicKey: "cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",
    },
  ]).optional(),
});

/** NixOS settings of a host. Wrong ones can keep it from booting or from being reachable. */
export interface NixosSettings extends Readonly<z.input<typeof NixosSchema>> {}

export const ClusterNixosSchema = NixosSchema.extend({
  /** One revision of nixpkgs from which all hosts are built. @default - each host builds from its own channel */
  nixpkgs: NixpkgsSchema.readonly().optional(),
  /** node_exporter on every host, with what only this project knows of it; alert rules and a dashboard. @default - none */
  monitoring: MonitoringSchema.readonly().optional(),
});

/** NixOS settings of every host, and what no host has for itself. */
export interface ClusterNixosSettings extends Readonly<z.input<typeof ClusterNixosSchema>> {}
