/**
 * One-time entries of real GRUB on real filesystems in QEMU, without KVM, as `remote/boot-once.sh` sets them with the real
 * grub-editenv. Stand-ins: grub.cfg, written as NixOS' install-grub.pl writes what counts here; the kernel, which writes its command
 * line to the serial port.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FILESYSTEMS, makeDisk } from "../../testbed/boot/disk";
import { kernel } from "../../testbed/boot/kernel";
import { boot, type Bus } from "../../testbed/boot/machine";
import { describeWith, GRUB_MACHINE } from "./tools";

const REMOTE = join(__dirname, "../../src/rollout/remote");
const INSTALL = join(__dirname, "../../testbed/machines/programs/install-grub");
const OLD = "/nix/store/old-nixos-system-hamal-25.11";
const NEW = "/nix/store/new-nixos-system-hamal-25.11";

type FilesystemName = keyof typeof FILESYSTEMS;

let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "k3s-grub-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs functions of boot-once.sh in a root folder. */
function inShell(root: string, script: string, filesystem = "ext4"): string {
  const programs = join(root, "../programs");
  mkdirSync(programs, { recursive: true });
  writeFileSync(
    join(programs, "findmnt"),
    `#!/bin/sh\ncase "$*" in *FSTYPE*) echo ${filesystem} ;; *) echo /dev/sda1 ;; esac\n`,
    { mode: 0o755 },
  );
  const program = `. ${REMOTE}/boot-once.sh\ngrub=${root}/boot/grub efivars=/none oneshot=/none\n${script}`;
  return execFileSync("sh", ["-e"], {
    input: program,
    encoding: "utf8",
    env: { ...process.env, PATH: `${programs}:${process.env.PATH}` },
  });
}

/** A disk of a host that runs OLD, and has NEW in its menu. @param script - what is done before it is switched off */
function disk(
  filesystem: FilesystemName,
  script: string,
  newKernel: Buffer = kernel("switches off"),
): string {
  const root = mkdtempSync(join(folder, `${filesystem}-`));
  const profiles = join(root, "nix/var/nix/profiles");
  const store = join(root, "nix/store");
  for (const path of [profiles, store, join(root, "boot/grub")]) mkdirSync(path, { recursive: true });
  symlinkSync(OLD, join(profiles, "system-1-link"));
  symlinkSync(NEW, join(profiles, "system-2-link"));
  writeFileSync(join(store, "old-kernel"), kernel("switches off"));
  writeFileSync(join(store, "new-kernel"), newKernel);
  writeFileSync(join(store, "initrd"), "initrd");
  const { uuid } = FILESYSTEMS[filesystem];
  // The entries of the two systems differ in their kernels, as those of NixOS do.
  execFileSync("sh", [INSTALL, OLD, root, uuid, "/nix/store"], {
    env: { ...process.env, GRUB_TIMEOUT: "0" },
  });
  execFileSync("sed", [
    "-i",
    "-E",
    "s,/kernel (init=/nix/store/(old|new)-),/\\2-kernel \\1,",
    join(root, "boot/grub/grub.cfg"),
  ]);
  execFileSync("grub-editenv", [join(root, "boot/grub/grubenv"), "create"]);
  inShell(root, script);
  const image = `${root}.disk`;
  rmSync(join(root, "nix/var"), { recursive: true });
  makeDisk(image, root, filesystem);
  return image;
}

const ONCE = `boot_once ${NEW}`;

/** The systems that boots run, one after the other. */
async function boots(image: string, count: number, bus: Bus = "virtio"): Promise<string[]> {
  const systems: string[] = [];
  for (let at = 0; at < count; at++) systems.push(systemIn(await boot(image, bus)));
  return systems;
}

const systemIn = (written: string): string => /init=(\S+)\/init/.exec(written)?.[1] ?? written;

describeWith(GRUB_MACHINE, "real GRUB", () => {
  test.each([
    ["ext4", "ide"],
    ["ext4", "scsi"],
    ["vfat", "virtio"],
    ["xfs", "virtio"],
  ] as const)("on %s (%s) boots a system once, and the default ever after", async (filesystem, bus) => {
    expect(await boots(disk(filesystem, ONCE), 3, bus)).toEqual([NEW, OLD, OLD]);
    expect(writeFault(filesystem)).toBe("");
  });

  test("on btrfs would boot it every time, and so is not asked to", async () => {
    expect(await boots(disk("btrfs", ONCE), 2)).toEqual([NEW, NEW]);
    expect(writeFault("btrfs")).toBe("GRUB cannot write the filesystem of /boot, btrfs\n");
  });

  test("boots the default after a power cut of a system that hangs", async () => {
    const image = disk("ext4", ONCE, kernel("hangs"));
    expect(systemIn(await boot(image, "virtio", /init=\S+ .*\n/))).toBe(NEW);
    expect(await boots(image, 1)).toEqual([OLD]);
  });

  test("boots the default when the entry was forgotten again, or is in no menu", async () => {
    expect(await boots(disk("ext4", `${ONCE}\nforget_once`), 1)).toEqual([OLD]);
    const unknown = `grub-editenv "$grub/grubenv" set "next_entry=NixOS - Configuration 7"`;
    expect(await boots(disk("ext4", unknown), 1)).toEqual([OLD]);
  });

  test("boots once an entry in a further menu, whose title has a >, as NixOS writes it for specialisations", async () => {
    const further = `sed -i -e '/^submenu/i # a comment that ends like a menu {' \\
      -e '/^menuentry "NixOS - Configuration 2/i submenu "> NixOS - Configuration 2" --class submenu {' "$grub/grub.cfg"
      echo '}' >>"$grub/grub.cfg"`;
    expect(await boots(disk("ext4", `${further}\n${ONCE}`), 2)).toEqual([NEW, OLD]);
  });

  test("has one entry for a system, and none for another", () => {
    const root = mkdtempSync(join(folder, "menu-"));
    mkdirSync(join(root, "nix/var/nix/profiles"), { recursive: true });
    symlinkSync(NEW, join(root, "nix/var/nix/profiles/system-2-link"));
    execFileSync("sh", [INSTALL, OLD, root, "uuid", "/nix/store"]);
    expect(inShell(root, `entry_of ${NEW}; entry_of ${OLD}; entry_of /nix/store/other`).split("\n")).toEqual([
      expect.stringMatching(/^NixOS - All configurations>NixOS - Configuration 2 \(\S+ - 25.11\)$/),
      "NixOS - Default",
      "",
    ]);
    expect(inShell(root, "once_fault")).toBe("");
  });

  /** What boot-once.sh says of GRUB on that filesystem. */
  function writeFault(filesystem: FilesystemName): string {
    const root = mkdtempSync(join(folder, "fault-"));
    execFileSync("sh", [INSTALL, OLD, root, "uuid", "/nix/store"], { stdio: "ignore" });
    return inShell(root, "once_fault", filesystem);
  }
});
