import type * as z from "zod";
import { checkMounts } from "./data-disks";
import { checkStated, withDefaults } from "./validation";
import type { Faults } from "./fault";
import { resolveInterfaces } from "./guest-network";
import { VmModel, type Node, type Vm } from "./model";
import { VmSchema, type DiskSettings, type PveSettings, type VmSettings } from "./settings";

/** Resolves the VM's settings with their defaults. */
export function resolveVm(
  settings: VmSettings & { description?: string },
  node: Pick<Node, "vmId" | "macAddress">,
): Vm {
  const disks = [...(settings.disks ?? [])].sort(byInterface);
  const stated = {
    ...settings,
    // PVE refuses a target datastore for linked clones; a full clone without one is copied twice.
    cloneDatastore: settings.linkedClone ? undefined : (settings.cloneDatastore ?? disks[0]?.datastore),
    disks,
    networkInterfaces: resolveInterfaces(settings.networkInterfaces ?? [], node),
    tags: [...(settings.tags ?? [])].sort(),
  };
  // `checkVm` reports missing settings.
  return withDefaults(VmModel, stated as z.input<typeof VmModel>);
}

/** `scsi2` before `scsi10`, so that another order in `main.ts` is not a change. */
function byInterface(a: Partial<DiskSettings>, b: Partial<DiskSettings>): number {
  // A missing interface is a fault, and must not throw here.
  return (a.interface ?? "").localeCompare(b.interface ?? "", "en", { numeric: true });
}

/**
 * Checks the settings of cluster and node in combination; the schema checks each of them alone.
 *
 * @param pve - on whose PVE nodes a VM is placed, each of which may have a template
 */
export function checkVm(
  vm: Vm,
  settings: VmSettings,
  pve: Partial<PveSettings> | undefined,
  faults: Faults,
): void {
  const pveNodes = Object.values(pve?.nodes ?? {});
  const copied = pveNodes.length > 0 && pveNodes.every(({ templateVmId }) => templateVmId !== undefined);
  checkStated(
    settings,
    VmSchema,
    [
      ...(copied ? [] : (["templateVmId"] as const)),
      ...(pve === undefined ? (["pveNode"] as const) : []),
      "disks",
      "networkInterfaces",
    ],
    faults,
  );
  if (vm.balloonMib > vm.memoryMib)
    faults.addInvalid("balloonMib", `a whole number of MiB from 0 to ${vm.memoryMib}`, vm.balloonMib);
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
  if (first !== undefined && first.sizeGib < (templateDiskGib ?? 0)) {
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
