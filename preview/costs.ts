/**
 * What a changed attribute of `proxmox_virtual_environment_vm` costs the VM, for every attribute and block of the
 * provider's schema. It holds for VMs that are on, as the constructs state them: `reboot_after_update = false`,
 * `migrate = true`, and `lifecycle.ignore_changes = ["clone"]`.
 *
 * Sources: of provider 0.111.1 `vmUpdate`, `ForceNew` and `CustomizeDiff` in `proxmoxtf/resource/vm/vm.go`, and
 * `disk/disk.go`, `network/schema.go` beside it; of qemu-server `vmconfig_hotplug_pending` and what it calls in
 * `src/PVE/QemuServer.pm`, which leaves pending what it cannot change in a running VM. Replacements were tried in plans
 * of the provider. `hotplug` is taken to be Proxmox VE's default, `network,disk,usb`.
 */
import type { AttributeChange } from "./attributes";

export type Cost =
  | "nothing"
  | "power-off later"
  | "power-off now"
  | "replacement"
  | "refused"
  | "migration"
  | "new empty disk"
  | "detached disk"
  | "live interface"
  | "no effect";

/** Completes "this changes, and it …". */
export const COST_WORDS: Readonly<Record<Cost, string>> = {
  nothing: "takes effect at once and disturbs nothing",
  "power-off later": "takes effect at the VM's next power-off",
  "power-off now": "powers the VM off",
  replacement: "destroys the VM and makes another",
  refused: "is refused, and the apply fails",
  migration: "migrates the VM to another PVE node",
  "new empty disk": "gives the VM a new, empty disk",
  "detached disk": "detaches a disk, which is kept as unused",
  "live interface": "changes a network interface of the running VM at once",
  "no effect": "has no effect on a VM that exists",
};

/** A cost that depends on the values. `undefined` is not stated. */
interface Dependent {
  readonly of: (before: unknown, after: unknown) => Cost;
  /** What any change of it can cost, for one that is not known yet. */
  readonly worst: Cost;
}

type Block = Readonly<Record<string, unknown>>;

/** The provider's default, stated or not, is the same. */
const unless = (standard: unknown, cost: Cost): Dependent => ({
  of: (before, after) => ((before ?? standard) === (after ?? standard) ? "nothing" : cost),
  worst: cost,
});

const depends = (worst: Cost, of: Dependent["of"]): Dependent => ({ of, worst });

/** A whole block that is added, or removed. */
const block = (added: Cost, removed: Cost, worst: Cost): Dependent =>
  depends(worst, (before) => (before === undefined ? added : removed));

/** `file_id` is ForceNew, in a disk that is added or removed, too. */
const disk = depends("replacement", (before, after) => {
  if ([before, after].some((one) => isBlock(one) && Boolean(one.file_id))) return "replacement";
  return before === undefined ? "new empty disk" : "detached disk";
});

/** Of a block that is removed they are kept, being computed. */
const CLOUD_INIT_FILES = [
  "meta_data_file_id",
  "network_data_file_id",
  "type",
  "user_data_file_id",
  "vendor_data_file_id",
];

/** A new drive wants the VM to be off, which the provider may not do by itself. */
const initialization = depends("replacement", (before, after) => {
  if (before !== undefined) return "power-off later";
  return isBlock(after) && CLOUD_INIT_FILES.some((name) => Boolean(after[name])) ? "replacement" : "refused";
});

const grows = depends("refused", (before, after) => {
  if (typeof before !== "number" || typeof after !== "number") return "nothing";
  return after < before ? "refused" : "nothing";
});

/** PVE changes the balloon of a running VM, but neither adds nor removes it. */
const balloon = depends("power-off later", (before, after) =>
  Boolean(before) === Boolean(after) ? "nothing" : "power-off later",
);

/** With `cpu` or `memory` among them, before or after. */
const hotplug = depends("power-off later", (before, after) =>
  [before, after].some((features) => /cpu|memory/.test(String(features ?? "")))
    ? "power-off later"
    : "nothing",
);

/** A VM becomes a template when it is off, and is never a VM again. */
const template = unless(false, "refused");

const started = depends("power-off now", (_, after) => (after === false ? "power-off now" : "nothing"));

const isBlock = (value: unknown): value is Block => typeof value === "object" && value !== null;

const TABLE = {
  // Known to the provider alone, or used when a VM is made or destroyed.
  delete_unreferenced_disks_on_destroy: "nothing",
  id: "nothing",
  migrate: "nothing",
  purge_on_destroy: "nothing",
  reboot: "nothing",
  reboot_after_update: "nothing",
  stop_on_destroy: "nothing",
  timeout_clone: "nothing",
  timeout_create: "nothing",
  timeout_migrate: "nothing",
  timeout_move_disk: "nothing",
  timeout_reboot: "nothing",
  timeout_shutdown_vm: "nothing",
  timeout_start_vm: "nothing",
  timeout_stop_vm: "nothing",

  // Read from the guest agent.
  ipv4_addresses: "nothing",
  ipv6_addresses: "nothing",
  mac_addresses: "nothing",
  network_interface_names: "nothing",

  // `fast_plug_option` of qemu-server.
  description: "nothing",
  hook_script_file_id: "nothing",
  name: "nothing",
  on_boot: "nothing",
  protection: "nothing",
  tags: "nothing",
  startup: "nothing",
  "startup.down_delay": "nothing",
  "startup.order": "nothing",
  "startup.up_delay": "nothing",

  // The pool's list of VMs, not the VM.
  pool_id: "nothing",
  // Plugged as USB.
  tablet_device: "nothing",

  // CustomizeDiff, and vmUpdate.
  vm_id: "replacement",
  node_name: "migration",
  template,
  started,
  hotplug,

  // Pending in PVE. An unstated value is the provider's default.
  acpi: unless(true, "power-off later"),
  bios: unless("seabios", "power-off later"),
  boot_order: "power-off later",
  keyboard_layout: unless("en-us", "power-off later"),
  kvm_arguments: unless("", "power-off later"),
  machine: unless("", "power-off later"),
  scsi_hardware: unless("virtio-scsi-pci", "power-off later"),

  // PVE is told of `enabled`, `trim` and `type`; the others are for the provider's own waiting.
  agent: "power-off later",
  "agent.enabled": unless(false, "power-off later"),
  "agent.timeout": "nothing",
  "agent.trim": "nothing",
  "agent.type": unless("virtio", "power-off later"),
  "agent.wait_for_ip": "nothing",
  "agent.wait_for_ip.disabled": "nothing",
  "agent.wait_for_ip.ipv4": "nothing",
  "agent.wait_for_ip.ipv6": "nothing",

  // The list is ForceNew, what is in it is not.
  amd_sev: "replacement",
  "amd_sev.allow_smt": "power-off later",
  "amd_sev.kernel_hashes": "power-off later",
  "amd_sev.no_debug": "power-off later",
  "amd_sev.no_key_sharing": "power-off later",
  "amd_sev.type": "power-off later",

  audio_device: "power-off later",
  "audio_device.device": "power-off later",
  "audio_device.driver": "power-off later",
  "audio_device.enabled": "power-off later",

  // A medium is changed in a running VM, a drive is not; `enabled` is deprecated and read by nothing.
  cdrom: "power-off later",
  "cdrom.enabled": "no effect",
  "cdrom.file_id": "nothing",
  "cdrom.interface": unless("ide3", "power-off later"),

  // ForceNew, but ignored by the lifecycle that the constructs state.
  clone: "no effect",
  "clone.datastore_id": "no effect",
  "clone.full": "no effect",
  "clone.node_name": "no effect",
  "clone.retries": "no effect",
  "clone.vm_id": "no effect",

  // PVE changes the control group of `units` and `limit`; without `cpu` in `hotplug` all else is pending.
  cpu: "power-off later",
  "cpu.affinity": unless("", "power-off later"),
  "cpu.architecture": unless("", "power-off later"),
  "cpu.cores": unless(1, "power-off later"),
  "cpu.flags": "power-off later",
  "cpu.hotplugged": unless(0, "power-off later"),
  "cpu.limit": "nothing",
  "cpu.numa": unless(false, "power-off later"),
  "cpu.sockets": unless(1, "power-off later"),
  "cpu.type": unless("qemu64", "power-off later"),
  "cpu.units": "nothing",

  // `vmconfig_update_disk` skips some options, and throttles at once; a running VM keeps the serial that it has.
  // A move to another datastore wants the VM to be off. Another interface is another disk.
  disk,
  "disk.aio": unless("io_uring", "power-off later"),
  "disk.backup": "nothing",
  "disk.cache": unless("none", "power-off later"),
  "disk.datastore_id": unless("local-lvm", "refused"),
  "disk.discard": unless("ignore", "power-off later"),
  "disk.file_id": "replacement",
  "disk.interface": "detached disk",
  "disk.iothread": unless(false, "power-off later"),
  "disk.queues": unless(0, "power-off later"),
  "disk.replicate": "nothing",
  "disk.serial": unless("", "power-off later"),
  "disk.size": grows,
  "disk.speed": "nothing",
  "disk.speed.iops_read": "nothing",
  "disk.speed.iops_read_burstable": "nothing",
  "disk.speed.iops_write": "nothing",
  "disk.speed.iops_write_burstable": "nothing",
  "disk.speed.read": "nothing",
  "disk.speed.read_burstable": "nothing",
  "disk.speed.write": "nothing",
  "disk.speed.write_burstable": "nothing",
  "disk.ssd": unless(false, "power-off later"),
  // `disk.Update` keeps the volume that there is.
  "disk.file_format": "no effect",
  "disk.import_from": "no effect",
  "disk.path_in_datastore": "no effect",

  // Any change allocates an empty one, but a move, for which the VM has to be off. None is ever removed.
  efi_disk: block("power-off later", "no effect", "power-off later"),
  "efi_disk.datastore_id": unless("local-lvm", "refused"),
  "efi_disk.file_format": "power-off later",
  "efi_disk.pre_enrolled_keys": unless(false, "power-off later"),
  "efi_disk.type": unless("2m", "replacement"),

  hostpci: "power-off later",
  "hostpci.device": "power-off later",
  "hostpci.id": "power-off later",
  "hostpci.mapping": "power-off later",
  "hostpci.mdev": "power-off later",
  "hostpci.pcie": "power-off later",
  "hostpci.rom_file": "power-off later",
  "hostpci.rombar": "power-off later",
  "hostpci.xvga": "power-off later",

  // The drive is made anew at once, and read by the guest when it boots. ForceNew: the files and `type`.
  initialization,
  "initialization.datastore_id": unless("local-lvm", "refused"),
  "initialization.file_format": "refused",
  "initialization.interface": "refused",
  "initialization.meta_data_file_id": "replacement",
  "initialization.network_data_file_id": "replacement",
  "initialization.type": "replacement",
  "initialization.upgrade": "power-off later",
  "initialization.user_data_file_id": "replacement",
  "initialization.vendor_data_file_id": "replacement",
  "initialization.dns": "power-off later",
  "initialization.dns.domain": "power-off later",
  "initialization.dns.servers": "power-off later",
  "initialization.ip_config": "power-off later",
  "initialization.ip_config.ipv4": "power-off later",
  "initialization.ip_config.ipv4.address": "power-off later",
  "initialization.ip_config.ipv4.gateway": "power-off later",
  "initialization.ip_config.ipv6": "power-off later",
  "initialization.ip_config.ipv6.address": "power-off later",
  "initialization.ip_config.ipv6.gateway": "power-off later",
  "initialization.user_account": "power-off later",
  "initialization.user_account.keys": "power-off later",
  "initialization.user_account.password": "power-off later",
  "initialization.user_account.username": "power-off later",

  // Without `memory` in `hotplug` more of it is as pending as less.
  memory: "power-off later",
  "memory.dedicated": unless(512, "power-off later"),
  "memory.floating": balloon,
  "memory.hugepages": unless("", "power-off later"),
  "memory.keep_hugepages": unless(false, "power-off later"),
  "memory.shared": unless(0, "power-off later"),

  // `vmconfig_update_net`: plugged anew, or its tap device is; the rate alone is set in place. One that is added
  // is plugged beside those that there are.
  network_device: block("nothing", "live interface", "live interface"),
  "network_device.bridge": unless("vmbr0", "live interface"),
  "network_device.disconnected": unless(false, "live interface"),
  "network_device.enabled": unless(true, "live interface"),
  "network_device.firewall": unless(false, "live interface"),
  "network_device.mac_address": "live interface",
  "network_device.model": unless("virtio", "live interface"),
  "network_device.mtu": unless(0, "live interface"),
  "network_device.queues": unless(0, "live interface"),
  "network_device.rate_limit": "nothing",
  "network_device.trunks": unless("", "live interface"),
  "network_device.vlan_id": unless(0, "live interface"),

  numa: "power-off later",
  "numa.cpus": "power-off later",
  "numa.device": "power-off later",
  "numa.hostnodes": "power-off later",
  "numa.memory": "power-off later",
  "numa.policy": "power-off later",

  operating_system: "power-off later",
  "operating_system.type": unless("other", "power-off later"),

  rng: "power-off later",
  "rng.max_bytes": "power-off later",
  "rng.period": "power-off later",
  "rng.source": "power-off later",

  serial_device: "power-off later",
  "serial_device.device": unless("socket", "power-off later"),

  // Pending in PVE, although the provider does not count it among what wants a reboot.
  smbios: "power-off later",
  "smbios.family": "power-off later",
  "smbios.manufacturer": "power-off later",
  "smbios.product": "power-off later",
  "smbios.serial": "power-off later",
  "smbios.sku": "power-off later",
  "smbios.uuid": "power-off later",
  "smbios.version": "power-off later",

  // Whatever changes, the provider wants the VM to be off first.
  tpm_state: "refused",
  "tpm_state.datastore_id": unless("local-lvm", "refused"),
  "tpm_state.version": unless("v2.0", "replacement"),

  // Plugged at once by some guests and machine types, and pending for the others.
  usb: "power-off later",
  "usb.host": "power-off later",
  "usb.mapping": "power-off later",
  "usb.usb3": "power-off later",

  vga: "power-off later",
  "vga.clipboard": "power-off later",
  "vga.memory": "power-off later",
  "vga.type": "power-off later",

  virtiofs: "power-off later",
  "virtiofs.cache": "power-off later",
  "virtiofs.direct_io": "power-off later",
  "virtiofs.expose_acl": "power-off later",
  "virtiofs.expose_xattr": "power-off later",
  "virtiofs.mapping": "power-off later",

  watchdog: "power-off later",
  "watchdog.action": "power-off later",
  "watchdog.enabled": "power-off later",
  "watchdog.model": "power-off later",
} satisfies Record<string, Cost | Dependent>;

/** By path in the provider's schema. */
export const COSTS: Readonly<Record<string, Cost | Dependent>> = TABLE;

/** What the change costs; "refused" of an attribute that the provider's schema does not have. */
export function costOf({ attribute, before, after }: AttributeChange): Cost {
  const cost = COSTS[attribute] ?? "refused";
  return typeof cost === "string" ? cost : cost.of(before, after);
}

/** What any change of the attribute can cost, for one whose new value is not known yet. */
export function worstCostOf(attribute: string): Cost {
  const cost = COSTS[attribute] ?? "refused";
  return typeof cost === "string" ? cost : cost.worst;
}

/** `rebootRequired` in vmUpdate and `disk.Update`, which compare whole blocks, and ask less than PVE in others. */
const RESTARTS = new Set<string>([
  "acpi",
  "agent",
  "amd_sev",
  "audio_device",
  "bios",
  "boot_order",
  "cpu",
  "disk.aio",
  "disk.datastore_id",
  "disk.queues",
  "efi_disk",
  "hostpci",
  "initialization",
  "keyboard_layout",
  "kvm_arguments",
  "machine",
  "memory",
  "numa",
  "operating_system",
  "rng",
  "scsi_hardware",
  "serial_device",
  "tablet_device",
  "template",
  "tpm_state",
  "usb",
  "vga",
  "virtiofs",
  "watchdog",
] satisfies (keyof typeof TABLE)[]);

/** Whether an update of the attribute power-cycles the VM by itself where `reboot_after_update` is true. */
export const restartsVm = (attribute: string): boolean =>
  RESTARTS.has(attribute) || RESTARTS.has(attribute.split(".", 1)[0] ?? "");
