import type * as z from "zod";
import { canonicalMac } from "./address";
import { checkMounts } from "./data-disks";
import { checkStated, withDefaults } from "./validation";
import type { Faults } from "./fault";
import { VmModel, type Vm } from "./model";
import { VmSchema, type DiskSettings, type NetworkInterfaceSettings, type VmSettings } from "./settings";

/**
 * Resolves the VM's settings with their defaults.
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
  // `checkVm` reports missing settings.
  return withDefaults(VmModel, stated as z.input<typeof VmModel>);
}

/** PVE stores MAC addresses in upper case, and the provider compares them letter by letter. */
function withCanonicalMac(nic: NetworkInterfaceSettings): NetworkInterfaceSettings {
  return nic.macAddress === undefined ? nic : { ...nic, macAddress: canonicalMac(nic.macAddress) };
}

/** `scsi2` before `scsi10`, so that another order in `main.ts` is not a change. */
function byInterface(a: Partial<DiskSettings>, b: Partial<DiskSettings>): number {
  // A missing interface is a fault, and must not throw here.
  return (a.interface ?? "").localeCompare(b.interface ?? "", "en", { numeric: true });
}

/** Checks the settings of cluster and node in combination; the schema checks each of them alone. */
export function checkVm(vm: Vm, settings: VmSettings, faults: Faults): void {
  const needed = ["templateVmId", "pveNode", "disks", "networkInterfaces"] as const;
  checkStated(settings, VmSchema, needed, faults);
  if (vm.balloonMib > vm.memoryMib) faults.checkInteger("balloonMib", vm.balloonMib, 0, vm.memoryMib, "MiB");
  checkDisks(vm.disks, settings.templateDiskGib, faults);
  if (settings.networkInterfaces?.[0]?.macAddress !== undefined) {
    faults.add(
      "networkInterfaces[0].macAddress",
      "should be left out; set the node's 'macAddress' instead, which the first interface gets",
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
  checkMounts(disks, faults);
  const [first] = disks;
  // PVE would clone the disk and then refuse to shrink it, which leaves a tainted VM.
  if (first !== undefined && templateDiskGib !== undefined && first.sizeGib < templateDiskGib) {
    const expected = `at least 'templateDiskGib', ${templateDiskGib} GiB`;
    faults.addInvalid(`disks[${first.interface}].sizeGib`, expected, first.sizeGib);
  }
}

function checkBootOrder(vm: Vm, faults: Faults): void {
  for (const device of vm.bootOrder ?? []) {
    const known = vm.disks.some((disk) => disk.interface === device) || /^(net\d+|ide[0-3])$/.test(device);
    if (!known) faults.addInvalid("bootOrder", "interfaces of the VM's disks, or netN", device);
  }
}
