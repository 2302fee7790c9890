import fs from "node:fs";
import { basename, dirname } from "node:path";
import type { Role } from "../../src/config/settings";
import type { Definition, Json, Module } from "./evaluation";

/** How NixOS checks the values of an option, and makes one value of several definitions of the same priority. */
interface Type {
  readonly name: string;
  readonly accepts: (value: Json) => boolean;
  readonly lists?: boolean;
}

const isString = (value: Json): value is string => typeof value === "string";

/** The Nix path in a value, or undefined for any other value. */
const nixPath = (value: Json | undefined): string | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) && isString(value["__path"] ?? null)
    ? (value["__path"] as string)
    : undefined;

const isPackage = (value: Json): boolean =>
  typeof value === "object" && value !== null && "__package" in value;

const bool: Type = { name: "boolean", accepts: (value) => typeof value === "boolean" };
const str: Type = { name: "string", accepts: isString };
const matching = (pattern: RegExp): Type => ({
  name: `string matching ${pattern}`,
  accepts: (value) => isString(value) && pattern.test(value),
});
const oneOf = (...values: Json[]): Type => ({
  name: `one of ${JSON.stringify(values)}`,
  accepts: (value) => values.includes(value),
});
/** `lib.types.path`: a Nix path, or a string that begins with a slash. */
const path: Type = {
  name: "absolute path",
  accepts: (value) => nixPath(value) !== undefined || (isString(value) && value.startsWith("/")),
};
const attributeOfPkgs: Type = { name: "attribute of pkgs", accepts: isPackage };
const listOf = (element: Type): Type => ({
  name: `list of ${element.name}`,
  accepts: (value) => Array.isArray(value) && value.every(element.accepts),
  lists: true,
});
const record = (fields: Readonly<Record<string, Type>>): Type => ({
  name: `{ ${Object.keys(fields).join("; ")} }`,
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every((key) => key in fields) &&
    Object.entries(fields).every(([key, type]) => key in value && type.accepts(value[key] as Json)),
});
const between = (least: number, most: number): Type => ({
  name: `integer from ${least} to ${most}`,
  accepts: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
});
const integer = between(-(2 ** 31), 2 ** 31);
const oneOfTypes = (...types: Type[]): Type => ({
  name: types.map(({ name }) => name).join(" or "),
  accepts: (value) => types.some((type) => type.accepts(value)),
});
/** `lib.types.singleLineStr`, whose final newline NixOS would take off. */
const singleLine: Type = matching(/^[^\n\r]*$/);
const unitName: Type = matching(/^[A-Za-z0-9:_.@\\-]+\.(service|target|mount|timer)$/);
const nonEmpty: Type = matching(/[^ \t\n]/);

/**
 * Every option that an emitted file may set, with its type as nixpkgs declares it. `*` stands for one name.
 *
 * Read in NixOS/nixpkgs, below nixos/modules, at the commit in brackets, or in a copy without one (-). No copy is
 * known to be that of 25.11 itself. The recent ones, formatted by nixfmt, are from about that release or later:
 * - services/networking/nftables.nix (-), services/networking/firewall.nix (0192bb84), tasks/filesystems.nix (0148e16d),
 *   services/networking/ssh/sshd.nix (-), services/cluster/rancher/{default.nix (011c1bdb), k3s.nix (01bb496c)},
 *   tasks/network-interfaces.nix (003a3fd2), system/boot/loader/{systemd-boot/systemd-boot.nix (01e499ce),
 *   efi.nix (0e1f3106), grub/grub.nix (-)}, system/boot/kernel.nix (-), config/sysctl.nix (-), system/boot/systemd.nix (-),
 *   system/boot/grow-partition.nix (-), services/misc/nix-gc.nix (-), misc/nixpkgs.nix (026ffb9e), misc/version.nix (-)
 * - config/nix.nix (01363563); its options of `nix.settings` and those of `system.nixos` were not evaluated with real modules
 * For these only older copies were available, with types that are not likely to change: misc/assertions.nix (08062fcc),
 * config/swap.nix (03a362fe), virtualisation/qemu-guest-agent.nix (0699530f).
 *
 * Of these, types were read and not evaluated with NixOS' modules: systemd.services.*.{description,path,script,scriptArgs,
 * restartTriggers} and serviceConfig.{Type,RemainAfterExit} in lib/systemd-unit-options.nix (-), environment.etc.*.text in
 * system/etc/etc.nix (-).
 *
 * Read and not evaluated either, at commit 3b20077c of a fork that is about as new: systemd.network.links in
 * system/boot/networkd.nix, networking.{vlans,interfaces.*.ipv4.routes} in tasks/network-interfaces.nix, networking.dhcpcd in
 * services/networking/dhcpcd.nix.
 *
 * Read and not evaluated either: services.prometheus.exporters.node in services/monitoring/prometheus/exporters.nix (01241074) and
 * exporters/node.nix (04c7868c), systemd.services.*.{wants,startAt} in lib/systemd-unit-options.nix (-). serviceConfig takes any
 * directive of systemd; those of the metrics' and the drill's units were read in systemd's own manual, systemd.exec(5) and
 * systemd.resource-control(5).
 *
 * Read and not evaluated either: services.keepalived in services/networking/keepalived/{default.nix (bf7d05e6),
 * vrrp-instance-options.nix (05924f71), vrrp-script-options.nix (0c01466c)}, users in config/users-groups.nix (-), and
 * systemd.services.*.{partOf,preStart} in lib/systemd-unit-options.nix (-).
 *
 * Read and not evaluated either: services.openiscsi in services/networking/iscsi/initiator.nix (-), systemd.tmpfiles.rules in
 * system/boot/systemd/tmpfiles.nix (-), and boot.supportedFilesystems in tasks/filesystems.nix (0148e16d), which is also a set.
 *
 * Narrower than declared, where more would be a mistake here: system.stateVersion is any string, kernelPackages
 * anything, extraFlags also one string, hostPlatform also a set, and kernel modules also a set. links have any match, and routes
 * need no router.
 */
const OPTIONS: Readonly<Record<string, Type>> = {
  assertions: listOf(record({ assertion: bool, message: str })),
  "system.stateVersion": matching(/^\d\d\.\d\d$/),
  "nixpkgs.hostPlatform": str,

  "boot.kernel.sysctl.*": oneOfTypes(bool, str, between(-(2 ** 63), 2 ** 63)),
  "boot.kernelPackages": attributeOfPkgs,
  "boot.initrd.availableKernelModules": listOf(str),
  "boot.loader.grub.enable": bool,
  "boot.loader.grub.device": str,
  "boot.loader.grub.configurationLimit": between(1, 2 ** 31),
  "boot.growPartition": bool,
  "boot.supportedFilesystems": listOf(nonEmpty),
  "boot.loader.systemd-boot.enable": bool,
  "boot.loader.systemd-boot.configurationLimit": between(1, 2 ** 31),
  "boot.loader.efi.canTouchEfiVariables": bool,
  "fileSystems.*.device": nonEmpty,
  "fileSystems.*.fsType": nonEmpty,
  "fileSystems.*.options": listOf(nonEmpty),
  "fileSystems.*.autoResize": bool,
  swapDevices: listOf(record({ device: str })),

  "system.nixos.revision": str,
  "system.nixos.versionSuffix": str,
  "nix.settings.substituters": listOf(str),
  "nix.settings.trusted-public-keys": listOf(str),

  "environment.etc.*.text": str,

  "nix.gc.automatic": bool,
  "nix.gc.dates": singleLine,
  "nix.gc.randomizedDelaySec": singleLine,
  "nix.gc.options": singleLine,

  "networking.hostName": matching(/^$|^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/),
  "networking.useDHCP": bool,
  "networking.interfaces.*.useDHCP": bool,
  "networking.interfaces.*.ipv4.addresses": listOf(record({ address: str, prefixLength: between(0, 32) })),
  "networking.interfaces.*.ipv4.routes": listOf(
    record({ address: str, prefixLength: between(0, 32), via: str }),
  ),
  "networking.vlans.*.id": between(1, 4094),
  "networking.vlans.*.interface": str,
  "networking.dhcpcd.wait": oneOf("background", "any", "ipv4", "ipv6", "both", "if-carrier-up"),
  "networking.dhcpcd.extraConfig": str,
  "systemd.network.links.*.matchConfig.PermanentMACAddress": matching(/^[0-9A-F]{2}(:[0-9A-F]{2}){5}$/),
  "systemd.network.links.*.linkConfig.Name": nonEmpty,
  "systemd.network.links.*.linkConfig.MTUBytes": matching(/^[0-9]+[KMG]?$/),
  "networking.defaultGateway.address": str,
  "networking.defaultGateway.interface": str,
  "networking.nameservers": listOf(str),
  "networking.firewall.enable": bool,
  "networking.nftables.enable": bool,
  "networking.nftables.flushRuleset": bool,
  "networking.nftables.rulesetFile": path,
  "networking.nftables.extraDeletions": str,

  "services.openssh.enable": bool,
  "services.openssh.settings.PasswordAuthentication": bool,
  "services.openssh.settings.KbdInteractiveAuthentication": bool,
  "services.openssh.settings.PermitRootLogin": oneOf(
    "yes",
    "without-password",
    "prohibit-password",
    "forced-commands-only",
    "no",
  ),
  "users.users.*.openssh.authorizedKeys.keys": listOf(singleLine),
  "services.qemuGuest.enable": bool,

  "services.k3s.enable": bool,
  "services.k3s.package": attributeOfPkgs,
  "services.k3s.role": oneOf("server", "agent"),
  "services.k3s.clusterInit": bool,
  "services.k3s.serverAddr": str,
  "services.k3s.tokenFile": path,
  "services.k3s.environmentFile": path,
  "services.k3s.extraFlags": listOf(str),

  "environment.etc.*.source": path,

  "services.openiscsi.enable": bool,
  "services.openiscsi.name": str,
  "systemd.tmpfiles.rules": listOf(nonEmpty),

  "services.keepalived.enable": bool,
  "services.keepalived.enableScriptSecurity": bool,
  "services.keepalived.extraGlobalDefs": str,
  "services.keepalived.vrrpScripts.*.script": str,
  "services.keepalived.vrrpScripts.*.user": str,
  "services.keepalived.vrrpScripts.*.interval": integer,
  "services.keepalived.vrrpScripts.*.timeout": integer,
  "services.keepalived.vrrpScripts.*.fall": integer,
  "services.keepalived.vrrpScripts.*.rise": integer,
  "services.keepalived.vrrpInstances.*.interface": str,
  "services.keepalived.vrrpInstances.*.state": oneOf("MASTER", "BACKUP"),
  "services.keepalived.vrrpInstances.*.noPreempt": bool,
  "services.keepalived.vrrpInstances.*.virtualRouterId": between(1, 255),
  "services.keepalived.vrrpInstances.*.priority": between(0, 255),
  "services.keepalived.vrrpInstances.*.unicastSrcIp": str,
  "services.keepalived.vrrpInstances.*.unicastPeers": listOf(str),
  "services.keepalived.vrrpInstances.*.virtualIps": listOf(record({ addr: str })),
  "services.keepalived.vrrpInstances.*.trackScripts": listOf(str),
  "services.keepalived.vrrpInstances.*.extraConfig": str,
  "users.users.*.isSystemUser": bool,
  "users.users.*.group": str,
  "users.groups.*": record({}),

  "services.prometheus.exporters.node.enable": bool,
  "services.prometheus.exporters.node.listenAddress": str,
  "services.prometheus.exporters.node.port": between(0, 65_535),
  "services.prometheus.exporters.node.extraFlags": listOf(str),

  "systemd.services.*.restartTriggers": listOf(oneOfTypes(path, str)),
  "systemd.services.*.requires": listOf(unitName),
  "systemd.services.*.partOf": listOf(unitName),
  "systemd.services.*.preStart": nonEmpty,
  "systemd.services.*.after": listOf(unitName),
  "systemd.services.*.wants": listOf(unitName),
  "systemd.services.*.startAt": nonEmpty,
  "systemd.services.*.before": listOf(unitName),
  "systemd.services.*.conflicts": listOf(unitName),
  "systemd.services.*.wantedBy": listOf(unitName),
  "systemd.services.*.restartIfChanged": bool,
  "systemd.services.*.description": singleLine,
  "systemd.services.*.path": listOf(attributeOfPkgs),
  "systemd.services.*.script": nonEmpty,
  "systemd.services.*.scriptArgs": singleLine,
  "systemd.services.*.unitConfig.*": oneOfTypes(bool, str),
  "systemd.services.*.serviceConfig.ExecStart": nonEmpty,
  "systemd.services.*.serviceConfig.Type": oneOf("oneshot"),
  "systemd.services.*.serviceConfig.RemainAfterExit": bool,
  "systemd.services.*.serviceConfig.TimeoutStartSec": oneOfTypes(between(0, 2 ** 31), str),
  "systemd.services.*.serviceConfig.RestartSec": between(0, 2 ** 31),
  "systemd.services.*.serviceConfig.Nice": between(-20, 19),
  "systemd.services.*.serviceConfig.RuntimeDirectory": matching(/^[\w-]+$/),
  ...Object.fromEntries(
    ["CapabilityBoundingSet", "RestrictAddressFamilies", "RestrictNamespaces", "SystemCallFilter"].map(
      (name) => [`systemd.services.*.serviceConfig.${name}`, listOf(nonEmpty)],
    ),
  ),
  ...Object.fromEntries(
    [
      "LockPersonality",
      "MemoryDenyWriteExecute",
      "NoNewPrivileges",
      "PrivateDevices",
      "PrivateTmp",
      "ProtectClock",
      "ProtectControlGroups",
      "ProtectHostname",
      "ProtectKernelLogs",
      "ProtectKernelModules",
      "ProtectKernelTunables",
      "RestrictRealtime",
      "RestrictSUIDSGID",
      "RuntimeDirectoryPreserve",
    ].map((name) => [`systemd.services.*.serviceConfig.${name}`, bool]),
  ),
  "systemd.services.*.serviceConfig.ProtectHome": oneOfTypes(bool, oneOf("read-only")),
  "systemd.services.*.serviceConfig.ProtectSystem": oneOf("strict"),
  "systemd.services.*.serviceConfig.StateDirectory": matching(/^[\w-]+$/),
  "systemd.services.*.serviceConfig.StateDirectoryMode": oneOf("0700"),
  "systemd.services.*.serviceConfig.ExecStopPost": nonEmpty,
  "systemd.services.*.serviceConfig.CPUWeight": between(1, 10_000),
  "systemd.services.*.serviceConfig.IOWeight": between(1, 10_000),
  "systemd.services.*.serviceConfig.MemoryMax": matching(/^\d+[KMGT]$/),
  "systemd.services.*.serviceConfig.OOMScoreAdjust": between(-1000, 1000),
  "systemd.services.*.serviceConfig.SystemCallArchitectures": oneOf("native"),
};

const DECLARED = Object.entries(OPTIONS).map(([pattern, type]) => ({ names: pattern.split("."), type }));

const typeOf = (path: readonly string[]): Type | undefined =>
  DECLARED.find(
    ({ names }) =>
      names.length === path.length && names.every((name, index) => name === "*" || name === path[index]),
  )?.type;

/** An option's name as Nix writes it. */
const named = (path: readonly string[]): string =>
  path.map((name) => (/^[A-Za-z_][A-Za-z0-9_'-]*$/.test(name) ? name : `"${name}"`)).join(".");

/** A host's configuration: the winning value of every option, and what NixOS would refuse. */
export interface Host {
  readonly folder: string;
  readonly options: Readonly<Record<string, Json>>;
  readonly faults: readonly string[];
}

/**
 * Merges the definitions of all files into one configuration.
 *
 * @param written - files that were not emitted: those of a person or of the host itself may set any option
 */
export function merged(modules: readonly Module[], written: readonly string[] = ["local.nix"]): Host {
  const faults: string[] = [];
  const all = new Map<string, { definition: Definition; file: string }[]>();
  for (const { file, definitions } of modules) {
    for (const definition of definitions) {
      const option = named(definition.path);
      const type = typeOf(definition.path);
      if (type === undefined && !written.includes(basename(file))) {
        faults.push(`${option} in ${basename(file)} is no option that this project sets`);
      } else if (type !== undefined && !type.accepts(definition.value)) {
        faults.push(`${option} in ${basename(file)} is ${JSON.stringify(definition.value)}, no ${type.name}`);
      }
      all.set(option, [...(all.get(option) ?? []), { definition, file: basename(file) }]);
    }
  }
  const options: Record<string, Json> = {};
  for (const [option, found] of all) {
    const strongest = Math.min(...found.map(({ definition }) => definition.priority));
    const winners = found.filter(({ definition }) => definition.priority === strongest);
    const values = winners.map(({ definition }) => definition.value);
    const [first] = values;
    if (values.every(Array.isArray)) options[option] = values.flat();
    else {
      options[option] = first as Json;
      if (values.some((value) => JSON.stringify(value) !== JSON.stringify(first))) {
        faults.push(`${option} is defined differently in ${winners.map(({ file }) => file).join(" and ")}`);
      }
    }
  }
  return { folder: dirname(modules[0]?.file ?? ""), options, faults };
}

/** What is known about a host apart from its files. */
export interface Identity {
  readonly hostname: string;
  readonly role: Role;
  readonly ipv4Address: string;
  readonly macAddress: string;
}

/**
 * All faults of one host: what NixOS refuses (including its assertions), and what it accepts although the host
 * would not boot, could not be reached, or would not join its cluster.
 */
export function hostFaults(host: Host, identity: Identity): string[] {
  const { options } = host;
  const get = (option: string): Json | undefined => options[option];
  const flags = (get("services.k3s.extraFlags") ?? []) as string[];
  const rules: [holds: boolean, fault: string][] = [
    ...((get("assertions") ?? []) as { assertion: boolean; message: string }[]).map(
      ({ assertion, message }): [boolean, string] => [assertion, `assertion: ${message}`],
    ),
    [get("system.stateVersion") !== undefined, "system.stateVersion is missing"],
    [get("nixpkgs.hostPlatform") !== undefined, "nixpkgs.hostPlatform is missing"],
    [get("networking.hostName") === identity.hostname, `networking.hostName is not ${identity.hostname}`],
    ...bootRules(get),
    ...networkRules(get, identity),
    ...firewallRules(get, host.folder),
    [get("services.openssh.enable") === true, "services.openssh is not enabled"],
    [
      get("services.openssh.settings.PasswordAuthentication") === false &&
        get("services.openssh.settings.KbdInteractiveAuthentication") === false,
      "services.openssh takes passwords",
    ],
    [
      get("services.openssh.settings.PermitRootLogin") === "prohibit-password",
      "services.openssh does not let root in by key, and by key only",
    ],
    [
      ((get("users.users.root.openssh.authorizedKeys.keys") ?? []) as Json[]).length > 0,
      "users.users.root has no key: nobody can log in",
    ],
    [get("services.qemuGuest.enable") === true, "services.qemuGuest is not enabled"],
    ...forwardingRules(get),
    ...k3sRules(get, identity),
    ...unitRules(get, identity),
    ...dataDiskRules(options),
    ...furtherNetworkRules(options),
    ...flagRules(flags, identity),
  ];
  return [...host.faults, ...rules.filter(([holds]) => !holds).map(([, fault]) => fault)];
}

type Get = (option: string) => Json | undefined;
type Rules = [holds: boolean, fault: string][];

function bootRules(get: Get): Rules {
  const systemdBoot = get("boot.loader.systemd-boot.enable") === true;
  // grub.nix turns itself on, and systemd-boot.nix turns it off by default.
  const grub = get("boot.loader.grub.enable") ?? !systemdBoot;
  return [
    [grub !== systemdBoot, "there should be one boot loader, GRUB or systemd-boot"],
    [
      !grub || get("boot.loader.grub.device") !== undefined,
      "boot.loader.grub has no device to be installed on",
    ],
    [
      !systemdBoot || get('fileSystems."/boot".fsType') === "vfat",
      "systemd-boot has no EFI system partition on /boot",
    ],
    [
      get('fileSystems."/".device') !== undefined && get('fileSystems."/".fsType') !== undefined,
      "fileSystems does not specify the root file system",
    ],
    ...diskRules(get),
    [JSON.stringify(get("swapDevices") ?? []) === "[]", "swapDevices: etcd would be swapped out"],
  ];
}

/** tasks/filesystems.nix refuses `autoResize` for other types; systemd-growfs grows these while they are mounted. */
const RESIZABLE = ["ext2", "ext3", "ext4", "btrfs", "xfs"];

function diskRules(get: Get): Rules {
  const grows = get("boot.growPartition") === true;
  const type = get('fileSystems."/".fsType');
  return [
    [
      grows === (get('fileSystems."/".autoResize') === true),
      "boot.growPartition and autoResize of the root belong together: a larger disk would not reach its filesystem",
    ],
    [
      !grows || RESIZABLE.includes(type as string),
      `fileSystems."/": autoResize is not supported for ${JSON.stringify(type)}`,
    ],
    [
      get("nix.gc.automatic") !== true ||
        /^--delete-older-than [1-9]\d*d$/.test((get("nix.gc.options") ?? "") as string),
      "nix.gc would delete no generation: it runs without --delete-older-than",
    ],
  ];
}

/** What keeps a data disk that is missing, or has other data, from stopping the boot, and K3s from starting without its own. */
function dataDiskRules(options: Host["options"]): Rules {
  const paths = Object.keys(options).flatMap(
    (option) => /^fileSystems\."(\/.+)"\.device$/.exec(option)?.[1] ?? [],
  );
  const needed = ((options["systemd.services.k3s.unitConfig.RequiresMountsFor"] ?? "") as string).split(" ");
  return paths
    .filter((path) => path !== "/boot")
    .flatMap((path): Rules => {
      const of = (name: string): Json | undefined => options[`fileSystems."${path}".${name}`];
      const words = (of("options") ?? []) as string[];
      const [unit] = words.flatMap((word) => /^x-systemd\.requires=(.*)\.service$/.exec(word)?.[1] ?? []);
      const ofUnit = (name: string): Json | undefined => options[`systemd.services.${unit}.${name}`];
      const before = (ofUnit("before") ?? []) as string[];
      return [
        [words.includes("nofail"), `fileSystems."${path}" would stop the boot when its disk is missing`],
        [
          words.some((it) => /device-timeout=\d\ds$/.test(it)),
          `fileSystems."${path}" waits too long for its disk`,
        ],
        [ofUnit("script") !== undefined, `fileSystems."${path}" has no unit that formats its disk`],
        [
          before.some((it) => it.startsWith("systemd-fsck@dev-disk-by\\x2did-scsi")),
          `fileSystems."${path}" is checked before it is formatted`,
        ],
        [
          ofUnit("unitConfig.DefaultDependencies") === false,
          `systemd.services.${unit} waits for filesystems that wait for it`,
        ],
        [ofUnit("restartIfChanged") === false, `a changed systemd.services.${unit} would unmount its disk`],
        [
          !/^\/var\/lib\/(rancher|kubelet)/.test(path) || needed.includes(path),
          `systemd.services.k3s would start without its data in ${path}`,
        ],
      ];
    });
}

function networkRules(get: Get, { ipv4Address, macAddress }: Identity, device = deviceOf(get)): Rules {
  if (device === undefined) return [[false, "networking.interfaces: no interface, or more than one"]];
  const own = (option: string): Json | undefined => get(`networking.interfaces.${device}.${option}`);
  const addresses = ((own("ipv4.addresses") ?? []) as { address: string }[]).map(({ address }) => address);
  const dhcp = own("useDHCP") === true;
  return [
    [
      get("networking.useDHCP") === false,
      "networking.useDHCP would ask for addresses on cni0 and flannel too",
    ],
    [
      get(`systemd.network.links."10-${device}".linkConfig.Name`) === device &&
        get(`systemd.network.links."10-${device}".matchConfig.PermanentMACAddress`) === macAddress,
      `systemd.network.links does not find ${device} by ${macAddress}`,
    ],
    [
      dhcp !== addresses.length > 0,
      `networking.interfaces.${device} should have an address or DHCP, not both`,
    ],
    [dhcp || addresses.join() === ipv4Address, `networking.interfaces.${device} has not ${ipv4Address}`],
    [
      dhcp === (get("networking.defaultGateway.address") === undefined),
      "networking.defaultGateway belongs to static addresses",
    ],
    [
      dhcp || ((get("networking.nameservers") ?? []) as Json[]).length > 0,
      "networking.nameservers is empty beside a static address",
    ],
  ];
}

/** What keeps a further network apart from the node's: its name, and its default route, name servers and router advertisements. */
function furtherNetworkRules(options: Host["options"]): Rules {
  const get: Get = (option) => options[option];
  const names = new Set(
    Object.keys(options).flatMap((option) => /^networking\.interfaces\.([\w-]+)\./.exec(option)?.[1] ?? []),
  );
  const sections = ((get("networking.dhcpcd.extraConfig") ?? "") as string)
    .split(/^interface /m)
    .slice(1)
    .map((section) => section.trim().split("\n"));
  const node = deviceOf(get);
  const leased = [...names].filter((name) => get(`networking.interfaces.${name}.useDHCP`) === true);
  const further = [...names].filter((name) => name !== node);
  const nodeHasDhcp = leased.some((name) => name === node);
  return [
    ...further.flatMap((name): Rules => {
      const isVlan = names.has((get(`networking.vlans.${name}.interface`) ?? "") as string);
      const named = get(`systemd.network.links."10-${name}".linkConfig.Name`);
      const words = sections.find(([of]) => of === name)?.slice(1) ?? [];
      return [
        [isVlan || named === name, `nothing gives networking.interfaces.${name} its name`],
        [
          !leased.includes(name) ||
            ["nogateway", "noipv6", "nohook resolv.conf"].every((word) => words.includes(word)),
          `DHCP on ${name} would give a default route or name servers`,
        ],
        [
          get(`boot.kernel.sysctl."net.ipv6.conf.${name}.accept_ra"`) === false,
          `a router on ${name} would give an IPv6 default route`,
        ],
      ];
    }),
    [
      !further.some((name) => leased.includes(name)) ||
        (nodeHasDhcp
          ? sections.some(([of, ...words]) => of === node && words.includes("waitip 4"))
          : get("networking.dhcpcd.wait") === "background"),
      "K3s would wait for the lease of another network, or not for the node's",
    ],
  ];
}

/** The one interface that is configured, as it is written in option names. */
function deviceOf(get: Get): string | undefined {
  const flannel = ((get("services.k3s.extraFlags") ?? []) as string[])
    .filter((flag) => flag.startsWith("--flannel-iface="))
    .map((flag) => named([flag.slice("--flannel-iface=".length)]));
  const [device, ...others] = flannel;
  const known = ["useDHCP", "ipv4.addresses"].some(
    (it) => get(`networking.interfaces.${device}.${it}`) !== undefined,
  );
  return known && others.length === 0 ? device : undefined;
}

function firewallRules(get: Get, folder: string): Rules {
  const file = nixPath(get("networking.nftables.rulesetFile"));
  const rules = file !== undefined && fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
  const tables = [...(rules ?? "").matchAll(/^table (\w+ \w+) \{$/gm)].map(([, table]) => table);
  const deletions = tables.map((table) => `table ${table}\ndelete table ${table}\n`).join("");
  return [
    [
      get("networking.firewall.enable") === false,
      "networking.firewall is on: it conflicts with networking.nftables.rulesetFile",
    ],
    [get("networking.nftables.enable") === true, "networking.nftables is not enabled"],
    [
      get("networking.nftables.flushRuleset") === false,
      "networking.nftables.flushRuleset is true, by default with a rulesetFile: it wipes kube-proxy's rules",
    ],
    [
      rules !== undefined && file !== undefined && dirname(file) === folder,
      "networking.nftables.rulesetFile is no file beside configuration.nix",
    ],
    [
      tables.length > 0 && get("networking.nftables.extraDeletions") === deletions,
      "networking.nftables.extraDeletions does not remove the tables of the ruleset",
    ],
  ];
}

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).hostname : undefined);

function k3sRules(get: Get, { hostname, role, ipv4Address }: Identity): Rules {
  const server = get("services.k3s.serverAddr") as string | undefined;
  const founds = get("services.k3s.clusterInit") === true;
  const tokenFile = get("services.k3s.tokenFile");
  return [
    [get("services.k3s.enable") === true, "services.k3s is not enabled"],
    [get("services.k3s.role") === role, `services.k3s.role is not ${role}`],
    [!(get("services.k3s.role") === "agent" && founds), "services.k3s.clusterInit must be false on an agent"],
    [founds || server !== undefined, "services.k3s.serverAddr is missing on a node that joins"],
    [
      !founds || server === undefined,
      "services.k3s.serverAddr is there on the server that initializes the cluster",
    ],
    [
      server === undefined || /^https:\/\/[a-z0-9.-]+(:\d+)?$/.test(server),
      "services.k3s.serverAddr is no https address",
    ],
    [
      server === undefined || ![ipv4Address, hostname].includes(hostOf(server) ?? ""),
      "services.k3s.serverAddr is the node's own address",
    ],
    [
      typeof tokenFile === "string" && tokenFile.startsWith("/") && !tokenFile.startsWith("/nix/store/"),
      "services.k3s.tokenFile is no string with an absolute path outside the store",
    ],
  ];
}

/** NixOS' own definition is `mkDefault false`, which a plain one overrides. */
const forwardingRules = (get: Get): Rules =>
  ["all", "default"].map((scope) => [
    get(`boot.kernel.sysctl."net.ipv4.conf.${scope}.forwarding"`) === true,
    `boot.kernel.sysctl: the kernel would not forward packets of pods (net.ipv4.conf.${scope}.forwarding)`,
  ]);

function unitRules(get: Get, { role }: Identity): Rules {
  const lists = (option: string): boolean =>
    ((get(`systemd.services.k3s.${option}`) ?? []) as Json[]).includes("nftables.service");
  return [
    [lists("requires"), "systemd.services.k3s would run pods on a host whose ruleset was not loaded"],
    [lists("after"), "systemd.services.k3s would start pods before the ruleset is loaded"],
    [
      role === "agent" || get("systemd.services.k3s.serviceConfig.TimeoutStartSec") === 0,
      "systemd.services.k3s would be killed after 90 s of waiting for etcd's quorum",
    ],
    ...trialRules(get),
  ];
}

/** What `src/rollout/remote/trial.sh` and `trial-revert.sh` rely on. */
function trialRules(get: Get): Rules {
  const option = (name: string): unknown => get(`systemd.services.k3s-rollout-trial.${name}`);
  return [
    [
      String(option("wantedBy")) === "sysinit.target" &&
        option("serviceConfig.ExecStart") === "/bin/sh /var/lib/k3s-rollout/revert",
      "nothing would lead back from a boot on trial",
    ],
    [
      option("unitConfig.DefaultDependencies") === false,
      "systemd.services.k3s-rollout-trial would not start in emergency mode",
    ],
    [
      option("unitConfig.ConditionPathExists") === "/var/lib/k3s-rollout/trial",
      "systemd.services.k3s-rollout-trial would run at every boot",
    ],
    [
      option("restartIfChanged") === false,
      "an activation would restart systemd.services.k3s-rollout-trial, and so begin its time anew",
    ],
  ];
}

/** Flags are joined by spaces into a systemd ExecStart, in which blanks, quotes, `%` and `$` have a meaning. */
function flagRules(flags: readonly string[], { hostname, ipv4Address }: Identity): Rules {
  const said = (name: string): string[] =>
    flags.filter((flag) => flag.startsWith(`--${name}=`)).map((flag) => flag.slice(name.length + 3));
  return [
    [said("node-name").join() === hostname, `services.k3s.extraFlags: --node-name is not ${hostname}`],
    [said("node-ip").join() === ipv4Address, `services.k3s.extraFlags: --node-ip is not ${ipv4Address}`],
    [said("flannel-iface").length === 1, "services.k3s.extraFlags: there should be one --flannel-iface"],
    ...flags.map((flag): [boolean, string] => [
      // In quotes, one may have spaces (systemd.service, "COMMAND LINES").
      /^(--(?:[^\s"'\\%$]|%%|\$\$)+|"--(?:[^\t\n"'\\%$]|%%|\$\$)+")$/.test(flag),
      `services.k3s.extraFlags: systemd would not take ${JSON.stringify(flag)} as it stands`,
    ]),
  ];
}
