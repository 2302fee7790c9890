import type {
  VirtualEnvironmentVmConfig,
  VirtualEnvironmentVmDisk,
  VirtualEnvironmentVmNetworkDevice,
} from "../../.gen/providers/proxmox/virtual-environment-vm";
import type { Node, Vm } from "../config/model";
import type { DiskSettings, NetworkInterfaceSettings } from "../config/settings";
import { escapeForOpenTofu } from "./tokens";

/**
 * The node as arguments of `proxmox_virtual_environment_vm`. Comments refer to provider 0.111.1.
 *
 * @param moves - Proxmox VE's HA manager decides on which PVE node the VM is, once it is made
 */
export function virtualMachine(
  { hostname, vmId, vm, nixos }: Node,
  moves = false,
): VirtualEnvironmentVmConfig {
  return escapeForOpenTofu({
    name: hostname,
    vmId,
    nodeName: vm.pveNode,
    description: vm.description,
    tags: vm.tags.length > 0 ? [...vm.tags] : undefined,
    poolId: vm.pool,
    clone: clone(vm),
    cpu: {
      cores: vm.cores,
      sockets: vm.sockets,
      type: vm.cpuType,
      units: vm.cpuUnits,
      limit: vm.cpuLimit,
      numa: vm.numa,
    },
    hotplug: vm.hotplug && (vm.hotplug.join(",") || "0"),
    memory: { dedicated: vm.memoryMib, floating: vm.balloonMib },
    disk: vm.disks.map(disk),
    networkDevice: vm.networkInterfaces.map(networkDevice),
    // Every refresh waits this long for a running VM whose agent does not answer; the provider's default is 15 min.
    agent: { enabled: true, timeout: `${vm.agentTimeoutSeconds}s` },
    // Without it, a plan would change an imported VM back to the provider's default, `other`.
    operatingSystem: { type: "l26" },
    bios: nixos.firmware === "uefi" ? "ovmf" : undefined,
    machine: vm.machine,
    scsiHardware: vm.scsiHardware,
    bootOrder: vm.bootOrder && [...vm.bootOrder],
    onBoot: vm.startOnBoot,
    startup: vm.startup && {
      order: vm.startup.order,
      upDelay: vm.startup.upDelaySeconds,
      downDelay: vm.startup.downDelaySeconds,
    },
    protection: vm.protection,
    ...SAFE_FOR_LIVE_CLUSTERS,
    // Otherwise the apply after a failure would migrate the VM back to the PVE node that failed.
    ...(moves
      ? { lifecycle: { ...LIFECYCLE, ignoreChanges: [...LIFECYCLE.ignoreChanges, "node_name"] } }
      : {}),
  });
}

const LIFECYCLE = {
  // The provider cannot read the source of a clone back, so an imported VM would be replaced
  // (bpg/terraform-provider-proxmox#1988).
  ignoreChanges: ["clone"],
  // Prevents replacements. Removing a node's statement also removes this argument, and destroys the VM.
  preventDestroy: true,
};

/** Arguments that keep an apply from touching other nodes. */
const SAFE_FOR_LIVE_CLUSTERS = {
  // Without it, another `node_name` replaces the VM.
  migrate: true,
  // A changed core count must not power-cycle a node by itself; it takes effect at the next reboot.
  rebootAfterUpdate: false,
  // A shutdown asks the guest agent, and waits half an hour if that is dead.
  stopOnDestroy: true,
  // Disks that OpenTofu does not know may contain data.
  deleteUnreferencedDisksOnDestroy: false,
  lifecycle: LIFECYCLE,
};

/** `retries` stays at 1: with more, the provider mistakes another VM with this ID for its own clone. */
const clone = (vm: Vm): VirtualEnvironmentVmConfig["clone"] => ({
  vmId: vm.templateVmId,
  full: !vm.linkedClone,
  nodeName: vm.templatePveNode,
  datastoreId: vm.cloneDatastore,
});

const disk = (settings: DiskSettings): VirtualEnvironmentVmDisk => ({
  interface: settings.interface,
  datastoreId: settings.datastore,
  size: settings.sizeGib,
  fileFormat: settings.fileFormat,
  aio: settings.aio,
  cache: settings.cache,
  discard: settings.discard === undefined ? undefined : settings.discard ? "on" : "ignore",
  iothread: settings.iothread,
  ssd: settings.ssd,
  backup: settings.backup,
  replicate: settings.replicate,
});

/**
 * Has all eleven keys, since `network_device` is an attribute, whose objects must be complete in JSON
 * (hashicorp/terraform#23347). null means not set, for which the bindings have no type.
 */
function networkDevice(settings: NetworkInterfaceSettings): VirtualEnvironmentVmNetworkDevice {
  const complete = {
    bridge: settings.bridge,
    disconnected: null,
    enabled: null,
    firewall: settings.firewall ?? null,
    macAddress: settings.macAddress ?? null,
    model: settings.model ?? null,
    mtu: settings.mtu ?? null,
    queues: settings.queues ?? null,
    rateLimit: settings.rateLimitMBps ?? null,
    trunks: settings.trunks ?? null,
    vlanId: settings.vlanId ?? null,
  };
  return complete as unknown as VirtualEnvironmentVmNetworkDevice;
}
