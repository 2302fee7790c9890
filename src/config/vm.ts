import type * as z from "zod";
import { canonicalMac } from "./address";
import { checkStated, withDefaults } from "./validation";
import type { Faults } from "./fault";
import { VmModel, type Vm } from "./model";
import { VmSchema, type DiskSettings, type NetworkInterfaceSettings, type VmSettings } from "./settings";

/**
 * The VM's settings with their defaults.
 *
 * @param macAddress - of the first network interface
 */
export function resolveVm(settings: VmSettings & { description?: string }, macAddress: string): Vm {
  const disks = [...(settings.disks ?? [])].sort(byInterface);
  const [first, ...rest] = settings.networkInterfaces ?? [];
  const stated = {
    ...settings,
    // PVE refuses a target datastore for linked clones; a full clone without one is copied twice.
    cloneDatastore: settings.linkedClone ? undefined : (settings.cloneDatastore ?? disks[0]?.datastore),
    disks,
    networkInterfaces: first ? [{ ...first, macAddress }, ...rest.map(withCanonicalMac)] : [],
    tags: [...(settings.tags ?? [])].sort(),
  };
  // That something has to be stated is said by `checkVm`.
  return withDefaults(VmModel, stated as z.input<typeof VmModel>);
}

/** PVE stores upper case, and the provider compares letter by letter. */
function withCanonicalMac(nic: NetworkInterfaceSettings): NetworkInterfaceSettings {
  return nic.macAddress === undefined ? nic : { ...nic, macAddress: canonicalMac(nic.macAddress) };
}

/** `scsi2` before `scsi10`, so that a config written in another order is not a change. */
function byInterface(a: Partial<DiskSettings>, b: Partial<DiskSettings>): number {
  // One that is not stated is a fault, and nothing throws for it.
  return (a.interface ?? "").localeCompare(b.interface ?? "", "en", { numeric: true });
}

/** What the settings of cluster and node have to be together; each alone is checked by its schema. */
export function checkVm(vm: Vm, settings: VmSettings, faults: Faults): void {
  const needed = ["templateVmId", "pveNode", "disks", "networkInterfaces"] as const;
  checkStated(settings, VmSchema, needed, faults);
  if (vm.balloonMib > vm.memoryMib) faults.unlessWhole("balloonMib", vm.balloonMib, 0, vm.memoryMib, "MiB");
  checkDisks(vm.disks, settings.templateDiskGib, faults);
  if (settings.networkInterfaces?.[0]?.macAddress !== undefined) {
    faults.add(
      "networkInterfaces[0].macAddress",
      "should be left out: the first interface has the node's 'macAddress'",
    );
  }
  checkBootOrder(vm, faults);
}

function checkDisks(
  disks: readonly DiskSettings[],
  templateDiskGib: number | undefined,
  faults: Faults,
): void {
  const seen = new Set<string>();
  for (const disk of disks) {
    if (seen.has(disk.interface)) faults.add("disks", `has two disks on ${disk.interface}`);
    seen.add(disk.interface);
  }
  const [first] = disks;
  // A smaller clone is made first and refused when it is resized, which leaves a tainted VM behind.
  if (first !== undefined && templateDiskGib !== undefined && first.sizeGib < templateDiskGib) {
    const wish = `at least 'templateDiskGib', ${templateDiskGib} GiB`;
    faults.addInvalid(`disks[${first.interface}].sizeGib`, wish, first.sizeGib);
  }
}

function checkBootOrder(vm: Vm, faults: Faults): void {
  for (const device of vm.bootOrder ?? []) {
    const known = vm.disks.some((disk) => disk.interface === device) || /^(net\d+|ide[0-3])$/.test(device);
    if (!known) faults.addInvalid("bootOrder", "interfaces of the VM's disks, or netN", device);
  }
}
