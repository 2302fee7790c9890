/**
 * What a changed attribute of `proxmox_virtual_environment_vm` does to the VM, for every attribute and block of the
 * provider's schema. It holds for VMs that are on, as the constructs state them: `reboot_after_update = false`,
 * `migrate = true`, and `lifecycle.ignore_changes = ["clone"]`.
 *
 * Sources: of provider 0.111.1 `vmUpdate`, `ForceNew` and `CustomizeDiff` in `proxmoxtf/resource/vm/vm.go`, and
 * `disk/disk.go`, `network/schema.go` beside it; of qemu-server 9.2.6 `vmconfig_hotplug_pending` and what it calls in
 * `src/PVE/QemuServer.pm`, which leaves pending what it cannot change in a running VM, and `update_vm_api` and
 * `check_vm_modify_config_perm` in `src/PVE/API2/Qemu.pm`, which say who may. Replacements were tried in plans of the
 * provider. `hotplug` is taken to be Proxmox VE's default, `network,disk,usb`.
 */
import type { AttributeChange } from "./attributes";

/** Each completes "this changes, and it …". */
export const IMPACT_LABELS = {
  nothing: "takes effect at once and disturbs nothing",
  "power-off later": "takes effect at the VM's next power-off",
  "power-off now": "powers the VM off",
  start: "starts the VM, which is off",
  template: "makes a template of the VM, which never runs again",
  replacement: "destroys the VM and makes another",
  "failing replacement": "destroys the VM and makes no other, since only root@pam may set it",
  refused: "is refused, and the apply fails",
  "needs off": "needs the VM to be off, which reboot_after_update = false forbids, and the apply fails",
  "root only": "is refused to every API token, since only root@pam may set it, and the apply fails",
  "second apply":
    "fails in the first apply that changes a disk of an imported VM, which writes the disk's options alone",
  migration: "migrates the VM to another PVE node",
  "new empty disk": "gives the VM a new, empty disk",
  "detached disk": "detaches a disk, which is kept as unused",
  "detached disk later": "detaches a disk at the VM's next power-off, and keeps it as unused",
  "boot disk": "detaches a disk that boot_order has, which the provider refuses, and the apply fails",
  "protected disk": "detaches a disk, which Proxmox VE refuses while protection is on, and the apply fails",
  "live interface": "changes a network interface of the running VM at once",
  "live device": "changes a USB device of the running VM at once",
  "host's drive":
    "attaches the PVE node's own CD drive in its place, or fails where the token lacks Sys.Console on /",
  "no effect": "has no effect on a VM that exists",
} as const;

export type Impact = keyof typeof IMPACT_LABELS;

/** What more there is to know of some attributes, whatever their change does. */
const REMARKS: Readonly<Record<string, string>> = {
  "disk.file_format": "every later plan shows it again",
  "network_device.enabled": "every later plan shows it again",
};

/** What a token needs for some blocks, beside the rights that every apply needs. */
const RIGHTS: Readonly<Record<string, string>> = {
  startup: "the token needs Sys.Modify on /",
  hostpci: "the token needs Mapping.Use on the mapping",
  usb: "the token needs Mapping.Use on a mapping",
  virtiofs: "the token needs Mapping.Use on the mapping",
};

/** Which further right a block needs, in words. */
export const rightFor = (block: string): string | undefined => RIGHTS[block];

/** Of these there is nothing more to know. */
const COMPLETE: ReadonlySet<Impact> = new Set(["replacement", "failing replacement", "root only"]);

/** What a change does, and what more there is to know. */
export function describeImpact(impact: Impact, attribute: string): string {
  const block = attribute.split(".", 1)[0] ?? attribute;
  const remarks = COMPLETE.has(impact) ? [] : [RIGHTS[block], REMARKS[attribute]].filter(isStated);
  const disturbs = remarks.length > 0 || touchesDisks(attribute);
  return [impact === "nothing" && disturbs ? "takes effect at once" : IMPACT_LABELS[impact], ...remarks].join(
    "; ",
  );
}

const isStated = (remark: string | undefined): remark is string => remark !== undefined;

/** Whether it is among what vmUpdate answers by `DETACHES`. */
export const touchesDisks = (attribute: string): boolean => /^disk(\.|$)/.test(attribute);

/** vmUpdate puts every disk that it is not told of into `delete`, as soon as one of the others changes. */
export const DETACHES = "the provider detaches every disk of the VM that is not stated";

/** An impact that depends on the values. `undefined` is not stated. */
interface Dependent {
  readonly of: (before: unknown, after: unknown) => Impact;
  /** What any change of it can do, for one that is not known yet. */
  readonly worst: Impact;
}

type Block = Readonly<Record<string, unknown>>;

/** The provider's default, stated or not, is the same. */
const unless = (standard: unknown, impact: Impact): Dependent => ({
  of: (before, after) => ((before ?? standard) === (after ?? standard) ? "nothing" : impact),
  worst: impact,
});

const depends = (worst: Impact, of: Dependent["of"]): Dependent => ({ of, worst });

/** A whole block that is added, or removed. */
const block = (added: Impact, removed: Impact, worst: Impact): Dependent =>
  depends(worst, (before) => (before === undefined ? added : removed));

/** `file_id` is ForceNew, in a disk that is added or removed, too. */
const disk = depends("replacement", (before, after) => {
  const blocks = [before, after].filter(isBlock);
  if (blocks.some(({ file_id }) => Boolean(file_id))) return "replacement";
  // These two are never plugged or unplugged while the VM runs.
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

/** A new drive wants the VM to be off. One that is not stated any more stays. */
const initialization = depends("replacement", (before, after) => {
  if (before !== undefined) return "no effect";
  return isBlock(after) && CLOUD_INIT_FILES.some((name) => Boolean(after[name]))
    ? "replacement"
    : "needs off";
});

/** What names a device of the PVE node itself, and not a mapping, is for root alone. */
const device = (isReal: (block: Block) => boolean, added: Impact, removed: Impact): Dependent =>
  depends("root only", (before, after) => {
    if ([before, after].filter(isBlock).some(isReal)) return "root only";
    return before === undefined ? added : removed;
  });

const isRealUsb = ({ host }: Block): boolean => Boolean(host) && !/^spice$/i.test(String(host));

const isRealSerial = ({ device }: Block): boolean => Boolean(device) && device !== "socket";

/** The same of one attribute of such a block. */
const realOr = (isReal: (value: unknown) => boolean, impact: Impact): Dependent =>
  depends("root only", (before, after) => ([before, after].some(isReal) ? "root only" : impact));

/** The provider puts `cdrom`, the drive of the PVE node, where no file is stated. */
const medium = depends("host's drive", (_, after) => (after ? "nothing" : "host's drive"));

/** The provider never takes the shared memory from a VM. */
const shared = depends("root only", (before, after) => {
  if ((before ?? 0) === (after ?? 0)) return "nothing";
  return after ? "root only" : "no effect";
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
  [before, after].some((features) => /cpu|memory/.test(JSON.stringify([features])))
    ? "power-off later"
    : "nothing",
);

/** The provider refuses to make a VM of a template. */
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
  hook_script_file_id: unless("", "root only"),
  kvm_arguments: unless("", "root only"),

  // Pending in PVE. An unstated value is the provider's default.
  acpi: unless(true, "power-off later"),
  bios: unless("seabios", "power-off later"),
  boot_order: "power-off later",
  keyboard_layout: unless("en-us", "power-off later"),
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

  // The list is ForceNew, what is in it is not. No list of permissions has `amd-sev`.
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

  // A medium is changed in a running VM, a drive is not; `enabled` is deprecated and read by nothing. Of a block that
  // is removed vmUpdate takes the defaults, and adds what they say.
  cdrom: block("power-off later", "host's drive", "host's drive"),
  "cdrom.enabled": "no effect",
  "cdrom.file_id": medium,
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
  "cpu.affinity": unless("", "root only"),
  "cpu.architecture": unless("", "root only"),
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
  "disk.datastore_id": unless("local-lvm", "needs off"),
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
  "efi_disk.datastore_id": unless("local-lvm", "needs off"),
  "efi_disk.file_format": "power-off later",
  "efi_disk.pre_enrolled_keys": unless(false, "power-off later"),
  "efi_disk.type": unless("2m", "replacement"),

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
  "hostpci.rom_file": unless("", "root only"),
  "hostpci.rombar": "power-off later",
  "hostpci.xvga": "power-off later",

  // The drive is written anew at once, and read by the guest when it boots. ForceNew: the files and `type`.
  initialization,
  "initialization.datastore_id": unless("local-lvm", "needs off"),
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

  // Without `memory` in `hotplug` more of it is as pending as less.
  memory: "power-off later",
  "memory.dedicated": unless(512, "power-off later"),
  "memory.floating": balloon,
  "memory.hugepages": unless("", "root only"),
  "memory.keep_hugepages": unless(false, "root only"),
  "memory.shared": shared,

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

  serial_device: device(isRealSerial, "power-off later", "power-off later"),
  "serial_device.device": realOr((device) => isRealSerial({ device }), "power-off later"),

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
  tpm_state: "needs off",
  "tpm_state.datastore_id": unless("local-lvm", "needs off"),
  "tpm_state.version": unless("v2.0", "replacement"),

  // Plugged at once, in guests of type l26 and with a machine from 7.1 on.
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

/** By path in the provider's schema. */
export const IMPACTS: Readonly<Record<string, Impact | Dependent>> = TABLE;

/** What the change does; "refused" of an attribute that the provider's schema does not have. */
export function impactOf({ attribute, before, after }: AttributeChange): Impact {
  const impact = IMPACTS[attribute] ?? "refused";
  return typeof impact === "string" ? impact : impact.of(before, after);
}

/** What any change of the attribute can do, for one whose new value is not known yet. */
export function worstImpactOf(attribute: string): Impact {
  const impact = IMPACTS[attribute] ?? "refused";
  return typeof impact === "string" ? impact : impact.worst;
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

/** What a disk's growth has to wait for, when it has to. */
export interface BlockedGrowth<T> {
  readonly growing: readonly T[];
  /** Where the changes are that wait for a reboot. */
  readonly waiting: readonly string[];
}

/**
 * Disks that do not grow in one apply with the other changes: the provider fails half-way while changes wait for a
 * reboot that it may not do (`pendingChangesBeforeResize` in vmUpdate, 0.111.1).
 *
 * @param reboots - whether the apply itself reboots the VM, which the provider does unless told otherwise
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

/** Whether an apply reboots a VM for what needs it: the provider's default is true. */
export const rebootsAfterUpdate = (vm: Readonly<Record<string, unknown>> | null | undefined): boolean =>
  vm?.reboot_after_update !== false;
