import { dataDisks, etcdDisk, k3sDataDisks } from "../../src/config/data-disks";
import type { Vm } from "../../src/config/model";

/** A VM whose first disk has the system, with a disk on each of these paths. */
const vmWith = (...paths: readonly string[]): Vm =>
  ({
    disks: [undefined, ...paths].map((path, index) => ({
      interface: `scsi${index}`,
      ...(path === undefined ? {} : { mount: { path, filesystem: "ext4", options: [] } }),
    })),
  }) as unknown as Vm;

test("a host mounts each disk with a mount, by a name that other disks do not change", () => {
  expect(dataDisks(vmWith("/srv"))).toEqual([
    {
      interface: "scsi1",
      device: "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi1",
      path: "/srv",
      filesystem: "ext4",
      options: [],
    },
  ]);
  expect(dataDisks(vmWith())).toEqual([]);
});

test("K3s waits for the disks with its data, and for no other", () => {
  const paths = ["/srv", "/var/lib/rancher", "/var/lib/kubelet", "/var/lib/rancher-old", "/var/log"];
  expect(k3sDataDisks(vmWith(...paths)).map(({ path }) => path)).toEqual([
    "/var/lib/rancher",
    "/var/lib/kubelet",
  ]);
});

test.each([
  ["the first, without a mount above it", ["/srv", "/var/lib/rancher/k3s/agent"], "scsi0"],
  ["that of its mount", ["/srv", "/var/lib/rancher/k3s/server/db"], "scsi2"],
  ["that of the deepest mount", ["/var/lib", "/var/lib/rancher/k3s", "/var/lib/rancher"], "scsi2"],
])("etcd's disk is %s", (_, paths, disk) => {
  expect(etcdDisk(vmWith(...paths)).interface).toBe(disk);
});
