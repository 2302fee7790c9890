import { forbiddenCharacter } from "../base/characters";
import type { Faults } from "./fault";
import type {
  AgentSettings,
  AllowedFlow,
  ClusterSettings,
  DiskSettings,
  FirewallSettings,
  HostFilesSettings,
  K3sSettings,
  NetworkInterfaceSettings,
  NetworkSettings,
  NixosSettings,
  PortRange,
  PublishedPorts,
  RolloutSettings,
  ServerSettings,
  StartupSettings,
  VmSettings,
} from "./settings";

/**
 * The settings as they may be written. `tsx` runs `main.ts` without checking types, and a misspelt setting would
 * be no setting: `memoryMiB: 16384` would give every VM the default. The compiler keeps the tables complete.
 */
type Shape<T> = { readonly [K in keyof T]-?: Kind<NonNullable<T[K]>> };

type Kind<V> = [V] extends [boolean]
  ? "boolean"
  : [V] extends [number]
    ? "number"
    : [V] extends [string]
      ? string extends V
        ? "string"
        : readonly V[]
      : V extends readonly (infer I)[]
        ? { readonly list: Kind<I> }
        : string extends keyof V
          ? "texts"
          : Shape<V>;

type AnyKind =
  "boolean" | "number" | "string" | "texts" | readonly string[] | { readonly [key: string]: unknown };

const DISK: Shape<DiskSettings> = {
  interface: "string",
  datastore: "string",
  sizeGib: "number",
  fileFormat: ["qcow2", "raw", "vmdk"],
  aio: ["io_uring", "native", "threads"],
  cache: ["none", "directsync", "writethrough", "writeback", "unsafe"],
  discard: "boolean",
  iothread: "boolean",
  ssd: "boolean",
  backup: "boolean",
  replicate: "boolean",
};

const NETWORK_INTERFACE: Shape<NetworkInterfaceSettings> = {
  bridge: "string",
  macAddress: "string",
  vlanId: "number",
  model: ["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3"],
  firewall: "boolean",
  mtu: "number",
  queues: "number",
  rateLimitMBps: "number",
  trunks: "string",
};

const STARTUP: Shape<StartupSettings> = {
  order: "number",
  upDelaySeconds: "number",
  downDelaySeconds: "number",
};

const VM: Shape<VmSettings> = {
  templateVmId: "number",
  templateDiskGib: "number",
  pveNode: "string",
  templatePveNode: "string",
  linkedClone: "boolean",
  cloneDatastore: "string",
  cores: "number",
  sockets: "number",
  cpuType: "string",
  cpuUnits: "number",
  memoryMib: "number",
  balloonMib: "number",
  disks: { list: DISK },
  networkInterfaces: { list: NETWORK_INTERFACE },
  bootOrder: { list: "string" },
  machine: "string",
  scsiHardware: ["lsi", "lsi53c810", "megasas", "pvscsi", "virtio-scsi-pci", "virtio-scsi-single"],
  startOnBoot: "boolean",
  startup: STARTUP,
  tags: { list: "string" },
  pool: "string",
  protection: "boolean",
  agentTimeoutSeconds: "number",
};

const NIXOS: Shape<NixosSettings> = {
  release: "string",
  stateVersion: "string",
  firmware: ["bios", "uefi"],
  bootDisk: "string",
  efiSystemPartition: "string",
  rootFilesystem: { uuid: "string", type: ["ext4", "btrfs", "xfs"] },
  networkInterface: "string",
  kernelPackages: "string",
  growRoot: "boolean",
  configurationLimit: "number",
  deleteGenerationsAfterDays: "number",
  platform: ["x86_64-linux", "aarch64-linux"],
};

const NETWORK: Shape<NetworkSettings> = {
  nodeCidr: "string",
  podCidr: "string",
  serviceCidr: "string",
  lanCidrs: { list: "string" },
  managementCidrs: { list: "string" },
  operatorCidrs: { list: "string" },
  operatorNetworkWaived: "boolean",
  gateway: "string",
  nameservers: { list: "string" },
  macAddressBase: { vmId: "number", macAddress: "string" },
};

const PORTS: Shape<PortRange> = { from: "number", to: "number" };

const PUBLISHED: Shape<PublishedPorts> = { ...PORTS, protocol: ["tcp", "udp"] };

const K3S: Shape<K3sSettings> = {
  tokenFile: "string",
  agentTokenFile: "string",
  traefik: "boolean",
  serviceLb: "boolean",
  package: "string",
  flannelBackend: ["vxlan", "host-gw", "wireguard-native"],
  embeddedRegistry: "boolean",
  nodePorts: PORTS,
  exposedPorts: { list: PUBLISHED },
  kubeletReadOnlyPort: "boolean",
  serverFlags: { list: "string" },
  agentFlags: { list: "string" },
};

const ALLOWED: Shape<AllowedFlow> = {
  from: "string",
  to: "string",
  protocol: ["tcp", "udp"],
  ports: PORTS,
  why: "string",
};

const FIREWALL: Shape<FirewallSettings> = { allow: { list: ALLOWED }, trustPods: "boolean" };

const ROLLOUT: Shape<RolloutSettings> = {
  tokenPath: "string",
  tokenCommand: { list: "string" },
  agentTokenPath: "string",
  agentTokenCommand: { list: "string" },
};

export const CLUSTER: Shape<ClusterSettings> = {
  network: NETWORK,
  apiEndpoint: "string",
  vm: VM,
  nixos: NIXOS,
  k3s: K3S,
  firewall: FIREWALL,
  rollout: ROLLOUT,
  authorizedKeysFile: "string",
  allowEvenServerCount: "boolean",
};

export const AGENT: Shape<AgentSettings> = {
  ...VM,
  hostname: "string",
  vmId: "number",
  ipv4Address: "string",
  macAddress: "string",
  description: "string",
  directory: "string",
  formerId: "string",
  nodeLabels: "texts",
  nodeTaints: { list: "string" },
  k3sFlags: { list: "string" },
  nixos: NIXOS,
};

export const SERVER: Shape<ServerSettings> = { ...AGENT, clusterInit: "boolean" };

export const HOST_FILES: Shape<HostFilesSettings> = { folder: "string", documents: { list: "string" } };

/** The settings without what has no place in them, of which each is a fault. No gaps are left that would override. */
export function conforming<T>(settings: T, shape: object, faults: Faults): T {
  return group(settings, shape as Readonly<Record<string, AnyKind>>, "", faults) as T;
}

function group(
  value: unknown,
  shape: Readonly<Record<string, AnyKind>>,
  path: string,
  faults: Faults,
): object {
  const kept: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value ?? {})) {
    const kind = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (kind === undefined) {
      faults.say(`${path}${key}`, `is no setting${suggestion(key, Object.keys(shape))}`);
      continue;
    }
    const conformed = item === undefined ? undefined : conformingItem(item, kind, `${path}${key}`, faults);
    if (conformed !== undefined) kept[key] = conformed;
  }
  return kept;
}

/** @returns `undefined` for what is not of that kind, as if it had not been stated */
function conformingItem(item: unknown, kind: AnyKind, path: string, faults: Faults): unknown {
  if (kind === "texts") {
    return isObject(item)
      ? conformingTexts(item as object, path, faults)
      : refuse(path, "texts by their names", item, faults);
  }
  if (kind === "boolean")
    return typeof item === "boolean" ? item : refuse(path, "true or false", item, faults);
  if (kind === "number") return typeof item === kind ? item : refuse(path, "a number", item, faults);
  if (kind === "string")
    return typeof item === kind
      ? conformingText(item as string, path, faults)
      : refuse(path, "a text in quotes", item, faults);
  if (Array.isArray(kind)) {
    if (!kind.includes(item)) faults.wrong(path, `one of ${kind.join(", ")}`, item);
    return kind.includes(item) ? item : undefined;
  }
  // No group of settings has one that is called `list`.
  const { list } = kind as { readonly list?: AnyKind };
  if (list === undefined) {
    if (!isObject(item)) return refuse(path, "a group of settings", item, faults);
    return group(item, kind as Readonly<Record<string, AnyKind>>, `${path}.`, faults);
  }
  if (!Array.isArray(item)) return refuse(path, "a list", item, faults);
  return item
    .map((entry, index) => conformingItem(entry, list, `${path}[${index}]`, faults))
    .filter((entry) => entry !== undefined);
}

/** What people read, and what may go on for several lines. */
const LINES = /(^|\.)(description|why)$/;

function conformingText(text: string, path: string, faults: Faults): string | undefined {
  const character = forbiddenCharacter(text, LINES.test(path));
  if (character === undefined) return text;
  faults.say(path, `has the character ${character}, which no setting can have`);
  return undefined;
}

function conformingTexts(texts: object, path: string, faults: Faults): object {
  const entries = Object.entries(texts).filter(([key, text]) => {
    const character = forbiddenCharacter(key) ?? forbiddenCharacter(String(text));
    if (character !== undefined)
      faults.say(path, `has the character ${character}, which no setting can have`);
    return character === undefined;
  });
  return Object.fromEntries(entries);
}

const isObject = (item: unknown): boolean =>
  typeof item === "object" && item !== null && !Array.isArray(item);

/** A text that stands where none belongs may be a secret; it is repeated only where it plainly is none. */
function refuse(path: string, wish: string, item: unknown, faults: Faults): undefined {
  const harmless = typeof item !== "string" || /^(true|false|yes|no|on|off|\d{1,9})$/.test(item);
  if (harmless && (item === null || typeof item !== "object")) faults.wrong(path, wish, item);
  else faults.say(path, `should be ${wish}`);
}

function suggestion(key: string, known: readonly string[]): string {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const start = plain(key).slice(0, 3);
  const close = known.filter((name) => plain(name) === plain(key));
  const similar = close.length > 0 ? close : known.filter((name) => plain(name).startsWith(start));
  return similar.length > 0 ? `; did you mean ${similar.join(" or ")}?` : "";
}
