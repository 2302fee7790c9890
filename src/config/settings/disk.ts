import type * as z from "zod";
import { formatValue } from "../fault";
import { boolean, checkedText, choice, group, integer, list, matching } from "./kinds";
import { pveName } from "./pve-name";

const PATH = "an absolute path on the host, such as /srv/data";

/** Where a filesystem would hide what the host needs to boot, or what others create at each boot. Also what is below. */
const SYSTEM_FOLDERS = [
  ..."/bin /boot /dev /etc /lib /lib64 /nix /proc /root /run /sbin /sys /tmp /usr".split(" "),
  ..."/var/empty /var/run /var/tmp /var/lib/data-disks /var/lib/k3s-rollout /var/lib/nftables".split(" "),
  ..."/var/lib/nixos /var/lib/private /var/lib/systemd".split(" "),
];

/** The same, but not what is below. NixOS mounts `/var`, `/var/lib` and `/var/log` in the initrd (nixos/lib/utils.nix). */
const SYSTEM_FOLDERS_THEMSELVES = ["/", "/var", "/var/lib", "/var/log"];

/** K3s makes folders in its own, so that only these may be on a disk of their own. */
export const K3S_FOLDER = "/var/lib/rancher";
/** Its data, unless its flags name another folder. */
export const K3S_DATA = `${K3S_FOLDER}/k3s`;
/** etcd's data and the snapshots (k3s, pkg/etcd/etcd.go). */
export const ETCD_FOLDER = `${K3S_DATA}/server/db`;
const K3S_MOUNTS = [K3S_FOLDER, ETCD_FOLDER];

export const isAtOrBelow = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);

function mountPathProblem(path: string): string | undefined {
  const canonical = /^(\/[A-Za-z0-9._-]+)+$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path);
  const system = SYSTEM_FOLDERS.find((folder) => isAtOrBelow(folder, path));
  if (system !== undefined)
    return `should be outside of ${system}, which belongs to the system, got ${formatValue(path)}`;
  if (SYSTEM_FOLDERS_THEMSELVES.includes(path))
    return `should be another folder than ${path}, which belongs to the system`;
  if (!canonical) return `should be ${PATH}, without . and .., got ${formatValue(path)}`;
  if (isAtOrBelow(K3S_FOLDER, path) && !K3S_MOUNTS.includes(path))
    return `should be ${K3S_MOUNTS.join(" or ")} for K3s' data, got ${formatValue(path)}`;
  return undefined;
}

/** Options that the emitted mount has already, or that contradict it. */
const OWN_OPTIONS = /^(auto|noauto|nofail|defaults|ro|x-systemd\..*)$/;

function mountOptionProblem(option: string): string | undefined {
  if (!/^[A-Za-z0-9_.:/=+-]+$/.test(option))
    return `should be one option of mount, such as noatime, got ${formatValue(option)}`;
  return OWN_OPTIONS.test(option)
    ? `should be an option of the filesystem, got ${formatValue(option)}: when a disk is mounted is decided here`
    : undefined;
}

export const DiskMountSchema = group(
  {
    /**
     * Folder on the host. `/var/lib/rancher` has K3s' data, `/var/lib/rancher/k3s/server/db` only etcd's: K3s starts only when
     * that disk is mounted.
     */
    path: checkedText(mountPathProblem, PATH, "/srv/data"),
    /** Filesystem with which an empty disk is formatted. @default "ext4" */
    filesystem: choice("ext4", "xfs").default("ext4"),
    /** Options of mount in addition to those that keep a missing disk from stopping the boot. @default - none */
    options: list(checkedText(mountOptionProblem, "an option of mount", "noatime"), ["noatime"]).default([]),
  },
  { path: "/srv/data" },
);

/** Where the host mounts a disk. */
export interface DiskMountSettings extends Readonly<z.input<typeof DiskMountSchema>> {}

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
    /**
     * Format the disk if it is empty, mount it in the host, and grow its filesystem with the disk. Only for scsi1 to scsi30: for
     * other disks no name in the guest is certain. @default - the host does not use the disk
     */
    mount: DiskMountSchema.readonly().optional(),
  },
  { interface: "scsi0", datastore: "local-lvm", sizeGib: 32 },
);

/** A disk of a VM. What you leave out gets the provider's default, not the template's value. */
export interface DiskSettings extends Readonly<z.input<typeof DiskSchema>> {}
