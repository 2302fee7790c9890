/**
 * The program that formats data disks, as it is emitted, on loop devices with the real mkfs, wipefs, blkid and mount. Not shown: the unit
 * in a NixOS that boots, and the disk's name in a guest of Proxmox VE.
 */
import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { remoteScript } from "../../src/render/remote-script";
import { Report } from "../../src/rollout/script";
import { temporaryFolder } from "../fixture";
import { fenced, textOf } from "../markdown";
import { environment } from "../../testbed/namespaces/unshare";
import { cluster, disksWith, emitted } from "./clusters";
import { NOT_EMPTY, SMALL, type NotEmpty } from "./signatures";
import { DISKS, describeWith } from "./tools";

const MODEL = cluster({ agents: 0, server: [{ disks: disksWith({ path: "/srv/data" }) }] });
const PROGRAM = emitted(MODEL).get("k3s-server-1/format-disk.sh") as string;

/** XFS makes no smaller filesystem than 300 MiB. */
const SIZE = 512 * 1024 * 1024;
/** Seconds that all of a script may take. What it leaves is removed by the script itself, also when a test is interrupted. */
const LIMIT_SECONDS = 60;

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs shell code in a mount namespace of its own, with an empty disk `$disk` on the file `$image`, and `format FILESYSTEM`, which
 * is the emitted program.
 */
function onDisk(code: string, bytes: NotEmpty["bytes"] = [], size = SIZE): Result {
  const folder = temporaryFolder();
  write(join(folder, "image"), bytes, size);
  writeFileSync(join(folder, "format-disk.sh"), PROGRAM);
  const script = `
    set -eu
    cd ${folder}
    image=$PWD/image
    disk=$(losetup --find --show "$image")
    loop=$disk
    trap 'cd /; umount -q -l "$loop" 2>/dev/null || true; losetup -d "$loop"' EXIT
    trap 'exit 1' HUP INT TERM
    format() { sh format-disk.sh "$disk" "$1" kept/scsi1 2; }
    keep() { sync "$disk" && cp --sparse=always "$image" before; }
    same() { sync "$disk" && cmp "$image" before; }
    ${code}`;
  const command = [String(LIMIT_SECONDS), "unshare", "-m", "sh", "-c", script];
  return spawnSync("timeout", command, { encoding: "utf8", env: environment });
}

function write(file: string, bytes: readonly (readonly [number, string])[], size: number): void {
  const handle = openSync(file, "w");
  ftruncateSync(handle, size);
  for (const [offset, text] of bytes)
    writeSync(handle, Buffer.from(text, "latin1"), 0, text.length, offset < 0 ? size + offset : offset);
  closeSync(handle);
}

describeWith(DISKS, "a data disk", () => {
  describe.each(["ext4", "xfs"])("of %s", (filesystem) => {
    test("is formatted when it is empty, and only once", () => {
      const { stdout, stderr, status } = onDisk(`
        format ${filesystem}
        mkdir data && mount "$disk" data && echo precious >data/file && umount data
        blkid -p -o value -s TYPE "$disk"
        [ "$(cat kept/scsi1)" = "$(blkid -p -o value -s UUID "$disk")" ]
        keep
        format ${filesystem}
        format ${filesystem}
        same
        mount "$disk" data && cat data/file`);
      expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
      expect(
        stdout
          .replace(/\/dev\/loop\d+/, "DISK")
          .trim()
          .split("\n"),
      ).toEqual([`DISK was empty, and is formatted as ${filesystem} now`, filesystem, "precious"]);
    });
  });

  /** Sizes in MiB before the disk grows, after it, and after another time, and what is in the file then. */
  function grown(filesystem: string, grow: string): string[] {
    const { stdout, stderr, status } = onDisk(`
      mkdir data
      blocks() { df --output=size -B M data | tail -n 1 | tr -d ' M'; }
      format ${filesystem} >/dev/null
      mount "$disk" data && echo precious >data/file && blocks
      truncate -s ${2 * SIZE} "$image" && losetup -c "$disk"
      for _ in 1 2; do
        { ${grow}; } >grown 2>&1 || cat grown >&2
        blocks
      done
      cat data/file
      umount data && format ${filesystem}`);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout.trim().split("\n");
  }

  test.each([
    ["xfs", "/lib/systemd/systemd-growfs $PWD/data"],
    // The kernel grows a mounted ext4 only with CAP_SYS_RESOURCE, which root has not everywhere.
    ["ext4", "umount data && e2fsck -fp $disk && resize2fs $disk && mount $disk data"],
  ])("of %s grows with its disk, and twice is harmless", (filesystem, grow) => {
    const [before, after, again, ...rest] = grown(filesystem, grow);
    expect(Number(after)).toBeGreaterThan(1.8 * Number(before));
    expect([again, ...rest]).toEqual([after, "precious"]);
  });

  test("is known in at least 20 kinds that are not empty", () => {
    expect(new Set(NOT_EMPTY.flatMap(({ type }) => type ?? [])).size).toBeGreaterThanOrEqual(20);
  });

  test.each(NOT_EMPTY.map((kind) => [kind.name, kind] as const))(
    "is never formatted when it has %s",
    (_, kind) => {
      const { stdout, stderr, status } = onDisk(
        `{ ${kind.make ?? ":"}; } 2>&1
        keep
        wipefs --noheadings --output TYPE "$disk" | tr -s ' \\n' '\\n' | sed 's/^/type /'
        for filesystem in ext4 xfs; do
          [ "$filesystem" = "${kind.type}" ] || if format $filesystem; then echo formatted; fi
        done
        same
        [ ! -e kept ]`,
        kind.bytes,
        SMALL,
      );
      const types = [...stdout.matchAll(/^type (\S+)$/gm)].map(([, type]) => type);
      const reasons = stderr.trim().split("\n");
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining("formatted") });
      expect(reasons).toHaveLength(kind.type === "ext4" ? 1 : 2);
      if (kind.type === undefined) expect(types).toEqual([]);
      else expect(types).toContain(kind.type);
      const why = kind.type === undefined ? "has data without a signature" : "has a signature (";
      for (const reason of reasons) {
        expect(reason).toContain(why);
        expect(reason).toContain(kind.type ?? "was not formatted");
        expect(reason).toContain("wipefs --all /dev/loop");
      }
    },
  );

  test("is formatted after what its refusal says to do", () => {
    const { stdout, stderr, status } = onDisk(`
      mkfs.ext4 -q "$disk"
      refusal=$(format xfs 2>&1 || true)
      eval "\${refusal#*is needed: }" >/dev/null
      format xfs`);
    expect({ stderr, status, stdout }).toEqual({
      stderr: "",
      status: 0,
      stdout: expect.stringContaining("formatted as xfs"),
    });
  });

  test("that is missing is said to be, within the time", () => {
    const { stderr, status } = onDisk(`
      before=$(date +%s)
      ! sh format-disk.sh /dev/disk/by-id/none ext4 kept/scsi1 2
      [ "$(($(date +%s) - before))" -lt 10 ]
      [ ! -e kept ]`);
    expect({ stderr, status }).toEqual({
      stderr: "/dev/disk/by-id/none is missing: is the disk attached to the VM?\n",
      status: 0,
    });
  });

  test("that appears while the program waits is formatted", () => {
    const { stderr, status } = onDisk(`
      { sleep 1; ln -s "$disk" late; } &
      sh format-disk.sh late ext4 kept/scsi1 20`);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  });

  test("that is smaller than what is looked at is not formatted", () => {
    const { stderr, status } = onDisk(`truncate -s 512K "$image"; losetup -c "$disk"; ! format ext4`);
    expect({ stderr, status }).toEqual({
      stderr: expect.stringContaining("is smaller than 1 MiB"),
      status: 0,
    });
  });

  test("that replaces the host's own is refused, empty or not", () => {
    const { stderr, status } = onDisk(`
      format ext4 >/dev/null
      mkfs.ext4 -q -F "$disk"
      ! format ext4
      wipefs -q --all "$disk" && blkdiscard --zeroout "$disk"
      ! format ext4
      [ -z "$(wipefs "$disk")" ]
      rm kept/scsi1
      format ext4 >/dev/null`);
    expect(status).toBe(0);
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringMatching(
        /has the filesystem .*, and this host's was .*: it is another disk.*remove kept\/scsi1/,
      ),
      expect.stringMatching(
        /is empty, and this host's filesystem was .*: it is another disk.*remove kept\/scsi1/,
      ),
    ]);
  });

  test("gets the data of a node that runs by the commands of the page", () => {
    const [copy = "", remove = ""] = fenced(textOf("docs/how-to/data-disks.md"), "sh").filter((block) =>
      block.includes("/mnt"),
    );
    const { stdout, stderr, status } = onDisk(`
      mount -t tmpfs none /var/lib && mount -t tmpfs none /mnt
      mkdir -p /var/lib/rancher/k3s/server && echo precious >/var/lib/rancher/k3s/server/token
      systemctl() { echo "$@"; }
      killed() { echo killed; }
      ${copy
        .replace(/^disk=.*$/m, "")
        .replaceAll("k3s-killall.sh", "killed")
        .replace("mkfs.ext4", "mkfs.ext4 -q")}
      format ext4
      umount /var/lib/rancher && [ -e /var/lib/rancher/k3s/server/token ] && mount "$disk" /var/lib/rancher
      mkdir -p /mnt/var/lib
      ${remove.replace("mount --bind / /mnt", "mount --bind /var/lib /mnt/var/lib").replace("umount /mnt", "umount /mnt/var/lib")}
      cat /var/lib/rancher/k3s/server/token
      umount /var/lib/rancher
      [ ! -e /var/lib/rancher/k3s ]`);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(stdout.trim().split("\n")).toEqual(["stop k3s", "killed", "start k3s", "precious"]);
  });

  test("with data that was copied to it is kept as this host's", () => {
    const { stdout, stderr, status } = onDisk(`
      mkfs.ext4 -q "$disk"
      format ext4
      [ "$(cat kept/scsi1)" = "$(blkid -p -o value -s UUID "$disk")" ]`);
    expect({ stdout, stderr, status }).toEqual({ stdout: "", stderr: "", status: 0 });
  });
});

describeWith(DISKS, "what a host reports about K3s' data", () => {
  const SERVER_DB = "/var/lib/rancher/k3s/server/db";

  /** On a host whose /var/lib is empty, and whose K3s data is to be on the disk. */
  function reported(path: string, code: string): Report {
    const facts = (disk: string): string =>
      remoteScript("facts", {
        device: "",
        salt: "a",
        token_files: "",
        k3s_disks: `${disk}:${path}`,
        api_vip: "",
        examine_boot_loader: "",
      });
    const { stdout, stderr, status } = onDisk(`
      mount -t tmpfs none /var/lib
      mkdir -p ${path}
      echo "# none" >fstab && mount --bind fstab /etc/fstab
      mkfs.ext4 -q "$disk"
      ${code}
      SSH_CONNECTION="192.0.2.1 1 192.0.2.2 22"
      ${facts("DISK").replace("DISK:", '"$disk":')}`);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return new Report(stdout);
  }

  const mounts = (report: Report): string[][] => [report.all("k3s_mount"), report.all("k3s_mounted")];

  test("is nothing on a new host, whose folder for the mount is not taken for data", () => {
    const report = reported(SERVER_DB, `mount "$disk" ${SERVER_DB}; echo "$disk ${SERVER_DB} ext4" >fstab`);
    expect([report.one("server_data"), report.one("joined")]).toEqual(["", ""]);
    expect(mounts(report)).toEqual([[SERVER_DB], [SERVER_DB]]);
  });

  test("is that it has joined, with its disk or without", () => {
    const joined = "mkdir -p /var/lib/rancher/k3s/server/db/etcd";
    const without = reported("/var/lib/rancher", joined);
    expect([without.one("server_data"), without.one("joined"), ...mounts(without)]).toEqual([
      "yes",
      "yes",
      [],
      [],
    ]);
    const withDisk = reported("/var/lib/rancher", `mount "$disk" /var/lib/rancher; ${joined}`);
    expect([withDisk.one("joined"), ...mounts(withDisk)]).toEqual(["yes", ["/var/lib/rancher"], []]);
  });

  test("is not that its disk is mounted when another one is", () => {
    const report = reported("/var/lib/rancher", "mount -t tmpfs none /var/lib/rancher");
    expect(mounts(report)).toEqual([[], []]);
  });

  test("names disks that are mounted and in its fstab, and none of other folders", () => {
    const report = reported(
      "/srv/none",
      `mkdir -p /var/lib/kubelet /var/lib/other
       mount "$disk" /var/lib/kubelet
       printf '%s %s ext4\\n' '#' /var/lib/kubelet "$disk" /var/lib/rancher "$disk" /var/lib/other >fstab
       printf '%s /var/lib/kubelet ext4' "$disk" >>fstab`,
    );
    expect(mounts(report)).toEqual([[], ["/var/lib/kubelet"]]);
  });
});
