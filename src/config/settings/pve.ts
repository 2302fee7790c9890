import type * as z from "zod";
import { boolean, choice, group, integer, list, namedGroups, positive, text } from "./kinds";

export const PveDatastoreSchema = group(
  {
    /** Space for the disks of this app's clusters. */
    sizeGib: integer(1, 1_000_000_000, { unit: "GiB", example: 900 }),
    /** Every PVE node that has it sees the same disks, as with Ceph or NFS. @default false */
    shared: boolean().default(false),
    /** It is on a ZFS pool of this PVE node, whose cache (ARC) takes memory. @default false */
    zfs: boolean().default(false),
  },
  { sizeGib: 900 },
);

/** A datastore, as a PVE node has it. */
export interface PveDatastoreSettings extends Readonly<z.input<typeof PveDatastoreSchema>> {}

const NODE_EXAMPLE = {
  cores: 16,
  memoryMib: 65_536,
  datastores: { "local-lvm": { sizeGib: 900 } },
  bridges: ["vmbr0"],
};

export const PveNodeSchema = group(
  {
    /** CPUs as Proxmox VE counts them. It starts no VM that has more. */
    cores: integer(1, 8192, { example: 16 }),
    /** Memory. */
    memoryMib: integer(1024, 268_435_456, { unit: "MiB", example: 65_536 }),
    /**
     * Memory that no cluster of this app has: of Proxmox VE itself and of other guests.
     * @default 2048
     */
    reservedMib: integer(0, 268_435_456, { unit: "MiB", example: 8192 }).default(2048),
    /**
     * Most that ZFS' cache takes, `zfs_arc_max`. @default - with a datastore on ZFS what Proxmox VE's installer sets since 8.1, a
     * tenth of the memory and at most 16384, else 0. An older installation takes up to half of the memory
     */
    zfsArcMib: integer(0, 268_435_456, { unit: "MiB", example: 8192 }).optional(),
    /** Datastores by name, for disks of VMs. */
    datastores: namedGroups(PveDatastoreSchema, { "local-lvm": { sizeGib: 900 } }),
    /** Names of its bridges. */
    bridges: list(text("vmbr0"), ["vmbr0"]),
    /**
     * VM ID of a copy of the template on this PVE node, from which the VMs here are cloned. @default - they are cloned from
     * `templateVmId` on `templatePveNode`
     */
    templateVmId: integer(100, 999_999_999, { example: 9001 }).optional(),
  },
  NODE_EXAMPLE,
);

/** What a PVE node has for the clusters of this app. `npm run inventory` reads it from Proxmox VE. */
export interface PveNodeSettings extends Readonly<z.input<typeof PveNodeSchema>> {}

export const OvercommitSchema = group(
  {
    /** Cores per CPU of a PVE node that its VMs may have. @default 4 */
    cpu: positive("cores per CPU", 2).default(4),
    /** MiB per MiB of memory that a PVE node has for VMs. Above 1, its kernel may kill VMs. @default 1 */
    memory: positive("MiB per MiB", 1.2).default(1),
    /** GiB per GiB of a datastore that disks may have. Above 1, a full datastore stops VMs. @default 1 */
    disk: positive("GiB per GiB", 2).default(1),
  },
  { cpu: 2 },
);

/** How much more than a PVE node has its VMs may be promised. The defaults are those of OpenStack's scheduler. */
export interface OvercommitSettings extends Readonly<z.input<typeof OvercommitSchema>> {}

export const PveSchema = group(
  {
    /** PVE nodes by name, on which VMs may run. */
    nodes: namedGroups(PveNodeSchema.readonly(), { pve1: NODE_EXAMPLE }),
    /**
     * Which nodes without `pveNode` are kept apart: `"servers"` puts each server on the PVE node with the fewest servers, and agents
     * where most memory is left; `"all"` puts also agents on the PVE node with the fewest nodes.
     * @default "servers"
     */
    spread: choice("servers", "all").default("servers"),
    /** How much more may be promised than there is. @default `{ cpu: 4, memory: 1, disk: 1 }` */
    overcommit: OvercommitSchema.readonly().default({ cpu: 4, memory: 1, disk: 1 }),
    /**
     * VMs that Proxmox VE's HA manager starts on another PVE node when theirs fails. Their disks must be on shared datastores. With
     * servers among them, a rule keeps these apart. @default - none
     */
    ha: choice("servers", "agents", "all").optional(),
  },
  { nodes: { pve1: NODE_EXAMPLE } },
);

/** The PVE nodes, and how VMs are placed on them. */
export interface PveSettings extends Readonly<z.input<typeof PveSchema>> {}
