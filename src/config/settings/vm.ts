import type * as z from "zod";
import { cpuType } from "./cpu-type";
import { DiskSchema } from "./disk";
import { choice, group, list, matching, text, integer, boolean } from "./kinds";
import { NetworkInterfaceSchema } from "./network-interface";
import { pveName } from "./pve-name";

export const StartupSchema = group(
  {
    /** VMs with a lower number start earlier and stop later. */
    order: integer(0, 999_999, { example: 1 }),
    /** Delay before the next VM starts. @default - none */
    upDelaySeconds: integer(0, 86_400, { unit: "seconds", example: 60 }).optional(),
    /** Delay before the next VM stops. @default - none */
    downDelaySeconds: integer(0, 86_400, { unit: "seconds", example: 30 }).optional(),
  },
  { order: 1 },
);

/** PVE's order of starting and stopping the VM. */
export interface StartupSettings extends Readonly<z.input<typeof StartupSchema>> {}

/** The bounds are those of PVE and of the provider's validators, so that a synth reports what an apply would. */
export const VmSchema = group(
  {
    /** VM ID of the template to clone. @default - none: required, for the cluster or for the node */
    templateVmId: integer(100, 999_999_999, { example: 9000 }).optional(),
    /** Size of the template's disk, which is the least size of a clone's. @default - not checked */
    templateDiskGib: integer(1, 131_072, { unit: "GiB", example: 32 }).optional(),
    /** PVE node on which the VM runs. Changing it migrates the VM. @default - placed on one of `pve.nodes`; required without them, for the cluster or for the node */
    pveNode: pveName("node", "pve").optional(),
    /** PVE node of the template. @default - the VM's */
    templatePveNode: pveName("node", "pve2").optional(),
    /** Make linked clones of the template's disks instead of copying them. @default false */
    linkedClone: boolean().default(false),
    /** Target datastore of a full clone. @default - that of the first disk, so that PVE copies it only once */
    cloneDatastore: pveName("datastore", "local-lvm").optional(),
    /** Cores per socket. @default 2 */
    cores: integer(1, 2304, { example: 4 }).default(2),
    /** CPU sockets. @default 1 */
    sockets: integer(1, 16, { example: 2 }).default(1),
    /** CPU type; the provider's default would be `qemu64`. @default "x86-64-v2-AES" */
    cpuType: cpuType("host").default("x86-64-v2-AES"),
    /** Relative CPU weight. @default - PVE's: 100 */
    cpuUnits: integer(1, 262_144, { example: 1024 }).optional(),
    /** Limit of the VM's CPU time, in cores. @default - unlimited */
    cpuLimit: integer(1, 128, { unit: "cores", example: 3 }).optional(),
    /** Emulate a NUMA node for each socket. @default - the provider's: false */
    numa: boolean().optional(),
    /** Memory. @default 4096 */
    memoryMib: integer(64, 268_435_456, { unit: "MiB", example: 16_384 }).default(4096),
    /** Least memory to which ballooning may shrink the VM, at most `memoryMib`; 0 turns ballooning off. @default 0 */
    balloonMib: integer(0, 268_435_456, { unit: "MiB", example: 4096 }).default(0),
    /**
     * Disks. The first in the order of their interfaces is the clone of the template's disk, and must have the template's
     * interface: on another one, PVE adds an empty disk. @default - none: required, for the cluster or for the node
     */
    disks: list(DiskSchema.readonly(), [{ interface: "scsi0", datastore: "local-lvm", sizeGib: 32 }], {
      least: 1,
      expected: "at least the template's disk",
    }).optional(),
    /** Network interfaces; the first is the node's. @default - none: required, for the cluster or for the node */
    networkInterfaces: list(NetworkInterfaceSchema.readonly(), [{ bridge: "vmbr0" }], {
      least: 1,
      most: 32,
      expected: "at least the node's interface",
    }).optional(),
    /** Boot devices, in the order in which the firmware tries them. @default - the template's */
    bootOrder: list(text("scsi0"), ["scsi0", "net0"]).optional(),
    /** Machine type (chipset). @default - the template's; PVE's default for an imported VM */
    machine: matching(
      /^(pc|q35|virt|pc-(i440fx|q35)-\d+\.\d+)(\+pve\d+)?$/,
      "a machine type of PVE such as q35",
      "q35",
    ).optional(),
    /** SCSI controller. @default - the template's; `virtio-scsi-pci` for an imported VM */
    scsiHardware: choice(
      "lsi",
      "lsi53c810",
      "megasas",
      "pvscsi",
      "virtio-scsi-pci",
      "virtio-scsi-single",
    ).optional(),
    /** Start the VM when its PVE node boots. @default true */
    startOnBoot: boolean().default(true),
    /** PVE's order of starting and stopping the VM. @default - any order */
    startup: StartupSchema.readonly().optional(),
    /** PVE tags, in lower case: PVE converts others to it, and every plan would then show a change. @default - none */
    tags: list(matching(/^[a-z0-9_][a-z0-9_.+-]*$/, "lower-case letters, digits, _ . + -", "k3s"), [
      "k3s",
      "agent",
    ]).default([]),
    /**
     * Devices that PVE may hotplug; an empty list turns hotplug off. `cpu` and `memory` are not supported: previews assume
     * that their changes wait for a power-off. @default - PVE's: all three
     */
    hotplug: list(choice("disk", "network", "usb"), ["disk", "network"]).optional(),
    /** PVE resource pool. @default - none */
    pool: pveName("pool", "cluster").optional(),
    /** Make PVE refuse to remove the VM or its disks. This does not keep OpenTofu from trying. @default false */
    protection: boolean().default(false),
    /** How long an apply or a refresh waits for the guest agent to report an address. @default 60 */
    agentTimeoutSeconds: integer(1, 3600, { unit: "seconds", example: 15 }).default(60),
  },
  { templateVmId: 9000, pveNode: "pve" },
);

/** Settings of a VM. The cluster sets them for every node, and a node can override each of them as a whole. */
export interface VmSettings extends Readonly<z.input<typeof VmSchema>> {}
