/**
 * Every setting, stated twice and differently, by its noun. The types are complete, so that the compiler asks for a new one;
 * `every-setting.test.ts` then requires that it has an effect.
 */
import { join } from "node:path";
import type {
  AddressPool,
  AllowedFlow,
  ApiVipSettings,
  BackupSettings,
  BinaryCacheSettings,
  ClusterNixosSettings,
  ClusterSettings,
  DiskMountSettings,
  DiskSettings,
  DrillSettings,
  FirewallSettings,
  HostFilesSettings,
  ImageGcSettings,
  InterfaceNetworkSettings,
  K3sSettings,
  LoadBalancerSettings,
  MacAddressBase,
  MonitoringSettings,
  NetworkInterfaceSettings,
  NetworkSettings,
  NixosSettings,
  NixpkgsSettings,
  NodeSettings,
  OvercommitSettings,
  PortRange,
  PublishedPorts,
  PveDatastoreSettings,
  PveNodeSettings,
  PveSettings,
  RegistrySettings,
  RolloutSettings,
  RootFilesystemSettings,
  RouteSettings,
  SnapshotsS3Settings,
  SnapshotsSettings,
  StartupSettings,
  VlanSettings,
  VmSettings,
} from "../../src/config/settings";
import { EXAMPLE_KEYS } from "../fixture";

/** Two values of each setting, and the values of other settings that they need. */
export type Pairs<T, Left extends keyof T = never> = {
  readonly [K in keyof Required<Omit<T, Left>>]: readonly [
    one: NonNullable<T[K]>,
    other: NonNullable<T[K]>,
    beside?: { readonly [B in keyof T]?: T[B] | undefined },
  ];
};

/** Every setting with its first value. */
export const stated = <T>(pairs: { readonly [K in keyof T]: readonly [T[K], ...unknown[]] }): T =>
  Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, (pair as [unknown])[0]])) as T;

export const DISK_MOUNT: Pairs<DiskMountSettings> = {
  path: ["/srv/data", "/var/lib/rancher"],
  filesystem: ["ext4", "xfs"],
  options: [["noatime"], []],
};

/** The template's. */
export const FIRST_DISK: DiskSettings = { interface: "scsi0", datastore: "fast", sizeGib: 40 };

/** A second disk: the template's cannot be mounted. */
export const DISK: Pairs<DiskSettings> = {
  interface: ["scsi1", "scsi2"],
  datastore: ["fast", "slow"],
  sizeGib: [40, 41],
  fileFormat: ["raw", "qcow2"],
  aio: ["native", "threads"],
  cache: ["none", "writeback"],
  discard: [true, false],
  iothread: [true, false],
  ssd: [true, false],
  backup: [true, false],
  replicate: [true, false],
  mount: [stated(DISK_MOUNT), { path: "/srv/other" }],
};

export const INTERFACE_NETWORK: Pairs<InterfaceNetworkSettings> = {
  network: ["198.18.0.0/24", "198.18.0.0/25"],
  ipv4Address: ["198.18.0.36", "198.18.0.37"],
};

export const ROUTE: Pairs<RouteSettings> = {
  to: ["198.51.100.0/24", "198.51.100.0/25"],
  via: ["198.18.0.1", "198.18.0.2"],
};

export const VLAN: Pairs<VlanSettings> = {
  id: [10, 20],
  name: ["backup0", "backup1"],
  address: [{ network: "198.19.0.0/24" }, "dhcp", { routes: undefined }],
  routes: [[{ to: "203.0.113.0/24", via: "198.19.0.1" }], []],
};

/** A second network device: the first has the node's MAC address. */
export const NETWORK_INTERFACE: Pairs<NetworkInterfaceSettings> = {
  bridge: ["vmbr1", "vmbr2"],
  macAddress: ["BC:24:11:00:00:98", "BC:24:11:00:00:99"],
  vlanId: [20, 21],
  model: ["virtio", "e1000"],
  firewall: [true, false],
  mtu: [9000, 1400],
  queues: [4, 5],
  rateLimitMBps: [12.5, 13],
  trunks: ["10;20", "10"],
  name: ["storage0", "storage1"],
  address: [stated(INTERFACE_NETWORK), "none", { routes: undefined }],
  routes: [[stated(ROUTE)], []],
  vlans: [[stated(VLAN)], []],
};

export const STARTUP: Pairs<StartupSettings> = {
  order: [3, 4],
  upDelaySeconds: [60, 61],
  downDelaySeconds: [30, 31],
};

export const VM: Pairs<VmSettings> = {
  templateVmId: [9000, 9001],
  templateDiskGib: [32, 33],
  pveNode: ["pve", "pve2"],
  templatePveNode: ["pve2", "pve3"],
  linkedClone: [false, true, { cloneDatastore: undefined }],
  cloneDatastore: ["fast", "slow"],
  cores: [8, 9],
  sockets: [2, 3],
  cpuType: ["host", "qemu64"],
  cpuUnits: [2048, 2049],
  cpuLimit: [4, 5],
  numa: [true, false],
  memoryMib: [8192, 8193],
  balloonMib: [4096, 4097],
  disks: [[FIRST_DISK, stated(DISK)], [FIRST_DISK]],
  networkInterfaces: [[{ bridge: "vmbr0" }, stated(NETWORK_INTERFACE)], [{ bridge: "vmbr0" }]],
  bootOrder: [
    ["scsi0", "net0"],
    ["net0", "scsi0"],
  ],
  machine: ["q35", "pc"],
  scsiHardware: ["virtio-scsi-single", "virtio-scsi-pci"],
  startOnBoot: [false, true],
  startup: [stated(STARTUP), { order: 1 }],
  tags: [["k3s", "agent"], ["k3s"]],
  hotplug: [["disk", "network"], []],
  pool: ["cluster", "other"],
  protection: [true, false],
  agentTimeoutSeconds: [15, 16],
};

export const ROOT_FILESYSTEM: Pairs<RootFilesystemSettings> = {
  uuid: ["dd933e34-9e75-4a1c-8597-61e6d3b7af63", "dd933e34-9e75-4a1c-8597-61e6d3b7af64"],
  type: ["ext4", "xfs"],
};

export const BINARY_CACHE: Pairs<BinaryCacheSettings> = {
  url: ["https://cache.example.org", "https://cache.example.net"],
  publicKey: [
    "cache-1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
    "cache-2:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
  ],
};

export const NIXPKGS: Pairs<NixpkgsSettings> = {
  rev: ["0123456789abcdef0123456789abcdef01234567", "76543210fedcba9876543210fedcba9876543210"],
  hash: [
    "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
    "sha256-IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=",
  ],
};

export const MONITORING: Pairs<MonitoringSettings> = {
  from: [["172.22.9.0/24"], ["172.22.9.0/24", "pods"]],
  nodeExporterPort: [9100, 9101],
};

export const NIXOS: Pairs<NixosSettings> = {
  release: ["25.11", "26.05"],
  stateVersion: ["25.05", "25.11"],
  firmware: ["bios", "uefi"],
  bootDisk: ["/dev/sda", "/dev/sdb"],
  efiSystemPartition: ["1A2B-3C4D", "1A2B-3C4E", { firmware: "uefi" }],
  rootFilesystem: [stated(ROOT_FILESYSTEM), { uuid: "dd933e34-9e75-4a1c-8597-61e6d3b7af65" }],
  networkInterface: ["ens18", "ens19"],
  kernelPackages: ["linuxPackages", "linuxPackages_6_12"],
  growRoot: [true, false],
  configurationLimit: [10, 11],
  deleteGenerationsAfterDays: [30, 31],
  journalMaxMib: [1024, 1025],
  platform: ["x86_64-linux", "aarch64-linux"],
  binaryCaches: [[stated(BINARY_CACHE)], []],
  storage: [["longhorn"], ["nfs"]],
};

export const CLUSTER_NIXOS: Pairs<ClusterNixosSettings, keyof NixosSettings> = {
  nixpkgs: [stated(NIXPKGS), { ...stated(NIXPKGS), rev: NIXPKGS.rev[1] }],
  monitoring: [
    stated(MONITORING),
    { ...stated(MONITORING), nodeExporterPort: MONITORING.nodeExporterPort[1] },
  ],
};

export const NODE: Pairs<NodeSettings, keyof VmSettings> = {
  hostname: ["mizar", "alcor"],
  vmId: [136, 137],
  ipv4Address: ["172.22.0.136", "172.22.0.137"],
  macAddress: ["BC:24:11:00:00:01", "BC:24:11:00:00:02"],
  description: ["# A", "# B"],
  directory: ["mizar", "alcor"],
  formerId: ["old", "older"],
  nodeLabels: [{ disk: "ssd" }, { disk: "hdd" }],
  nodeTaints: [["a=b:NoSchedule"], ["a=b:NoExecute"]],
  k3sFlags: [["--kubelet-arg=max-pods=50"], ["--kubelet-arg=max-pods=51"]],
  nixos: [{ growRoot: true }, { growRoot: false }],
};

export const MAC_ADDRESS_BASE: Pairs<MacAddressBase> = {
  vmId: [134, 135],
  macAddress: ["BC:24:11:B3:ED:01", "BC:24:11:B3:ED:02"],
};

export const NETWORK: Pairs<NetworkSettings> = {
  nodeCidr: ["172.22.0.0/24", "172.22.0.0/23", { managementCidrs: ["172.22.0.0/23"] }],
  podCidr: ["10.42.0.0/16", "10.44.0.0/16"],
  serviceCidr: ["10.43.0.0/16", "10.45.0.0/16"],
  lanCidrs: [["172.22.0.0/24"], ["172.22.0.0/24", "192.168.0.0/24"]],
  managementCidrs: [["172.22.0.0/24"], ["172.22.0.0/24", "192.168.0.0/24"]],
  operatorCidrs: [["172.22.0.0/24"], ["192.168.0.0/24"]],
  gateway: ["172.22.0.1", "172.22.0.2"],
  nameservers: [["9.9.9.9"], ["1.1.1.1"]],
  dhcpRange: [
    { from: "172.22.0.100", to: "172.22.0.119" },
    { from: "172.22.0.100", to: "172.22.0.118" },
  ],
  operatorNetworkWaived: [false, true],
  macAddressBase: [stated(MAC_ADDRESS_BASE), { vmId: 134, macAddress: "BC:24:11:B3:ED:03" }],
};

export const NODE_PORTS: Pairs<PortRange> = { from: [30_000, 30_001], to: [32_767, 32_766] };

export const REGISTRY: Pairs<RegistrySettings> = {
  registry: ["docker.io", "*"],
  mirrors: [["https://mirror.example.org"], []],
};

export const EXPOSED_PORTS: Pairs<PublishedPorts> = {
  protocol: ["tcp", "udp"],
  from: [8443, 8444],
  to: [8450, 8451],
};

export const IMAGE_GC: Pairs<ImageGcSettings> = { highPercent: [70, 71], lowPercent: [60, 61] };

export const SNAPSHOTS_S3: Pairs<SnapshotsS3Settings> = {
  endpoint: ["s3.example.org", "192.0.2.9:9000"],
  bucket: ["snapshots", "etcd"],
  folder: ["home", "clusters/home"],
  region: ["eu-central-1", "eu-west-1"],
  secretFile: ["/var/lib/k3s-secrets/s3", "/var/lib/k3s-secrets/other-s3"],
};

export const DRILL: Pairs<DrillSettings> = { time: ["04:15", "23:59"], maxAgeDays: [40, 41] };

export const SNAPSHOTS: Pairs<SnapshotsSettings> = {
  schedule: ["0 */6 * * *", "30 1 * * *"],
  keep: [8, 9],
  compress: [true, false],
  maxAgeHours: [20, 30],
  drill: [stated(DRILL), { time: "05:00" }],
  s3: [
    stated(SNAPSHOTS_S3),
    { endpoint: "s3.example", bucket: "etcd", secretFile: "/var/lib/k3s-secrets/s3" },
  ],
};

/** A synth reads them. */
const MANIFESTS = ["one", "other"].map((name) => join(__dirname, "manifests", `${name}.yaml`));

export const K3S: Pairs<K3sSettings> = {
  tokenFile: ["/var/lib/k3s-secrets/token", "/var/lib/k3s-secrets/other"],
  agentTokenFile: ["/var/lib/k3s-secrets/agent-token", "/var/lib/k3s-secrets/agent-other"],
  traefik: [true, false],
  serviceLb: [true, false],
  package: ["k3s", "k3s_1_34"],
  flannelBackend: ["vxlan", "host-gw"],
  embeddedRegistry: [true, false],
  registries: [[stated(REGISTRY)], [{ registry: "quay.io", mirrors: [] }]],
  pveRegion: ["home", "work"],
  nodePorts: [stated(NODE_PORTS), { from: 30_000, to: 30_100 }],
  exposedPorts: [[stated(EXPOSED_PORTS)], []],
  kubeletReadOnlyPort: [true, false],
  imageGc: [stated(IMAGE_GC), { highPercent: 75, lowPercent: 50 }],
  snapshots: [stated(SNAPSHOTS), { keep: 3, s3: stated(SNAPSHOTS_S3) }],
  manifests: [MANIFESTS.slice(0, 1), MANIFESTS],
  serverFlags: [["--disable=metrics-server"], ["--disable=local-storage"]],
  agentFlags: [["--kubelet-arg=max-pods=52"], ["--kubelet-arg=max-pods=53"]],
};

/** Beside a load balancer. */
export const WITHOUT_SERVICE_LB: K3sSettings = { ...stated(K3S), serviceLb: false };

export const ALLOWED_PORTS: Pairs<PortRange> = { from: [9100, 9101], to: [9110, 9111] };

export const ADDRESS_POOL: Pairs<AddressPool> = {
  from: ["172.22.0.200", "172.22.0.201"],
  to: ["172.22.0.219", "172.22.0.218"],
};

export const LOAD_BALANCER: Pairs<LoadBalancerSettings> = {
  pool: [stated(ADDRESS_POOL), { from: "172.22.0.220", to: "172.22.0.220" }],
  implementation: ["metallb", "kube-vip"],
};

export const API_VIP: Pairs<ApiVipSettings> = {
  address: ["172.22.0.30", "172.22.0.31"],
  interface: ["br0", "br1"],
  routerId: [30, 31],
};

export const ALLOWED: Pairs<AllowedFlow, "over"> = {
  from: ["nodes", "pods"],
  to: ["every host", "agents"],
  protocol: ["tcp", "udp"],
  ports: [stated(ALLOWED_PORTS), { from: 9, to: 9 }],
  why: ["metrics of the hosts", "metrics of all hosts"],
};

/** With the other settings of an allowed flow, of which some exclude it. */
export const ALLOWED_OVER: Pairs<AllowedFlow, Exclude<keyof AllowedFlow, "over">> = {
  over: ["storage0", "backup0"],
};

export const FIREWALL: Pairs<FirewallSettings> = {
  allow: [[stated(ALLOWED)], []],
  trustPods: [true, false],
};

export const BACKUP: Pairs<BackupSettings> = {
  recipients: [
    ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
    ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH me"],
  ],
  keep: [10, 11],
  keepDays: [90, 91],
};

/** @param folder - contains the files `a` to `d`, each with a different token */
export const rollout = (folder: string): Pairs<RolloutSettings> => ({
  tokenPath: [join(folder, "a"), join(folder, "b"), { tokenCommand: undefined }],
  tokenCommand: [["cat", join(folder, "a")], ["cat", join(folder, "b")], { tokenPath: undefined }],
  agentTokenPath: [join(folder, "c"), join(folder, "d"), { agentTokenCommand: undefined }],
  agentTokenCommand: [["cat", join(folder, "c")], ["cat", join(folder, "d")], { agentTokenPath: undefined }],
  backup: [stated(BACKUP), { keep: 3 }],
  s3Path: [join(folder, "e"), join(folder, "f"), { s3Command: undefined }],
  s3Command: [["cat", join(folder, "e")], ["cat", join(folder, "f")], { s3Path: undefined }],
  build: ["this machine", "alphard"],
  certificateDays: [45, 60],
});

export const PVE_DATASTORE: Pairs<PveDatastoreSettings> = {
  sizeGib: [900, 100],
  shared: [true, false],
  zfs: [false, true],
};

export const PVE_NODE: Pairs<PveNodeSettings> = {
  cores: [16, 1],
  memoryMib: [65_536, 8192],
  reservedMib: [2048, 49_152],
  zfsArcMib: [0, 49_152],
  datastores: [{ fast: stated(PVE_DATASTORE) }, { slow: stated(PVE_DATASTORE) }],
  bridges: [["vmbr0"], ["vmbr1"]],
  templateVmId: [9001, 9002],
};

export const OVERCOMMIT: Pairs<OvercommitSettings> = { cpu: [4, 0.1], memory: [1, 0.1], disk: [1, 0.01] };

/** One of three PVE nodes, on which alone each setting is tried. */
export const PVE_NODES = {
  pve1: stated(PVE_NODE),
  pve2: { ...stated(PVE_NODE), memoryMib: 63_488, templateVmId: 9003 },
  pve3: { ...stated(PVE_NODE), memoryMib: 40_960, templateVmId: 9004 },
};

export const PVE: Pairs<PveSettings> = {
  nodes: [PVE_NODES, { pve1: PVE_NODES.pve1, pve2: PVE_NODES.pve2 }],
  spread: ["servers", "all"],
  overcommit: [stated(OVERCOMMIT), { cpu: 0.1 }],
  ha: ["agents", "all"],
};

/** @param keys - file with a key other than the example's */
export const cluster = (
  keys: string,
): Pairs<ClusterSettings, "network" | "vm" | "pve" | "nixos" | "k3s" | "firewall" | "rollout"> => ({
  apiEndpoint: ["https://172.22.0.134:6443", "https://k3s.example:6443", { apiVip: undefined }],
  apiVip: [stated(API_VIP), { address: "172.22.0.32" }, { apiEndpoint: undefined }],
  loadBalancer: [
    stated(LOAD_BALANCER),
    { pool: { from: "172.22.0.220", to: "172.22.0.220" } },
    { k3s: WITHOUT_SERVICE_LB },
  ],
  authorizedKeysFile: [EXAMPLE_KEYS, keys],
  allowEvenServerCount: [false, true],
});

export const HOST_FILES: Pairs<HostFilesSettings> = {
  folder: ["nix", "nix-lab"],
  documents: [["nodes.md"], []],
};
