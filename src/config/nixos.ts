import { checkStated, withDefaults } from "./validation";
import type { Faults } from "./fault";
import type { Nixos } from "./model";
import { NixosSchema, type NixosSettings } from "./settings";

/** The cluster's NixOS settings, with what one host has instead. */
export const resolveNixos = (settings: NixosSettings, host: Partial<NixosSettings> = {}): Nixos =>
  withDefaults(NixosSchema, { ...settings, ...host });

const isRelease = (text: string): boolean => NixosSchema.shape.release.safeParse(text).success;

/** What the settings have to be together; each alone is checked by its schema. */
export function checkNixos(nixos: Nixos, faults: Faults): void {
  if (isRelease(nixos.release) && nixos.stateVersion > nixos.release) {
    faults.addInvalid("stateVersion", `at most the release, ${nixos.release}`, nixos.stateVersion);
  }
  // NixOS refuses to evaluate a host without a boot loader; say it here, with the node's name.
  if (nixos.firmware === "bios") checkStated(nixos, NixosSchema, ["bootDisk"], faults);
  if (nixos.firmware === "uefi") checkStated(nixos, NixosSchema, ["efiSystemPartition"], faults);
}
