import type { Faults } from "./fault";
import type { Vm } from "./model";
import { ETCD_FOLDER, isAtOrBelow, K3S_FOLDER, type DiskSettings } from "./settings";

/** A disk that the host mounts. */
export interface DataDisk {
  /** In Proxmox VE, such as `scsi1`. */
  readonly interface: string;
  /** Its name in the guest, which stays the same whatever other disks there are. */
  readonly device: string;
  readonly path: string;
  readonly filesystem: "ext4" | "xfs";
  readonly options: readonly string[];
}

export const dataDisks = ({ disks }: Vm): DataDisk[] =>
  disks.flatMap(({ interface: name, mount }) =>
    mount === undefined ? [] : [{ interface: name, device: deviceOf(name), ...mount }],
  );

/**
 * Proxmox VE tells QEMU the ID `drive-scsi1` of a SCSI disk (qemu-server, PVE/QemuServer/DriveDevice.pm; before QEMU 10 it was QEMU's
 * own default), and udev makes a link of vendor, model and ID (systemd, 60-persistent-storage.rules). A virtio disk has such a
 * link only with a serial number, that of a SATA or IDE disk has the number of all such drives before it, and a path by PCI depends on
 * the machine type.
 */
const deviceOf = (name: string): string => `/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-${name}`;

/** Folder on a host that has the UUID of each data disk's filesystem, by its interface. */
export const DATA_DISKS = "/var/lib/data-disks";

/** Folders of K3s: its data with its identity, and the volumes of running pods. */
const K3S_DATA = [K3S_FOLDER, "/var/lib/kubelet"];

const hasK3sData = (path: string): boolean => K3S_DATA.some((folder) => isAtOrBelow(folder, path));

/** Those without which K3s must not run: it would find an empty folder. */
export const k3sDataDisks = (vm: Vm): DataDisk[] => dataDisks(vm).filter(({ path }) => hasK3sData(path));

/** The disk that has etcd's data: that of the deepest mount, or the first, which has the system. */
export function etcdDisk({ disks }: Vm): DiskSettings {
  const mounted = disks.filter(({ mount }) => mount !== undefined && isAtOrBelow(mount.path, ETCD_FOLDER));
  const deepest = mounted.sort((a, b) => (b.mount?.path.length ?? 0) - (a.mount?.path.length ?? 0))[0];
  return deepest ?? (disks[0] as DiskSettings);
}

/** Faults of the disks' mounts. `disks` are sorted by interface. */
export function checkMounts(disks: readonly DiskSettings[], faults: Faults): void {
  const seen = new Map<string, string>();
  disks.forEach(({ interface: name, mount }, index) => {
    if (mount === undefined) return;
    const setting = `disks[${name}].mount`;
    if (index === 0)
      return faults.add(
        setting,
        "should be left out: the first disk is the template's, with the host's system",
      );
    // A wrong interface is another fault.
    if (/^(ide|sata|virtio)/.test(name))
      faults.add(
        setting,
        `should be of a disk on scsi1 to scsi30: no name of ${name} in the guest is certain`,
      );
    const other = seen.get(mount.path);
    if (other !== undefined)
      faults.add(`${setting}.path`, `should not be ${mount.path}, where ${other} is mounted`);
    seen.set(mount.path, name);
  });
}
