import { canonicalMac } from "./address";
import { shown, type Faults } from "./fault";
import type { Vm } from "./model";
import { checkUnicastMac } from "./network";
import type { DiskSettings, NetworkInterfaceSettings, VmSettings } from "./settings";

/**
 * The VM's settings with their defaults.
 *
 * @param macAddress - of the first network interface
 */
export function resolveVm(settings: VmSettings & { description?: string }, macAddress: string): Vm {
  const disks = [...(settings.disks ?? [])].sort(byInterface);
  const linkedClone = settings.linkedClone ?? false;
  const [first, ...rest] = settings.networkInterfaces ?? [];
  return {
    templateVmId: settings.templateVmId as number,
    pveNode: settings.pveNode as string,
    templatePveNode: settings.templatePveNode,
    linkedClone,
    // PVE refuses a target datastore for linked clones; a full clone without one is copied twice.
    cloneDatastore: linkedClone ? undefined : (settings.cloneDatastore ?? disks[0]?.datastore),
    cores: settings.cores ?? 2,
    sockets: settings.sockets ?? 1,
    cpuType: settings.cpuType ?? "x86-64-v2-AES",
    cpuUnits: settings.cpuUnits,
    memoryMib: settings.memoryMib ?? 4096,
    balloonMib: settings.balloonMib ?? 0,
    disks,
    networkInterfaces: first ? [{ ...first, macAddress }, ...rest.map(withCanonicalMac)] : [],
    bootOrder: settings.bootOrder,
    machine: settings.machine,
    scsiHardware: settings.scsiHardware,
    startOnBoot: settings.startOnBoot ?? true,
    startup: settings.startup,
    tags: [...(settings.tags ?? [])].sort(),
    pool: settings.pool,
    protection: settings.protection ?? false,
    agentTimeoutSeconds: settings.agentTimeoutSeconds ?? 60,
    description: settings.description,
  };
}

/** PVE stores upper case, and the provider compares letter by letter. */
function withCanonicalMac(nic: NetworkInterfaceSettings): NetworkInterfaceSettings {
  return nic.macAddress === undefined ? nic : { ...nic, macAddress: canonicalMac(nic.macAddress) };
}

/** `scsi2` before `scsi10`, so that a config written in another order is no change. */
function byInterface(a: DiskSettings, b: DiskSettings): number {
  return String(a.interface).localeCompare(String(b.interface), "en", { numeric: true });
}

/** Bounds are those of the provider's validators and of PVE, so that a synth says what an apply would. */
export function checkVm(vm: Vm, settings: VmSettings, faults: Faults): void {
  faults.unlessWhole("templateVmId", vm.templateVmId, 100, 999_999_999);
  checkPveName("pveNode", vm.pveNode, "node", faults);
  for (const [setting, kind] of [
    ["templatePveNode", "node"],
    ["cloneDatastore", "datastore"],
    ["pool", "pool"],
  ] as const) {
    if (settings[setting] !== undefined) checkPveName(setting, settings[setting], kind, faults);
  }
  faults.unlessWhole("cores", vm.cores, 1, 2304);
  faults.unlessWhole("sockets", vm.sockets, 1, 16);
  faults.unlessMatches("cpuType", vm.cpuType, /^[A-Za-z0-9][A-Za-z0-9._-]*$/, "a CPU type of PVE");
  if (vm.cpuUnits !== undefined) faults.unlessWhole("cpuUnits", vm.cpuUnits, 1, 262_144);
  faults.unlessWhole("memoryMib", vm.memoryMib, 64, 268_435_456, "MiB");
  faults.unlessWhole(
    "balloonMib",
    vm.balloonMib,
    0,
    Number.isSafeInteger(vm.memoryMib) ? vm.memoryMib : 0,
    "MiB",
  );
  faults.unlessWhole("agentTimeoutSeconds", vm.agentTimeoutSeconds, 1, 3600, "seconds");
  checkDisks(vm.disks, settings.templateDiskGib, faults);
  checkNetworkInterfaces(vm.networkInterfaces, faults);
  if (settings.networkInterfaces?.[0]?.macAddress !== undefined) {
    faults.say(
      "networkInterfaces[0].macAddress",
      "should be left out: the first interface has the node's 'macAddress'",
    );
  }
  checkDevices(vm, faults);
  checkTags(vm.tags, faults);
}

/** What the names consist of. Source: pve-common, JSONSchema.pm; pve-access-control, AccessControl.pm. */
const PVE_NAMES = {
  node: /^[A-Za-z0-9-]*$/,
  datastore: /^[A-Za-z0-9._-]*$/,
  pool: /^[A-Za-z0-9._/-]*$/,
  bridge: /^[A-Za-z0-9._-]*$/,
} as const;

/** A token of CDKTF, which stands for what OpenTofu knows later. That it is one of the app's is seen to by the constructs. */
const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** Text of an owner is a name and nothing that OpenTofu would evaluate. */
function checkPveName(setting: string, name: unknown, kind: keyof typeof PVE_NAMES, faults: Faults): void {
  const right = typeof name === "string" && name !== "" && PVE_NAMES[kind].test(name.replace(TOKEN, ""));
  if (right) return;
  const reference = typeof name === "string" && /[$%]\{/.test(name);
  const way = reference ? "; what OpenTofu knows is said by a token, such as stringValue of a variable" : "";
  faults.say(setting, `should be the name of a PVE ${kind}, got ${shown(name)}${way}`);
}

const DISK_INTERFACE = /^(ide[0-3]|sata[0-5]|scsi([12]?[0-9]|30)|virtio([0-9]|1[0-5]))$/;

function checkDisks(
  disks: readonly DiskSettings[],
  templateDiskGib: number | undefined,
  faults: Faults,
): void {
  if (disks.length === 0) faults.wrong("disks", "at least the template's disk", disks);
  const seen = new Set<string>();
  disks.forEach((disk, index) => {
    const setting = `disks[${disk.interface}]`;
    faults.unlessMatches(
      `${setting}.interface`,
      disk.interface,
      DISK_INTERFACE,
      "ide0-3, sata0-5, scsi0-30 or virtio0-15",
    );
    if (seen.has(disk.interface)) faults.say("disks", `has two disks on ${disk.interface}`);
    seen.add(disk.interface);
    checkPveName(`${setting}.datastore`, disk.datastore, "datastore", faults);
    // A smaller clone is made first and refused when it is resized, which leaves a tainted VM behind.
    const least = index === 0 ? (templateDiskGib ?? 1) : 1;
    faults.unlessWhole(`${setting}.sizeGib`, disk.sizeGib, least, 131_072, "GiB");
  });
}

function checkNetworkInterfaces(interfaces: readonly NetworkInterfaceSettings[], faults: Faults): void {
  if (interfaces.length === 0) faults.wrong("networkInterfaces", "at least the node's own", interfaces);
  if (interfaces.length > 32) faults.wrong("networkInterfaces", "at most 32", interfaces.length);
  interfaces.forEach((nic, index) => {
    const setting = `networkInterfaces[${index}]`;
    checkPveName(`${setting}.bridge`, nic.bridge, "bridge", faults);
    if (nic.vlanId !== undefined) faults.unlessWhole(`${setting}.vlanId`, nic.vlanId, 1, 4094);
    if (nic.mtu !== undefined) faults.unlessWhole(`${setting}.mtu`, nic.mtu, 1, 65_520, "bytes");
    if (nic.queues !== undefined) faults.unlessWhole(`${setting}.queues`, nic.queues, 0, 64);
    if (nic.rateLimitMBps !== undefined && !(nic.rateLimitMBps > 0)) {
      faults.wrong(`${setting}.rateLimitMBps`, "above 0", nic.rateLimitMBps);
    }
    if (nic.trunks !== undefined)
      faults.unlessMatches(`${setting}.trunks`, nic.trunks, /^\d+(;\d+)*$/, "VLANs such as 10;20");
    if (index > 0 && nic.macAddress !== undefined) {
      checkUnicastMac(`${setting}.macAddress`, nic.macAddress, faults);
    }
  });
}

function checkDevices(vm: Vm, faults: Faults): void {
  for (const device of vm.bootOrder ?? []) {
    const known = vm.disks.some((disk) => disk.interface === device) || /^(net\d+|ide[0-3])$/.test(device);
    if (!known) faults.wrong("bootOrder", "interfaces of the VM's disks, or netN", device);
  }
  if (vm.machine !== undefined) {
    const chipset = /^(pc|q35|virt|pc-(i440fx|q35)-\d+\.\d+)(\+pve\d+)?$/;
    faults.unlessMatches("machine", vm.machine, chipset, "a chipset of PVE such as q35");
  }
  if (vm.startup === undefined) return;
  faults.unlessWhole("startup.order", vm.startup.order, 0, 999_999);
  for (const delay of ["upDelaySeconds", "downDelaySeconds"] as const) {
    if (vm.startup[delay] !== undefined)
      faults.unlessWhole(`startup.${delay}`, vm.startup[delay], 0, 86_400, "seconds");
  }
}

/** PVE lowers the case of tags, which a plan would then show as a change for ever. */
function checkTags(tags: readonly string[], faults: Faults): void {
  for (const tag of tags) {
    faults.unlessMatches("tags", tag, /^[a-z0-9_][a-z0-9_.+-]*$/, "lower-case letters, digits, _ . + -");
  }
}
