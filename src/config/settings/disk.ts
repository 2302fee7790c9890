import type * as z from "zod";
import { choice, group, matching, whole, yesOrNo } from "./kinds";
import { pveName } from "./pve-name";

const INTERFACE = /^(ide[0-3]|sata[0-5]|scsi([12]?[0-9]|30)|virtio([0-9]|1[0-5]))$/;

/** What is left out is the provider's to decide, so that none of it has a default here. */
export const DiskSchema = group(
  {
    /** PVE bus and number. */
    interface: matching(INTERFACE, "ide0-3, sata0-5, scsi0-30 or virtio0-15", "scsi0"),
    /** PVE datastore that holds the disk. */
    datastore: pveName("datastore", "local-lvm"),
    /** Size in GiB; at least the template's, since PVE does not shrink disks. */
    sizeGib: whole(1, 131_072, { unit: "GiB", example: 32 }),
    /** Format of the volume. @default - the datastore's own */
    fileFormat: choice("qcow2", "raw", "vmdk").optional(),
    /** How PVE does input and output. @default - the provider's: "io_uring" */
    aio: choice("io_uring", "native", "threads").optional(),
    /** How PVE caches writes. @default - the provider's: "none" */
    cache: choice("none", "directsync", "writethrough", "writeback", "unsafe").optional(),
    /** Pass discards on to the datastore. @default - the provider's: false */
    discard: yesOrNo().optional(),
    /** Effective only with `scsiHardware: "virtio-scsi-single"`. @default - the provider's: false */
    iothread: yesOrNo().optional(),
    /** Present the disk as an SSD. @default - the provider's: false */
    ssd: yesOrNo().optional(),
    /** Include the disk in PVE backups. @default - the provider's: true */
    backup: yesOrNo().optional(),
    /** Include the disk in PVE storage replication. @default - the provider's: true */
    replicate: yesOrNo().optional(),
  },
  { interface: "scsi0", datastore: "local-lvm", sizeGib: 32 },
);

/** A disk of a VM. An attribute that is left out takes the provider's default, not the template's value. */
export interface DiskSettings extends Readonly<z.input<typeof DiskSchema>> {}
