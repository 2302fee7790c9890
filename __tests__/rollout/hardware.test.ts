import { foreignFileSystems, rootDevice } from "../../src/rollout/hardware";

const entry = (mountPoint: string, device: string, type: string, more = ""): string =>
  `  fileSystems."${mountPoint}" =\n    { device = "${device}";\n      fsType = "${type}";\n${more}    };\n\n`;

const ROOT = entry("/", "/dev/disk/by-uuid/dd933e34-9e75-4a1c-8597-61e6d3b7af63", "ext4");
const BIND = '      options = [ "bind" ];\n';

test.each<[string, string, string]>([
  [
    "a pod's volume in memory",
    entry("/var/lib/kubelet/pods/x/volumes/y", "tmpfs", "tmpfs"),
    "a volume of a pod",
  ],
  [
    "a pod's disk",
    entry("/var/lib/kubelet/plugins/csi/globalmount", "/dev/sdb", "ext4"),
    "a volume of a pod",
  ],
  [
    "a pod's volume of a kubelet elsewhere",
    entry("/data/kubelet/pods/0d5c1a52-6c1e-4d4e-9d61-1c2f5f0c3c11/volumes/z", "/dev/sdb", "xfs"),
    "a volume of a pod",
  ],
  ["a container's root", entry("/srv/merged", "overlay", "overlay"), "overlay"],
  [
    "a mount of containerd's",
    entry("/var/lib/rancher/k3s/agent/containerd/tmp", "/dev/sdb", "ext4"),
    "a mount of containerd",
  ],
  ["memory", entry("/srv/scratch", "tmpfs", "tmpfs"), "tmpfs"],
  ["a bind mount", entry("/export", "/srv", "none", BIND), "a bind mount"],
  ["what is made at boot", entry("/run/k3s", "/dev/sdb", "ext4"), "created at each boot"],
])("%s is no filesystem of a host", (_, text, why) => {
  expect(foreignFileSystems(ROOT + text, [])).toEqual([expect.stringMatching(`^/.+ \\(${why}\\)$`)]);
});

test.each<[string, string]>([
  ["a root in memory", entry("/", "none", "tmpfs")],
  ["a disk for K3s", entry("/var/lib/rancher", "/dev/disk/by-uuid/0e5b2d3c", "ext4")],
  ["a disk for the kubelet", entry("/var/lib/kubelet", "/dev/disk/by-uuid/0e5b2d3c", "ext4")],
  ["an EFI system partition", entry("/boot", "/dev/disk/by-uuid/1A2B-3C4D", "vfat")],
  [
    "a subvolume",
    entry("/home", "/dev/disk/by-uuid/0e5b2d3c", "btrfs", '      options = [ "subvol=home" ];\n'),
  ],
])("%s is one", (_, text) => {
  expect(foreignFileSystems(text, [])).toEqual([]);
});

test("a filesystem of the running system's fstab is the host's, unless it is a pod's", () => {
  const pod = "/var/lib/kubelet/pods/x/volumes/y";
  const text = entry("/export", "/srv", "none", BIND) + entry(pod, "tmpfs", "tmpfs");
  expect(foreignFileSystems(text, ["/export", pod])).toEqual([`${pod} (a volume of a pod)`]);
});

test("the root's device is read from its entry", () => {
  expect(rootDevice(entry("/boot", "/dev/sda2", "vfat") + ROOT)).toBe(
    "/dev/disk/by-uuid/dd933e34-9e75-4a1c-8597-61e6d3b7af63",
  );
  expect(rootDevice(entry("/boot", "/dev/sda2", "vfat"))).toBeUndefined();
});
