/**
 * The impact of a changed attribute of `proxmox_virtual_environment_vm` on the VM, for every attribute and block of the
 * provider's schema. It applies to running VMs with what the constructs set: `reboot_after_update = false`,
 * `migrate = true` and `lifecycle.ignore_changes = ["clone"]`.
 *
 * Sources: in provider 0.111.1, `vmUpdate`, `ForceNew` and `CustomizeDiff` in `proxmoxtf/resource/vm/vm.go`, and
 * `disk/disk.go` and `network/schema.go` next to it. In qemu-server 9.2.6, `vmconfig_hotplug_pending` in
 * `src/PVE/QemuServer.pm` and what it calls, which leaves pending what it cannot change in a running VM, and
 * `update_vm_api` and `check_vm_modify_config_perm` in `src/PVE/API2/Qemu.pm` for permissions. Replacements were tried
 * in plans of the provider. Assumes Proxmox VE's default of `hotplug`, `network,disk,usb`.
 */
import type { AttributeChange } from "./attributes";

/** Each completes "the change …". */
export const IMPACT_LABELS = {
  nothing: "takes effect at once without interruption",
  "power-off later": "takes effect at the VM's next power-off",
  "power-off now": "powers the VM off",
  start: "starts the VM, which is off",
  template: "turns the VM into a template, which can never run again",
  replacement: "destroys the VM and creates another",
  "failing replacement": "destroys the VM and creates no other, since only root@pam may set it",
  refused: "is refused, so the apply fails",
  "needs off": "needs the VM to be off, which reboot_after_update = false prevents, so the apply fails",
  "root only": "is refused to every API token, since only root@pam may set it, so the apply fails",
  "second apply":
    "fails in the first apply that changes a disk of an imported VM, which only writes the disk's options",
  migration: "migrates the VM to another PVE node",
  "new empty disk": "gives the VM a new, empty disk",
  "detached disk": "detaches a disk and keeps it as unused",
  "detached disk later": "detaches a disk at the VM's next power-off and keeps it as unused",
  "boot disk": "detaches a disk of boot_order, which the provider refuses, so the apply fails",
  "protected disk": "detaches a disk, which Proxmox VE refuses while protection is on, so the apply fails",
  "live interface": "changes a network interface of the running VM at once",
  "live device": "changes a USB device of the running VM at once",
  "host's drive":
    "attaches the PVE node's own CD drive instead, or fails if the token lacks Sys.Console on /",
  "no effect": "has no effect on an existing VM",
} as const;

export type Impact = keyof typeof IMPACT_LABELS;

/** Remarks on some attributes, independent of the impact. */
const REMARKS: Readonly<Record<string, string>> = {
  "disk.file_format": "every later plan shows the change again",
  "network_device.enabled": "every later plan shows the change again",
};

/** Privileges that a token needs for some blocks, in addition to those that every apply needs. */
const PRIVILEGES: Readonly<Record<string, string>> = {
  startup: "the token needs Sys.Modify on /",
  hostpci: "the token needs Mapping.Use on the mapping",
  usb: "the token needs Mapping.Use on a mapping",
  virtiofs: "the token needs Mapping.Use on the mapping",
};

/** The additional privilege that a block needs, as a sentence. */
export const privilegeFor = (block: string): string | undefined => PRIVILEGES[block];

/** Impacts to which no remark needs to be added. */
const COMPLETE: ReadonlySet<Impact> = new Set(["replacement", "failing replacement", "root only"]);

/** Describes what a change does, with remarks. */
export function describeImpact(impact: Impact, attribute: string): string {
  const block = attribute.split(".", 1)[0] ?? attribute;
  const remarks = COMPLETE.has(impact) ? [] : [PRIVILEGES[block], REMARKS[attribute]].filter(isStated);
  const disturbs = remarks.length > 0 || touchesDisks(attribute);
  return [impact === "nothing" && disturbs ? "takes effect at once" : IMPACT_LABELS[impact], ...remarks].join(
    "; ",
  );
}

const isStated = (remark: string | undefined): remark is string => remark !== undefined;

/** Whether a change of the attribute makes vmUpdate do what `DETACHES` says. */
export const touchesDisks = (attribute: string): boolean => /^disk(\.|$)/.test(attribute);

/** As soon as one disk changes, vmUpdate puts every disk that is not in the configuration into `delete`. */
export const DETACHES_OTHERS = "the provider detaches every disk of the VM that is not in the configuration";

/** An impact that depends on the values; `undefined` means not set. */
interface Dependent {
  readonly of: (before: unknown, after: unknown) => Impact;
  /** The worst impact of any change, for a value that is not known yet. */
  readonly worst: Impact;
}

type Block = Readonly<Record<string, unknown>>;

/** Setting the provider's default explicitly is not a change. */
const unlessDefault = (standard: unknown, impact: Impact): Dependent => ({
  of: (before, after) => ((before ?? standard) === (after ?? standard) ? "nothing" : impact),
  worst: impact,
});

const depends = (worst: Impact, of: Dependent["of"]): Dependent => ({ of, worst });

/** The impact of adding or removing a whole block. */
const block = (added: Impact, removed: Impact, worst: Impact): Dependent =>
  depends(worst, (before) => (before === undefined ? added : removed));

/** `file_id` is ForceNew, even in a disk that is added or removed. */
const disk = depends("replacement", (before, after) => {
  const blocks = [before, after].filter(isBlock);
  if (blocks.some(({ file_id }) => Boolean(file_id))) return "replacement";
  // IDE and SATA cannot be hotplugged.
  const waits = blocks.some((one) => /^(ide|sata)/.test(String(one.interface)));
  if (before === undefined) return waits ? "power-off later" : "new empty disk";
  return waits ? "detached disk later" : "detached disk";
});

const CLOUD_INIT_FILES = [
  "meta_data_file_id",
  "network_data_file_id",
  "type",
  "user_data_file_id",
  "vendor_data_file_id",
];

/** A new drive needs the VM to be off. A drive that is no longer in the configuration stays. */
const initialization = depends("replacement", (before, after) => {
  if (before !== undefined) return "no effect";
  return isBlock(after) && CLOUD_INIT_FILES.some((name) => Boolean(after[name]))
    ? "replacement"
    : "needs off";
});

/** Only root may pass through a device of the PVE node itself, instead of a mapping. */
const device = (isReal: (block: Block) => boolean, added: Impact, removed: Impact): Dependent =>
  depends("root only", (before, after) => {
    if ([before, after].filter(isBlock).some(isReal)) return "root only";
    return before === undefined ? added : removed;
  });

const isRealUsb = ({ host }: Block): boolean => Boolean(host) && !/^spice$/i.test(String(host));

const isRealSerial = ({ device }: Block): boolean => Boolean(device) && device !== "socket";

/** The same for one attribute of such a block. */
const realOr = (isReal: (value: unknown) => boolean, impact: Impact): Dependent =>
  depends("root only", (before, after) => ([before, after].some(isReal) ? "root only" : impact));

/** Without a file, the provider attaches `cdrom`, the drive of the PVE node. */
const medium = depends("host's drive", (_, after) => (after ? "nothing" : "host's drive"));

/** The provider never removes shared memory from a VM. */
const shared = depends("root only", (before, after) => {
  if ((before ?? 0) === (after ?? 0)) return "nothing";
  return after ? "root only" : "no effect";
});

const grows = depends("refused", (before, after) => {
  if (typeof before !== "number" || typeof after !== "number") return "nothing";
  return after < before ? "refused" : "nothing";
});

/** PVE can resize the balloon of a running VM, but cannot add or remove it. */
const balloon = depends("power-off later", (before, after) =>
  Boolean(before) === Boolean(after) ? "nothing" : "power-off later",
);

/** Waits for a power-off if `cpu` or `memory` is in the old or the new list. */
const hotplug = depends("power-off later", (before, after) =>
  [before, after].some((features) => /cpu|memory/.test(JSON.stringify([features])))
    ? "power-off later"
    : "nothing",
);

/** The provider refuses to turn a template into a VM. */
const template = depends("template", (before, after) => {
  if (Boolean(before) === Boolean(after)) return "nothing";
  return after ? "template" : "refused";
});

const started = depends("power-off now", (before, after) => {
  if (after === false) return "power-off now";
  return before === false ? "start" : "nothing";
});

const isBlock = (value: unknown): value is Block => typeof value === "object" && value !== null;

const TABLE = {
  // Only the provider uses these, or they matter only when a VM is created or destroyed.
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

  // `fast_plug_option` of qemu-server. `startup` changes the PVE node, whose rights it wants.
  description: "nothing",
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

  // In no list of `check_vm_modify_config_perm`: for root alone.
  hook_script_file_id: unlessDefault("", "root only"),
  kvm_arguments: unlessDefault("", "root only"),

  // Pending in PVE. An unset value is the provider's default.
  acpi: unlessDefault(true, "power-off later"),
  bios: unlessDefault("seabios", "power-off later"),
  boot_order: "power-off later",
  keyboard_layout: unlessDefault("en-us", "power-off later"),
  machine: unlessDefault("", "power-off later"),
  scsi_hardware: unlessDefault("virtio-scsi-pci", "power-off later"),

  // PVE is told of `enabled`, `trim` and `type`; the others are for the provider's own waiting.
  agent: "power-off later",
  "agent.enabled": unlessDefault(false, "power-off later"),
  "agent.timeout": "nothing",
  "agent.trim": "nothing",
  "agent.type": unlessDefault("virtio", "power-off later"),
  "agent.wait_for_ip": "nothing",
  "agent.wait_for_ip.disabled": "nothing",
  "agent.wait_for_ip.ipv4": "nothing",
  "agent.wait_for_ip.ipv6": "nothing",

  // The list is ForceNew, its attributes are not. PVE grants `amd-sev` to no privilege.
  amd_sev: "failing replacement",
  "amd_sev.allow_smt": "root only",
  "amd_sev.kernel_hashes": "root only",
  "amd_sev.no_debug": "root only",
  "amd_sev.no_key_sharing": "root only",
  "amd_sev.type": "root only",

  audio_device: "power-off later",
  "audio_device.device": "power-off later",
  "audio_device.driver": "power-off later",
  "audio_device.enabled": "power-off later",

  // PVE changes a medium in a running VM, but not a drive. `enabled` is deprecated and unused. When a block is removed,
  // vmUpdate uses the defaults, and so attaches the host's drive.
  cdrom: block("power-off later", "host's drive", "host's drive"),
  "cdrom.enabled": "no effect",
  "cdrom.file_id": medium,
  "cdrom.interface": unlessDefault("ide3", "power-off later"),

  // ForceNew, but ignored by the lifecycle that the constructs set.
  clone: "no effect",
  "clone.datastore_id": "no effect",
  "clone.full": "no effect",
  "clone.node_name": "no effect",
  "clone.retries": "no effect",
  "clone.vm_id": "no effect",

  // PVE applies `units` and `limit` through the control group. Without `cpu` in `hotplug`, all else is pending.
  cpu: "power-off later",
  "cpu.affinity": unlessDefault("", "root only"),
  "cpu.architecture": unlessDefault("", "root only"),
  "cpu.cores": unlessDefault(1, "power-off later"),
  "cpu.flags": "power-off later",
  "cpu.hotplugged": unlessDefault(0, "power-off later"),
  "cpu.limit": "nothing",
  "cpu.numa": unlessDefault(false, "power-off later"),
  "cpu.sockets": unlessDefault(1, "power-off later"),
  "cpu.type": unlessDefault("qemu64", "power-off later"),
  "cpu.units": "nothing",

  // `vmconfig_update_disk` skips some options and applies throttling at once; a running VM keeps its serial. A move to
  // another datastore needs the VM to be off. Another interface means another disk.
  disk,
  "disk.aio": unlessDefault("io_uring", "power-off later"),
  "disk.backup": "nothing",
  "disk.cache": unlessDefault("none", "power-off later"),
  "disk.datastore_id": unlessDefault("local-lvm", "needs off"),
  "disk.discard": unlessDefault("ignore", "power-off later"),
  "disk.file_id": "replacement",
  "disk.interface": "detached disk",
  "disk.iothread": unlessDefault(false, "power-off later"),
  "disk.queues": unlessDefault(0, "power-off later"),
  "disk.replicate": "nothing",
  "disk.serial": unlessDefault("", "power-off later"),
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
  "disk.ssd": unlessDefault(false, "power-off later"),
  // `disk.Update` keeps the existing volume.
  "disk.file_format": "no effect",
  "disk.import_from": "no effect",
  "disk.path_in_datastore": "no effect",

  // Any change allocates an empty disk, except a move, which needs the VM to be off. The disk is never removed.
  efi_disk: block("power-off later", "no effect", "power-off later"),
  "efi_disk.datastore_id": unlessDefault("local-lvm", "needs off"),
  "efi_disk.file_format": "power-off later",
  "efi_disk.pre_enrolled_keys": unlessDefault(false, "power-off later"),
  "efi_disk.type": unlessDefault("2m", "replacement"),

  hostpci: device(
    ({ id, rom_file }) => Boolean(id) || Boolean(rom_file),
    "power-off later",
    "power-off later",
  ),
  "hostpci.device": "power-off later",
  "hostpci.id": "root only",
  "hostpci.mapping": "power-off later",
  "hostpci.mdev": "power-off later",
  "hostpci.pcie": "power-off later",
  "hostpci.rom_file": unlessDefault("", "root only"),
  "hostpci.rombar": "power-off later",
  "hostpci.xvga": "power-off later",

  // PVE regenerates the drive at once, and the guest reads it at boot. ForceNew: the files and `type`.
  initialization,
  "initialization.datastore_id": unlessDefault("local-lvm", "needs off"),
  "initialization.file_format": "needs off",
  "initialization.interface": "needs off",
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

  // Without `memory` in `hotplug`, both more and less memory are pending.
  memory: "power-off later",
  "memory.dedicated": unlessDefault(512, "power-off later"),
  "memory.floating": balloon,
  "memory.hugepages": unlessDefault("", "root only"),
  "memory.keep_hugepages": unlessDefault(false, "root only"),
  "memory.shared": shared,

  // `vmconfig_update_net` replugs the device or its tap device; only the rate is set in place. A new interface is
  // hotplugged without touching the others.
  network_device: block("nothing", "live interface", "live interface"),
  "network_device.bridge": unlessDefault("vmbr0", "live interface"),
  "network_device.disconnected": unlessDefault(false, "live interface"),
  "network_device.enabled": unlessDefault(true, "live interface"),
  "network_device.firewall": unlessDefault(false, "live interface"),
  "network_device.mac_address": "live interface",
  "network_device.model": unlessDefault("virtio", "live interface"),
  "network_device.mtu": unlessDefault(0, "live interface"),
  "network_device.queues": unlessDefault(0, "live interface"),
  "network_device.rate_limit": "nothing",
  "network_device.trunks": unlessDefault("", "live interface"),
  "network_device.vlan_id": unlessDefault(0, "live interface"),

  numa: "power-off later",
  "numa.cpus": "power-off later",
  "numa.device": "power-off later",
  "numa.hostnodes": "power-off later",
  "numa.memory": "power-off later",
  "numa.policy": "power-off later",

  operating_system: "power-off later",
  "operating_system.type": unlessDefault("other", "power-off later"),

  rng: "power-off later",
  "rng.max_bytes": "power-off later",
  "rng.period": "power-off later",
  "rng.source": "power-off later",

  serial_device: device(isRealSerial, "power-off later", "power-off later"),
  "serial_device.device": realOr((device) => isRealSerial({ device }), "power-off later"),

  // Pending in PVE, although the provider does not count it as needing a reboot.
  smbios: "power-off later",
  "smbios.family": "power-off later",
  "smbios.manufacturer": "power-off later",
  "smbios.product": "power-off later",
  "smbios.serial": "power-off later",
  "smbios.sku": "power-off later",
  "smbios.uuid": "power-off later",
  "smbios.version": "power-off later",

  // For any change, the provider needs the VM to be off first.
  tpm_state: "needs off",
  "tpm_state.datastore_id": unlessDefault("local-lvm", "needs off"),
  "tpm_state.version": unlessDefault("v2.0", "replacement"),

  // Hotplugged at once in guests of type l26 with machine version 7.1 or later.
  usb: device(isRealUsb, "nothing", "live device"),
  "usb.host": realOr((host) => isRealUsb({ host }), "live device"),
  "usb.mapping": "live device",
  "usb.usb3": "live device",

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
} satisfies Record<string, Impact | Dependent>;

/** Impacts by path in the provider's schema. */
export const IMPACTS: Readonly<Record<string, Impact | Dependent>> = TABLE;

/** The impact of a change; "refused" for an attribute that is not in the provider's schema. */
export function impactOf({ attribute, before, after }: AttributeChange): Impact {
  const impact = IMPACTS[attribute] ?? "refused";
  return typeof impact === "string" ? impact : impact.of(before, after);
}

/** The worst impact of a change of the attribute, for a new value that is not known yet. */
export function worstImpactOf(attribute: string): Impact {
  const impact = IMPACTS[attribute] ?? "refused";
  return typeof impact === "string" ? impact : impact.worst;
}

/** Where vmUpdate and `disk.Update` set `rebootRequired`. They compare whole blocks; for other attributes they reboot less than PVE needs. */
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

/** Whether an update of the attribute power-cycles the VM if `reboot_after_update` is true. */
export const restartsVm = (attribute: string): boolean =>
  RESTARTS.has(attribute) || RESTARTS.has(attribute.split(".", 1)[0] ?? "");

/** Disks that cannot grow yet, and what they wait for. */
export interface BlockedGrowth<T> {
  readonly growing: readonly T[];
  /** Attributes whose changes wait for a reboot. */
  readonly waiting: readonly string[];
}

/**
 * Disks that cannot grow in the same apply as the other changes: the provider fails half-way if changes wait for a
 * reboot that it may not do (`pendingChangesBeforeResize` in vmUpdate, 0.111.1).
 *
 * @param reboots - whether the apply itself reboots the VM, which is the provider's default
 */
export function blockedGrowth<T extends { attribute: string; impact: Impact; where: string }>(
  changes: readonly T[],
  reboots: boolean,
): BlockedGrowth<T> {
  const waiting = changes.filter(({ attribute }) => restartsVm(attribute)).map(({ where }) => where);
  const growing = changes.filter(
    ({ attribute, impact }) => attribute === "disk.size" && impact === "nothing",
  );
  return { growing: reboots || waiting.length === 0 ? [] : growing, waiting };
}

/** Whether an apply reboots a VM for changes that need it. The provider's default is true. */
export const rebootsAfterUpdate = (vm: Readonly<Record<string, unknown>> | null | undefined): boolean =>
  vm?.reboot_after_update !== false;
