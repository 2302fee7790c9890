/** An EFI system partition with real systemd-boot, and with entries as NixOS' systemd-boot-builder.py writes them. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const SYSTEMD_BOOT = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi";

/** A system in the menu: its number, the name that its kernel prints, and what the kernel does then. */
export interface Generation {
  readonly number: number;
  readonly system: string;
  readonly end: "halt" | "sleep 10000";
}

/** Of the partition. @param chosen - number of the default */
export function makeEsp(image: string, generations: readonly Generation[], chosen: number): void {
  const folder = `${image}.folder`;
  for (const path of ["EFI/BOOT", "EFI/nixos", "loader/entries"])
    mkdirSync(join(folder, path), { recursive: true });
  copyFileSync(SYSTEMD_BOOT, join(folder, "EFI/BOOT/BOOTX64.EFI"));
  writeFileSync(join(folder, "EFI/nixos/initrd.efi"), "initrd");
  writeFileSync(
    join(folder, "loader/loader.conf"),
    `timeout 0\ndefault nixos-generation-${chosen}.conf\neditor 0\n`,
  );
  for (const generation of generations) {
    writeFileSync(
      join(folder, `loader/entries/nixos-generation-${generation.number}.conf`),
      entry(generation),
    );
    makeKernel(join(folder, `EFI/nixos/kernel-${generation.number}.efi`), generation);
  }
  makeFilesystem(image, folder);
  rmSync(folder, { recursive: true });
}

export const entry = ({ number, system }: Pick<Generation, "number" | "system">): string =>
  [
    "title NixOS",
    "sort-key nixos",
    `version Generation ${number} NixOS 25.11, Linux Kernel 6.12, built on 2026-11-28`,
    `linux /EFI/nixos/kernel-${number}.efi`,
    "initrd /EFI/nixos/initrd.efi",
    `options init=${system}/init console=ttyS0`,
    "",
  ].join("\n");

/** A stand-in for Linux: a program for UEFI that prints its system. GRUB is one. */
function makeKernel(path: string, { system, end }: Generation): void {
  const config = `${path}.cfg`;
  writeFileSync(config, `serial\nterminal_output serial\necho "init=${system}/init "\n${end}\n`);
  const modules = ["serial", "terminal", "echo", "halt", "sleep", "normal"];
  execFileSync("grub-mkimage", ["-O", "x86_64-efi", "-o", path, "-p", "/", "-c", config, ...modules]);
  rmSync(config);
}

/**
 * A partition for which the firmware starts its own shell, which sets a variable and switches the PC off. It stands for bootctl, which needs
 * a running Linux.
 */
export function makeShellEsp(image: string, entryOnce: string): void {
  const folder = `${image}.folder`;
  mkdirSync(folder);
  const variable = "LoaderEntryOneShot -guid 4a67b082-0a4c-41cf-b6c7-440b29bb8c4f -nv -bs -rt";
  writeFileSync(join(folder, "startup.nsh"), `setvar ${variable} =L"${entryOnce}" =0x0000\nreset -s\n`);
  makeFilesystem(image, folder);
  rmSync(folder, { recursive: true });
}

function makeFilesystem(image: string, folder: string): void {
  rmSync(image, { force: true });
  execFileSync("truncate", ["-s", "64M", image]);
  execFileSync("mkfs.vfat", ["-F", "32", image], { stdio: "ignore" });
  execFileSync("sh", ["-c", 'mcopy -s -i "$1" "$2"/* ::', "sh", image, folder]);
}
