import type * as z from "zod";
import { choice, group, matching, integer, boolean } from "./kinds";
import { pveName } from "./pve-name";

const INTERFACE = /^(ide[0-3]|sata[0-5]|scsi([12]?[0-9]|30)|virtio([0-9]|1[0-5]))$/;

/** Optional settings have no default here: the provider decides what you leave out. */
export const DiskSchema = group(
  {
    /** Bus and number in PVE. */
    interface: matching(INTERFACE, "ide0-3, sata0-5, scsi0-30 or virtio0-15", "scsi0"),
    /** PVE datastore of the disk. */
    datastore: pveName("datastore", "local-lvm"),
    /** Size in GiB; at least that of the template's disk, since PVE does not shrink disks. */
    sizeGib: integer(1, 131_072, { unit: "GiB", example: 32 }),
    /** Format of the volume. @default - the datastore's default */
    fileFormat: choice("qcow2", "raw", "vmdk").optional(),
    /** How PVE does asynchronous I/O. @default - the provider's: "io_uring" */
    aio: choice("io_uring", "native", "threads").optional(),
    /** How PVE caches writes. @default - the provider's: "none" */
    cache: choice("none", "directsync", "writethrough", "writeback", "unsafe").optional(),
    /** Pass discards (TRIM) to the datastore. @default - the provider's: false */
    discard: boolean().optional(),
    /** Use an I/O thread; effective only with `scsiHardware: "virtio-scsi-single"`. @default - the provider's: false */
    iothread: boolean().optional(),
    /** Present the disk as an SSD. @default - the provider's: false */
    ssd: boolean().optional(),
    /** Include the disk in PVE backups. @default - the provider's: true */
    backup: boolean().optional(),
    /** Include the disk in PVE storage replication. @default - the provider's: true */
    replicate: boolean().optional(),
  },
  { interface: "scsi0", datastore: "local-lvm", sizeGib: 32 },
);

/** A disk of a VM. What you leave out gets the provider's default, not the template's value. */
export interface DiskSettings extends Readonly<z.input<typeof DiskSchema>> {}
