import fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Cluster } from "../../src/config/model";
import type {
  ApiVipSettings,
  ClusterNixosSettings,
  ClusterSettings,
  DiskMountSettings,
  DiskSettings,
  FirewallSettings,
  K3sSettings,
  LoadBalancerSettings,
  NetworkSettings,
  ServerSettings,
  VmSettings,
} from "../../src/config/settings";
import { withHeader } from "../../src/emit/header";
import { renderHosts } from "../../src/render/host";
import { resolved } from "../config/resolved";
import { REFERENCE, REPOSITORY, type TestNode } from "../fixture";

export const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVYQU1QTEUgS0VZISBQVVQgSU4gWU9VUiBPV04gT05F";

/** How a cluster differs from the reference. Servers have the lowest VM IDs, from 134 on. */
interface Sketch {
  readonly servers?: number;
  readonly agents?: number;
  readonly network?: Partial<NetworkSettings>;
  readonly vm?: Partial<VmSettings>;
  readonly k3s?: Partial<K3sSettings>;
  readonly firewall?: FirewallSettings;
  readonly nixos?: Partial<ClusterNixosSettings>;
  /** Settings of the servers, in their order. */
  readonly server?: readonly Partial<ServerSettings>[];
  /** Settings of the agents, in their order. */
  readonly agent?: readonly Partial<ServerSettings>[];
  readonly apiEndpoint?: string;
  /** Instead of `apiEndpoint`. */
  readonly apiVip?: ApiVipSettings;
  readonly loadBalancer?: LoadBalancerSettings;
  /** @default - the reference cluster's key */
  readonly keys?: readonly string[];
  readonly allowEvenServerCount?: boolean;
}

/** The cluster as the constructs would resolve it. Throws on a faulty one. */
export function cluster(sketch: Sketch): Cluster {
  const { servers = 1, agents = 2, keys = [`${KEY} example@replace-me`] } = sketch;
  const settings: ClusterSettings = {
    ...REFERENCE,
    network: { ...REFERENCE.network, ...sketch.network },
    ...(sketch.apiVip === undefined
      ? { apiEndpoint: sketch.apiEndpoint ?? REFERENCE.apiEndpoint }
      : { apiEndpoint: undefined, apiVip: sketch.apiVip }),
    ...(sketch.loadBalancer === undefined ? {} : { loadBalancer: sketch.loadBalancer }),
    nixos: { ...REFERENCE.nixos, ...sketch.nixos },
    vm: { ...REFERENCE.vm, ...sketch.vm },
    k3s: { ...REFERENCE.k3s, ...sketch.k3s },
    firewall: sketch.firewall,
    allowEvenServerCount: sketch.allowEvenServerCount,
  };
  const nodes: TestNode[] = [];
  for (let index = 0; index < servers + agents; index++) {
    const role = index < servers ? "server" : "agent";
    const number = index < servers ? index : index - servers;
    const own = (role === "server" ? sketch.server : sketch.agent)?.[number];
    const founds = role === "server" && servers > 1 ? { clusterInit: number === 0 } : {};
    const name = `${role}-${number + 1}`;
    nodes.push({ id: `k3s-${name}`, role, hostname: name, vmId: 134 + index, ...founds, ...own });
  }
  const { cluster, faults } = resolved(settings, nodes, keys.join("\n"));
  if (faults.length > 0) throw new Error(`not a valid cluster:\n  ${faults.join("\n  ")}`);
  return cluster;
}

/** The template's disk, and one for each mount. */
export const disksWith = (...mounts: readonly DiskMountSettings[]): DiskSettings[] =>
  [undefined, ...mounts].map((mount, index) => ({
    interface: `scsi${index}`,
    datastore: "local-lvm",
    sizeGib: 32,
    ...(mount === undefined ? {} : { mount }),
  }));

type Resolve = () => Cluster;

/** Every kind of cluster that renders differently. Resolved on demand, since most suites that import this file need none. */
export const CLUSTERS = ((cluster: (sketch: Sketch) => Resolve) => ({
  "1 server and 2 agents": cluster({}),
  "a single node": cluster({ agents: 0 }),
  "3 servers and 2 agents": cluster({ servers: 3 }),
  "2 servers during a change": cluster({ servers: 2, agents: 0, allowEvenServerCount: true }),
  "3 servers behind an address that is none of theirs": cluster({
    servers: 3,
    apiEndpoint: "https://k3s.example.org:6443",
  }),
  "3 servers that hold the API's own address in turn": cluster({
    servers: 3,
    apiVip: { address: "172.22.0.30", interface: "br0", routerId: 7 },
  }),
  "3 servers, the endpoint on one that joins": cluster({
    servers: 3,
    apiEndpoint: "https://172.22.0.136:6443",
  }),
  "static addresses behind a gateway": cluster({
    network: { gateway: "172.22.0.1", nameservers: ["172.22.0.1", "9.9.9.9"] },
  }),
  "several LAN networks, some in or beside another": cluster({
    network: {
      lanCidrs: [
        "172.22.0.0/24",
        "172.22.0.0/16",
        "172.22.0.128/25",
        "192.168.0.0/24",
        "192.168.1.0/24",
        "10.10.0.7/32",
        "10.10.0.7/32",
      ],
    },
  }),
  "no ServiceLB and no Traefik": cluster({ k3s: { traefik: false, serviceLb: false } }),
  "the kubelet's read-only port open": cluster({ k3s: { kubeletReadOnlyPort: true } }),
  "node ports around 80 and 443": cluster({ k3s: { nodePorts: { from: 79, to: 1024 } } }),
  "one node port": cluster({ k3s: { nodePorts: { from: 30_000, to: 30_000 } } }),
  "a LAN of IPv4, and management networks of IPv4 and IPv6": cluster({
    network: {
      lanCidrs: ["192.168.77.0/24"],
      managementCidrs: ["172.22.0.0/24", "10.8.0.0/24", "fd00:8::/64", "fd00:8:0:1::/64"],
    },
  }),
  "a LAN of IPv6 beside the node network": cluster({
    network: { lanCidrs: ["172.22.0.0/24", "fd00:22::/64"] },
  }),
  "no LAN but a management network": cluster({
    network: { lanCidrs: [], managementCidrs: ["172.22.0.0/24"] },
  }),
  "pods that are trusted, and flows from everywhere to everywhere": cluster({
    firewall: {
      trustPods: true,
      allow: ["192.168.50.0/24", "fd00:50::/64", "nodes", "pods", "everyone"].flatMap((from) =>
        ["every host", "servers", "agents", "agent-2"].flatMap((to) =>
          (["tcp", "udp"] as const).map((protocol) => ({
            from,
            to,
            protocol,
            ports: protocol === "tcp" ? { from: 9100, to: 9200 } : { from: 53, to: 53 },
            why: 'a reason "with" {braces} # and; more\nthan one line',
          })),
        ),
      ),
    },
  }),
  "data disks, with K3s' and other data": cluster({
    k3s: { imageGc: { highPercent: 70, lowPercent: 60 } },
    nixos: { journalMaxMib: 500, storage: ["longhorn"] },
    server: [{ disks: disksWith({ path: "/var/lib/rancher/k3s/server/db", options: ["noatime"] }) }],
    agent: [{ disks: disksWith({ path: "/var/lib/rancher", filesystem: "xfs" }, { path: "/srv/a-b.c/d" }) }],
  }),
  "snapshots at a schedule, and in S3": cluster({
    k3s: {
      snapshots: {
        schedule: "30 */6 * * *",
        keep: 8,
        compress: true,
        s3: { endpoint: "192.0.2.9:9000", bucket: "etcd", secretFile: "/run/secrets/s3" },
      },
    },
  }),
  "further networks: static with routes and VLANs, DHCP, and without an address": cluster({
    agent: [
      {
        networkInterfaces: [
          { bridge: "vmbr0" },
          { bridge: "vmbr3", vlanId: 7 },
          {
            bridge: "vmbr1",
            name: "storage0",
            mtu: 9000,
            address: { network: "198.18.0.0/24" },
            routes: [{ to: "198.51.100.0/24", via: "198.18.0.1" }],
            vlans: [
              { id: 30, name: "backup0", address: { network: "198.19.0.0/16", ipv4Address: "198.19.3.7" } },
              { id: 31, name: "raw-31" },
            ],
          },
          { bridge: "vmbr2", macAddress: "bc:24:11:00:00:99", name: "lab0", address: "dhcp" },
        ],
      },
    ],
  }),
  "flows over further networks": cluster({
    servers: 3,
    vm: {
      networkInterfaces: [
        { bridge: "vmbr0" },
        {
          bridge: "vmbr1",
          name: "storage-0",
          address: { network: "198.18.0.0/24" },
          vlans: [{ id: 30, name: "backup_0_", address: "dhcp" }],
        },
      ],
    },
    firewall: {
      allow: ["198.18.0.0/25", "fd00:50::/64", "nodes", "everyone"].flatMap((from) =>
        ["every host", "servers", "agent-2"].map((to) => ({
          from,
          to,
          over: "storage-0",
          protocol: "tcp" as const,
          ports: { from: 9100, to: 9200 },
          why: 'a reason "with" {braces} # and; more\nthan one line',
        })),
      ),
    },
  }),
  "host-gw": cluster({ servers: 3, k3s: { flannelBackend: "host-gw" } }),
  "host-gw on a single node": cluster({ agents: 0, k3s: { flannelBackend: "host-gw" } }),
  "WireGuard, the embedded registry, and a region": cluster({
    k3s: {
      flannelBackend: "wireguard-native",
      embeddedRegistry: true,
      registries: [{ registry: "docker.io", mirrors: ["https://mirror.example.org"] }, { registry: "*" }],
      pveRegion: "home",
    },
  }),
  "metrics for networks and for pods, and drills": cluster({
    servers: 3,
    k3s: { serverFlags: ["--etcd-snapshot-dir=/srv/snapshots"], snapshots: { drill: {} } },
    nixos: { monitoring: { from: ["192.168.50.0/24", "10.8.0.7/32", "pods"], nodeExporterPort: 9101 } },
  }),
  "one nixpkgs for all, and a binary cache": cluster({
    nixos: {
      nixpkgs: {
        rev: "0123456789abcdef0123456789abcdef01234567",
        hash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
      },
      binaryCaches: [
        {
          url: "https://cache.example.org",
          publicKey: "cache.example.org-1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
        },
      ],
    },
  }),
  "UEFI, pinned packages, other networks, own labels and flags": cluster({
    network: { podCidr: "10.52.0.0/20", serviceCidr: "10.53.0.0/20" },
    k3s: { package: "k3s_1_34", serverFlags: ["--disable=metrics-server"], agentFlags: ["--debug"] },
    nixos: {
      firmware: "uefi",
      bootDisk: undefined,
      efiSystemPartition: "1A2B-3C4D",
      rootFilesystem: { ...REFERENCE.nixos.rootFilesystem, type: "btrfs" },
      kernelPackages: "linuxPackages_6_12",
      stateVersion: "24.05",
    },
    agent: [
      {
        nodeLabels: { "example.org/disk": "ssd", zone: "" },
        nodeTaints: ["gpu=yes:NoSchedule"],
        k3sFlags: ["--kubelet-arg=max-pods=50"],
        nixos: { platform: "aarch64-linux", networkInterface: "enp6s18" },
      },
    ],
  }),
}))((sketch) => () => cluster(sketch)) satisfies Readonly<Record<string, Resolve>>;

/** Path to text with header of every file of every host, as HostFiles writes them. */
export function emitted(model: Cluster): Map<string, string> {
  return new Map([...renderHosts(model, new Set())].map(([path, body]) => [path, withHeader(path, body)]));
}

/** A new folder in the system's temporary one; the caller removes it. */
export const newFolder = (): string => fs.mkdtempSync(join(tmpdir(), "system-test-"));

/** Runs `use` in a new folder with these files, which is removed afterwards. */
export async function inFolderWith<T>(
  files: ReadonlyMap<string, string>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = newFolder();
  try {
    write(folder, files);
    return await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

export function write(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    fs.mkdirSync(dirname(join(folder, path)), { recursive: true });
    fs.writeFileSync(join(folder, path), text);
  }
}

/** Directories of the hosts whose files are committed. */
export const committedHosts = (): string[] =>
  fs
    .readdirSync(join(REPOSITORY, "nix"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(REPOSITORY, "nix", entry.name))
    // The folder of a host that is gone may keep its local.nix.
    .filter((folder) => fs.existsSync(join(folder, "configuration.nix")));
