import type * as z from "zod";
import { cpuType } from "./cpu-type";
import { DiskSchema } from "./disk";
import { choice, group, list, matching, text, whole, yesOrNo } from "./kinds";
import { NetworkInterfaceSchema } from "./network-interface";
import { pveName } from "./pve-name";

export const StartupSchema = group(
  {
    /** Lower starts earlier and stops later. */
    order: whole(0, 999_999, { example: 1 }),
    /** Wait before the next VM starts. @default - none */
    upDelaySeconds: whole(0, 86_400, { unit: "seconds", example: 60 }).optional(),
    /** Wait before the next VM stops. @default - none */
    downDelaySeconds: whole(0, 86_400, { unit: "seconds", example: 30 }).optional(),
  },
  { order: 1 },
);

/** PVE's order of starting and stopping VMs. */
export interface StartupSettings extends Readonly<z.input<typeof StartupSchema>> {}

/** Bounds are those of the provider's validators and of PVE, so that a synth says what an apply would. */
export const VmSchema = group(
  {
    /** VM ID of the template to clone. @default - has to be stated for the cluster or the node */
    templateVmId: whole(100, 999_999_999, { example: 9000 }).optional(),
    /** Size of the template's disk, below which no clone can be. @default - not checked */
    templateDiskGib: whole(1, 131_072, { unit: "GiB", example: 32 }).optional(),
    /** PVE node on which the VM runs. Changing it migrates the VM. @default - has to be stated for the cluster or the node */
    pveNode: pveName("node", "pve").optional(),
    /** PVE node that holds the template. @default - the VM's own */
    templatePveNode: pveName("node", "pve2").optional(),
    /** Clone the template's disks by reference instead of copying them. @default false */
    linkedClone: yesOrNo().default(false),
    /** Datastore in which a full clone lands. @default - that of the first disk, so that it is copied once */
    cloneDatastore: pveName("datastore", "local-lvm").optional(),
    /** Cores a socket. @default 2 */
    cores: whole(1, 2304, { example: 4 }).default(2),
    /** CPU sockets. @default 1 */
    sockets: whole(1, 16, { example: 2 }).default(1),
    /** CPU type; PVE makes an unnamed one `qemu64`. @default "x86-64-v2-AES" */
    cpuType: cpuType("host").default("x86-64-v2-AES"),
    /** Relative CPU weight. @default - PVE's: 100 */
    cpuUnits: whole(1, 262_144, { example: 1024 }).optional(),
    /** Cores' worth of CPU time that the VM may use. @default - unlimited */
    cpuLimit: whole(1, 128, { unit: "cores", example: 3 }).optional(),
    /** Show the guest a NUMA node for each socket. @default - the provider's: false */
    numa: yesOrNo().optional(),
    /** Memory. @default 4096 */
    memoryMib: whole(64, 268_435_456, { unit: "MiB", example: 16_384 }).default(4096),
    /** Least memory to which the balloon may shrink the VM, at most `memoryMib`; 0 turns the balloon off. @default 0 */
    balloonMib: whole(0, 268_435_456, { unit: "MiB", example: 4096 }).default(0),
    /**
     * The first disk in the order of their interfaces is the template's, and has to be on the template's interface:
     * on another one PVE adds an empty disk. @default - has to be stated for the cluster or the node
     */
    disks: list(DiskSchema.readonly(), [{ interface: "scsi0", datastore: "local-lvm", sizeGib: 32 }], {
      least: 1,
      wish: "at least the template's disk",
    }).optional(),
    /** The first is the node's own. @default - has to be stated for the cluster or the node */
    networkInterfaces: list(NetworkInterfaceSchema.readonly(), [{ bridge: "vmbr0" }], {
      least: 1,
      most: 32,
      wish: "at least the node's own",
    }).optional(),
    /** Devices in the order in which the firmware tries them. @default - the template's */
    bootOrder: list(text("scsi0"), ["scsi0", "net0"]).optional(),
    /** Chipset. @default - the template's; PVE's default for an imported VM */
    machine: matching(
      /^(pc|q35|virt|pc-(i440fx|q35)-\d+\.\d+)(\+pve\d+)?$/,
      "a chipset of PVE such as q35",
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
    startOnBoot: yesOrNo().default(true),
    /** Order in which PVE starts and stops its VMs. @default - any order */
    startup: StartupSchema.readonly().optional(),
    /** PVE tags; PVE lowers their case, which a plan would then show as a change for ever. @default - none */
    tags: list(matching(/^[a-z0-9_][a-z0-9_.+-]*$/, "lower-case letters, digits, _ . + -", "k3s"), [
      "k3s",
      "agent",
    ]).default([]),
    /**
     * What may be plugged while the VM runs; an empty list is nothing. Not `cpu` and `memory`: a preview says of their
     * change that it waits for a power-off. @default - PVE's: all three
     */
    hotplug: list(choice("disk", "network", "usb"), ["disk", "network"]).optional(),
    /** PVE resource pool. @default - none */
    pool: pveName("pool", "cluster").optional(),
    /** PVE refuses to remove the VM or its disks. It does not stop OpenTofu from trying. @default false */
    protection: yesOrNo().default(false),
    /** How long an apply or refresh waits for the guest agent to tell an address. @default 60 */
    agentTimeoutSeconds: whole(1, 3600, { unit: "seconds", example: 15 }).default(60),
  },
  { templateVmId: 9000, pveNode: "pve" },
);

/** Settings of a VM: stated for the cluster, and overridden node by node, each setting as a whole. */
export interface VmSettings extends Readonly<z.input<typeof VmSchema>> {}
