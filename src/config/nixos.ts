import { checkStated, withDefaults } from "./validation";
import type { Faults } from "./fault";
import { ClusterNixosModel, type ClusterNixos, type Nixos } from "./model";
import { NixosSchema, type ClusterNixosSettings, type NixosSettings } from "./settings";

/** The cluster's NixOS settings, overridden by the host's. */
export const resolveNixos = (settings: NixosSettings, host: Partial<NixosSettings> = {}): Nixos =>
  withDefaults(NixosSchema, { ...settings, ...host });

/** What is one for all hosts, if any of it is set. */
export function resolveClusterNixos(settings: ClusterNixosSettings): { nixos?: ClusterNixos } {
  const { monitoring, ...others } = withDefaults(ClusterNixosModel, settings);
  // Networks of another type are a fault, and none of them is left here.
  const nixos = Array.isArray(monitoring?.from) ? { ...others, monitoring } : others;
  return Object.keys(nixos).length === 0 ? {} : { nixos };
}

/** Where GitHub has the tree of a revision of nixpkgs. */
export const nixpkgsArchive = (revision: string, origin = "https://github.com"): string =>
  `${origin}/NixOS/nixpkgs/archive/${revision}.tar.gz`;

/** Enough of a revision of nixpkgs to tell it from others, as NixOS' channels write it. */
export const shortRevision = (revision: string): string => revision.slice(0, 12);

const isRelease = (text: string): boolean => NixosSchema.shape.release.safeParse(text).success;

/** Checks the settings in combination; the schema checks each of them alone. */
export function checkNixos(nixos: Nixos, faults: Faults): void {
  if (isRelease(nixos.release) && nixos.stateVersion > nixos.release) {
    faults.addInvalid("stateVersion", `at most the release, ${nixos.release}`, nixos.stateVersion);
  }
  // NixOS does not evaluate a host without a boot loader; this fault names the node.
  if (nixos.firmware === "bios") checkStated(nixos, NixosSchema, ["bootDisk"], faults);
  if (nixos.firmware === "uefi") checkStated(nixos, NixosSchema, ["efiSystemPartition"], faults);
}
