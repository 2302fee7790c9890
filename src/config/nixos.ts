import type { Faults } from "./fault";
import type { Nixos } from "./model";
import type { NixosSettings } from "./settings";

/** The cluster's NixOS settings, with what one host has instead. */
export function resolveNixos(settings: NixosSettings, host: Partial<NixosSettings> = {}): Nixos {
  const merged = { ...settings, ...host };
  return {
    ...merged,
    rootFilesystem: { type: "ext4", ...merged.rootFilesystem },
    kernelPackages: merged.kernelPackages ?? "linuxPackages",
    growRoot: merged.growRoot ?? true,
    configurationLimit: merged.configurationLimit ?? 10,
    deleteGenerationsAfterDays: merged.deleteGenerationsAfterDays ?? 30,
    platform: merged.platform ?? "x86_64-linux",
  };
}

const RELEASE = /^\d\d\.(05|11)$/;

export function checkNixos(nixos: Nixos, faults: Faults): void {
  faults.unlessMatches("release", nixos.release, RELEASE, "a NixOS release such as 25.11");
  faults.unlessMatches("stateVersion", nixos.stateVersion, RELEASE, "a NixOS release such as 25.11");
  if (RELEASE.test(nixos.release) && nixos.stateVersion > nixos.release) {
    faults.wrong("stateVersion", `at most the release, ${nixos.release}`, nixos.stateVersion);
  }
  faults.unlessMatches("firmware", nixos.firmware, /^(bios|uefi)$/, "bios or uefi");
  // NixOS refuses to evaluate a host without a boot loader or root filesystem; say it here, with the node's name.
  if (nixos.firmware === "bios") {
    faults.unlessMatches(
      "bootDisk",
      nixos.bootDisk,
      /^\/dev\/[A-Za-z0-9/_.-]+$/,
      "a device such as /dev/sda, for bios",
    );
  } else {
    faults.unlessMatches(
      "efiSystemPartition",
      nixos.efiSystemPartition,
      VFAT_UUID,
      "a vfat UUID such as 1A2B-3C4D, for uefi",
    );
  }
  faults.unlessMatches(
    "rootFilesystem.uuid",
    nixos.rootFilesystem.uuid,
    UUID,
    "a filesystem UUID in lower case",
  );
  // The kernel's limit is 15 characters. What comes by the others is taken for pods'.
  faults.unlessMatches(
    "networkInterface",
    nixos.networkInterface,
    /^(?!(lo|cni0|flannel\.1|flannel-wg)$)[A-Za-z][A-Za-z0-9_.-]{0,14}$/,
    "the name of the node's own interface, such as ens18",
  );
  faults.unlessMatches(
    "kernelPackages",
    nixos.kernelPackages,
    /^linuxPackages(_[A-Za-z0-9_]+)?$/,
    "an attribute such as linuxPackages_6_12",
  );
  // With one alone a host could not be booted into what it ran before.
  faults.unlessWhole("configurationLimit", nixos.configurationLimit, 2, 100, "generations");
  faults.unlessWhole("deleteGenerationsAfterDays", nixos.deleteGenerationsAfterDays, 0, 3650, "days");
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const VFAT_UUID = /^[0-9A-F]{4}-[0-9A-F]{4}$/;
