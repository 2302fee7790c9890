import { isDrive } from "./drive";
import { Refusal } from "./refusal";
import type { Token } from "./token";

const OPTIONS_OF: Readonly<Record<string, string>> = {
  "VM.Config.CPU": "cores cpu cpulimit cpuunits numa sockets vcpus",
  "VM.Config.Memory": "memory balloon shares",
  "VM.Config.HWType": "acpi hotplug kvm machine scsihw smbios1 tablet vga watchdog audio0 rng0 vmgenid",
  "VM.Config.Options":
    "agent autostart bios description keyboard localtime migrate_downtime migrate_speed name onboot ostype protection " +
    "reboot startdate startup tags tdf template",
  "VM.Config.Disk": "boot bootdisk vmstatestorage",
  "VM.Config.Cloudinit": "cicustom cipassword citype ciupgrade ciuser nameserver searchdomain sshkeys",
  "VM.PowerMgmt": "freeze",
};

const privilegeOfOption = new Map(
  Object.entries(OPTIONS_OF).flatMap(([privilege, options]) =>
    options.split(" ").map((option) => [option, privilege] as const),
  ),
);

/** Options that no API token may set, whatever its privileges. */
const ROOT_ONLY = new Set([
  "affinity",
  "arch",
  "args",
  "hookscript",
  "hugepages",
  "ivshmem",
  "keephugepages",
  "lock",
]);

/** @returns `undefined` for an unknown option */
function privilegeOf(option: string): string | undefined {
  if (isDrive(option) || /^unused\d+$/.test(option)) return "VM.Config.Disk";
  if (/^net\d+$/.test(option)) return "VM.Config.Network";
  if (/^ipconfig\d+$/.test(option)) return "VM.Config.Cloudinit";
  if (/^(serial|usb|hostpci|virtiofs|parallel|numa)\d+$/.test(option)) return "VM.Config.HWType";
  return privilegeOfOption.get(option);
}

export const isOption = (option: string): boolean =>
  ROOT_ONLY.has(option) || privilegeOf(option) !== undefined;

/** @throws Refusal unless the token may set or delete the option of that VM */
export function demandForOption(token: Token, id: number, option: string, value: string | undefined): void {
  if (ROOT_ONLY.has(option)) throw new Refusal(500, `only root can set '${option}' config`);
  if (/^serial\d+$/.test(option) && value !== undefined && value !== "socket")
    throw new Refusal(500, `only root can set '${option}' config for real devices`);
  if (option === "startup") token.demand("/", "Sys.Modify");
  if (/^net\d+$/.test(option)) demandForBridge(token, value);
  token.demand(`/vms/${id}`, privilegeOf(option) ?? "");
}

/** @throws Refusal unless the token may attach guests to the bridge that an interface names */
export function demandForBridge(token: Token, value: string | undefined): void {
  const bridge = /(?:^|,)bridge=([^,]+)/.exec(value ?? "")?.[1];
  if (bridge !== undefined) token.demand(`/sdn/zones/localnetwork/${bridge}`, "SDN.Use");
}
