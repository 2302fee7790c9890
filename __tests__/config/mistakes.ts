import { ALPHARD, agent, FIVE_NODES, HAMAL, MIZAR, REFERENCE, REPLICATION, server } from "../fixture";

/** A change of the reference cluster. `tsx` checks no types, so any value may be stated. */
export interface Edit {
  /** Settings of the cluster that replace its own. */
  readonly settings?: object;
  /** Settings that are added to mizar, an agent, or replace its own. */
  readonly mizar?: object;
  /** Nodes that replace all three. */
  readonly nodes?: readonly object[];
}

export type Mistake = readonly [what: string, edit: Edit, ...lines: string[]];

/** Settings of the cluster with an address of the API's own. */
const withVip = (apiVip: object, more: object = {}): Edit => ({
  settings: { apiEndpoint: undefined, apiVip, ...more },
});

/** A flow of the firewall, with another protocol. */
const flowOf = (protocol: unknown, more: object = {}): Edit => ({
  settings: {
    firewall: { allow: [{ from: "nodes", to: "every host", protocol, why: "a protocol", ...more }] },
  },
});

const VIP = { address: "172.22.0.30" };

const HTTP = { to: "every host", protocol: "tcp", ports: { from: 80, to: 80 }, why: "HTTP" };

const POOL = { from: "172.22.0.200", to: "172.22.0.219" };

/** Settings of the cluster with addresses for services, which a load balancer other than K3s' gives them. */
const withPool = (pool: unknown, more: object = {}): Edit => ({
  settings: { loadBalancer: { pool }, k3s: { ...REFERENCE.k3s, traefik: false, serviceLb: false, ...more } },
});

const { network, nixos, vm } = REFERENCE;
const [disk] = vm.disks ?? [];
const { k3s } = REFERENCE;
const S3 = { endpoint: "s3.example.org", bucket: "etcd", secretFile: "/var/lib/k3s-secrets/s3" };
const IN_REGION: Edit = { settings: { k3s: { ...k3s, pveRegion: "home" } } };
const MIRRORED = { registry: "docker.io", mirrors: ["https://mirror.example.org"] };

const NIXPKGS = {
  rev: "0123456789abcdef0123456789abcdef01234567",
  hash: "sha256-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
};
const CACHE = {
  url: "https://cache.example.org",
  publicKey: "cache.example.org-1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
};

/** An edit that mounts a second disk of mizar. */
const mountedOn = (path: string, more: object = {}): Edit => ({
  mizar: { disks: [disk, { ...disk, interface: "scsi1", mount: { path, ...more } }] },
});

/** An edit that gives mizar a second network interface, with a name unless `more` has another. */
const connected = (more: object, ...others: object[]): Edit => ({
  mizar: {
    networkInterfaces: [
      { bridge: "vmbr0" },
      { bridge: "vmbr1", name: "storage0", ...more },
      ...others.map((other) => ({ bridge: "vmbr2", ...other })),
    ],
  },
});

/** Settings of the cluster with which every node has such an interface. */
const onAll = (more: object): object => ({
  vm: { ...vm, networkInterfaces: [{ bridge: "vmbr0" }, { bridge: "vmbr1", name: "storage0", ...more }] },
});

const STORAGE = { network: "198.18.0.0/24" };
const routed = (to: string, via = "198.18.0.1"): Edit =>
  connected({ address: STORAGE, routes: [{ to, via }] });
const withVlans = (...vlans: object[]): Edit => connected({ vlans });

export const CASCADES: readonly Mistake[] = [
  [
    "a VM ID of another: their addresses, the endpoint and the VM's past",
    { nodes: [ALPHARD, { ...HAMAL, vmId: 134 }, MIZAR] },
    "'alphard' and 'hamal' both use 134 as 'vmId'",
  ],
  [
    "a construct id of another: the VM's past",
    { mizar: { id: "k3s-agent" } },
    "'hamal' and 'mizar' both use k3s-agent as 'construct id'",
  ],
  [
    "a construct id that is none: the VM's past",
    { mizar: { id: "K3s/agent" } },
    "'construct id' of 'mizar' should be lower-case letters, digits, - and _, starting with a letter, got 'K3s/agent'",
  ],
  [
    "no VM IDs: that they are the same",
    {
      nodes: [
        ALPHARD,
        { ...HAMAL, vmId: undefined, ipv4Address: "172.22.0.135" },
        { ...MIZAR, vmId: undefined, ipv4Address: "172.22.0.136" },
      ],
    },
    "'vmId' of 'hamal' and 'mizar' should be a whole number from 100 to 999999999, got nothing",
  ],
  [
    "a VM ID that is none: address and MAC address",
    { mizar: { vmId: 99.5 } },
    "'vmId' of 'mizar' should be a whole number from 100 to 999999999, got 99.5",
  ],
  [
    "a network without its prefix: every address",
    { settings: { network: { ...network, nodeCidr: "172.22.0.0" } } },
    "'network.nodeCidr' should be an IPv4 network such as 10.0.0.0/24, got '172.22.0.0'",
  ],
  [
    "a network too small for the VM IDs: every address, and who may reach SSH",
    { settings: { network: { ...network, nodeCidr: "172.22.0.0/28" } } },
    "'network.nodeCidr' 172.22.0.0/28 contains none of the nodes: 'ipv4Address' of 'alphard' must be set: VM ID 134 is not a host number in 172.22.0.0/28",
  ],
  [
    "a network of others: every address, and who may reach SSH",
    {
      settings: { network: { ...network, nodeCidr: "172.23.0.0/24" } },
      nodes: [ALPHARD, HAMAL, MIZAR].map((node) => ({ ...node, ipv4Address: `172.22.0.${node.vmId}` })),
    },
    "'network.nodeCidr' 172.23.0.0/24 contains none of the nodes: 'ipv4Address' of 'alphard' should be in the node network 172.23.0.0/24, got '172.22.0.134'",
  ],
  [
    "the only server as an agent: the endpoint",
    { nodes: [{ ...ALPHARD, role: "agent" }, HAMAL, MIZAR] },
    "the cluster has no server for 'alphard', 'hamal' and 'mizar' to join; add a K3sServerNode",
  ],
  [
    "an address of another: the endpoint",
    { mizar: { ipv4Address: "172.22.0.134" } },
    "'alphard' and 'mizar' both use 172.22.0.134 as 'ipv4Address'",
  ],
  [
    "three servers and no founder",
    { nodes: [ALPHARD, server("s1", "acrux", 137), server("s2", "alnair", 138)] },
    "'clusterInit' should be true for exactly one server, but it is for none of 'alphard', 'acrux' and 'alnair'",
  ],
  [
    "a founder by a text: that there is none",
    { nodes: [{ ...ALPHARD, clusterInit: "yes" }, server("s1", "acrux", 137), server("s2", "alnair", 138)] },
    "'clusterInit' of 'alphard' should be true or false, got 'yes'",
  ],
  [
    "keys that cannot be read: that there are none",
    { settings: { authorizedKeysFile: "nowhere" } },
    "'authorizedKeysFile' nowhere cannot be read: ENOENT",
  ],
  [
    "MAC addresses to count from without a VM ID: every MAC address",
    { settings: { network: { ...network, macAddressBase: { macAddress: "BC:24:11:B3:ED:01" } } } },
    "'network.macAddressBase.vmId' should be a whole number from 100 to 999999999, got nothing",
  ],
  [
    "a template in quotes: that no node has one",
    { settings: { vm: { ...vm, templateVmId: "9903" } } },
    "'vm.templateVmId' should be a whole number from 100 to 999999999, got '9903'; write 9903",
  ],
  [
    "a state version after the release: the same of a host with settings of its own",
    {
      settings: { nixos: { ...nixos, stateVersion: "26.05" } },
      mizar: { nixos: { networkInterface: "ens19" } },
    },
    "'nixos.stateVersion' should be at most the release, 25.11, got '26.05'",
  ],
  [
    "a host's own wrong setting beside the cluster's, which are two",
    {
      settings: { nixos: { ...nixos, networkInterface: "cni0" } },
      mizar: { nixos: { networkInterface: "flannel.1" } },
    },
    "'nixos.networkInterface' should be the name of the node's own interface, such as ens18, got 'cni0'",
    "'nixos.networkInterface' of 'mizar' should be the name of the node's own interface, such as ens18, got 'flannel.1'",
  ],
  [
    "a disk without its interface: the rules of interfaces",
    { settings: { vm: { ...vm, disks: [{ ...disk, interface: undefined }] } } },
    "'vm.disks[0].interface' should be ide0-3, sata0-5, scsi0-30 or virtio0-15, got nothing",
  ],
  [
    "a malformed endpoint: whose it is",
    { settings: { apiEndpoint: "https://172.22.0.135:6443/" } },
    "'apiEndpoint' should be a URL such as https://192.0.2.10:6443, without a path, got 'https://172.22.0.135:6443/'",
  ],
  [
    "an agent's address by another's VM ID alone",
    { nodes: [ALPHARD, HAMAL, MIZAR, agent("k3s-agent-2", "alnair", 136, { ipv4Address: "172.22.0.9" })] },
    "'mizar' and 'alnair' both use 136 as 'vmId'",
  ],
];

const withFlags = (...serverFlags: string[]): Edit => ({ settings: { k3s: { ...k3s, serverFlags } } });

/** Faults and warnings about what K3s, Proxmox VE or a host would refuse or ignore later. */
export const ONCE_SILENT: readonly Mistake[] = [
  [
    "a mirror between nodes, and no registry",
    { settings: { k3s: { ...k3s, embeddedRegistry: true } } },
    "Warning: 'k3s.embeddedRegistry' is true and 'k3s.registries' is empty: nodes share no images, unless your local.nix writes registries.yaml; add registries: [{ registry: \"*\" }] for all images",
  ],
  [
    "a flag that the channel of an older NixOS may not know",
    {
      settings: {
        nixos: { ...nixos, release: "25.05", stateVersion: "25.05" },
        k3s: { ...k3s, serverFlags: ["--etcd-s3-retention=3"] },
      },
    },
    "Warning: 'k3s.serverFlags' has --etcd-s3-retention, which K3s has since 1.31.12, 1.32.8 and 1.33.4: an older release does not start with it",
  ],
  [
    "a flag that the channel of one host's older NixOS may not know",
    {
      ...withFlags("--etcd-s3-retention=3"),
      mizar: { nixos: { release: "24.11", stateVersion: "24.11" } },
    },
    "Warning: 'k3s.serverFlags' has --etcd-s3-retention, which K3s has since 1.31.12, 1.32.8 and 1.33.4: an older release does not start with it",
  ],
  [
    "a component of another setting among others",
    withFlags("--disable=metrics-server,traefik"),
    "'k3s.serverFlags' has --disable with a value that is not allowed: use 'k3s.traefik' and 'k3s.serviceLb' instead",
  ],
  [
    "an alias of a flag with an argument of another setting",
    withFlags("--kube-controller-arg=cluster-cidr=10.0.0.0/8"),
    "'k3s.serverFlags' has --kube-controller-arg (an alias of --kube-controller-manager-arg)=cluster-cidr with a value that is not allowed: use 'network.podCidr' instead",
  ],
  [
    "a misspelt flag",
    withFlags("--disabel=metrics-server"),
    "'k3s.serverFlags' has --disabel, which K3s does not have; did you mean --disable?",
  ],
  [
    "a misspelt flag of a node",
    { mizar: { k3sFlags: ["--kubelet-args=max-pods=50"] } },
    "'k3sFlags' of 'mizar' has --kubelet-args, which K3s does not have; did you mean --kubelet-arg?",
  ],
  [
    "a misspelt component",
    withFlags("--disable=metric-server"),
    "'k3s.serverFlags' has --disable with an unknown component; did you mean metrics-server?",
  ],
  [
    "an agent's flag on servers",
    withFlags("--disable-apiserver-lb"),
    "'k3s.serverFlags' must not contain --disable-apiserver-lb: only agents accept it",
  ],
  [
    "a flag of another version",
    withFlags("--a-switch-of-tomorrow=true"),
    "Warning: 'k3s.serverFlags' has --a-switch-of-tomorrow, which no K3s of 1.31 to 1.35 has: K3s may not start with it",
  ],
  [
    "a flag that an older release of the pinned version does not have",
    { settings: { k3s: { ...k3s, package: "k3s_1_33", serverFlags: ["--etcd-s3-retention=3"] } } },
    "Warning: 'k3s.serverFlags' has --etcd-s3-retention, which K3s has since 1.31.12, 1.32.8 and 1.33.4: an older release does not start with it",
  ],
  [
    "a CPU type in another case",
    { mizar: { cpuType: "Host" } },
    "'cpuType' of 'mizar' should be a CPU type of PVE, got 'Host'; did you mean host?",
  ],
  [
    "localhost",
    { mizar: { hostname: "localhost" } },
    "'hostname' of 'localhost' is localhost, by which every host means itself; give it a name of its own",
  ],
  [
    "the name of a group",
    { mizar: { hostname: "agents" } },
    "'hostname' of 'agents' is agents, by which a rollout means every agent (--on agents); give it a name of its own",
  ],
  [
    "a command in one word",
    { settings: { rollout: { tokenCommand: ["sops -d token.enc"] } } },
    `'rollout.tokenCommand' has blanks in the name of its program; state each word apart, such as ["sops", "-d", "token.enc"]`,
  ],
  [
    "a thread for a disk whose controller has none",
    { mizar: { disks: [{ ...disk, iothread: true }], scsiHardware: "virtio-scsi-pci" } },
    `Warning: 'iothread' of a disk of 'mizar' has no effect without 'scsiHardware: "virtio-scsi-single"'`,
  ],
  [
    "an endpoint without a port",
    { settings: { apiEndpoint: "https://k3s.example.org" } },
    "'apiEndpoint' has no port, got 'https://k3s.example.org'; write https://k3s.example.org:6443, or https://k3s.example.org:443 where that is meant",
  ],
  [
    "Traefik without an address",
    { settings: { k3s: { ...k3s, serviceLb: false } } },
    "Warning: 'k3s.traefik' is true and 'k3s.serviceLb' false: nothing gives Traefik an address that the LAN reaches; " +
      "install MetalLB or kube-vip, state it as 'loadBalancer', and Traefik's ports 80 and 443 in 'k3s.exposedPorts'",
  ],
  [
    "Traefik behind a load balancer, with closed ports",
    withPool(POOL, { traefik: true, exposedPorts: [{ protocol: "tcp", from: 443, to: 443 }] }),
    "Warning: 'k3s.traefik' is true, but the firewall refuses the LAN port 80 at the addresses of 'loadBalancer.pool'; state it in 'k3s.exposedPorts'",
  ],
  [
    "Traefik behind a load balancer, with ports open to others than the LAN",
    {
      settings: {
        ...withPool(POOL, { traefik: true, exposedPorts: [{ protocol: "udp", from: 443, to: 443 }] })
          .settings,
        firewall: {
          allow: [
            { ...HTTP, from: "nodes" },
            { ...HTTP, from: "172.22.0.0/26" },
            { ...HTTP, from: "everyone", protocol: "udp" },
          ],
        },
      },
    },
    "Warning: 'k3s.traefik' is true, but the firewall refuses the LAN port 80 and 443 at the addresses of 'loadBalancer.pool'; state it in 'k3s.exposedPorts'",
  ],
  [
    "Traefik behind a load balancer, with one port open to the LAN by a flow",
    {
      settings: {
        ...withPool(POOL, { traefik: true }).settings,
        firewall: { allow: [{ ...HTTP, from: "172.16.0.0/12" }] },
      },
    },
    "Warning: 'k3s.traefik' is true, but the firewall refuses the LAN port 443 at the addresses of 'loadBalancer.pool'; state it in 'k3s.exposedPorts'",
  ],
  [
    "a changed hostname",
    { mizar: { hostname: "mizor" } },
    "Warning: VM 136, 'mizar' until now, becomes 'mizor', which is a new node for Kubernetes: " +
      "drain mizar first, and run kubectl delete node mizar afterwards",
  ],
  [
    "a description that PVE does not take",
    { mizar: { description: "x".repeat(8193) } },
    "'description' of 'mizar' should be at most 8192 characters, which is PVE's limit, got 8193",
  ],
];

/** Messages with the value, the unit, and an example or what to write. */
export const IN_WORDS: readonly Mistake[] = [
  [
    "memory with its unit",
    { mizar: { memoryMib: "8G" } },
    "'memoryMib' of 'mizar' should be a whole number of MiB from 64 to 268435456, got '8G'; write 8192",
  ],
  [
    "a disk with its unit",
    { settings: { vm: { ...vm, disks: [{ ...disk, sizeGib: "32 GiB" }] } } },
    "'vm.disks[scsi0].sizeGib' should be a whole number of GiB from 1 to 131072, got '32 GiB'; write 32",
  ],
  [
    "a disk below its unit",
    { settings: { vm: { ...vm, disks: [{ ...disk, sizeGib: "100M" }] } } },
    "'vm.disks[scsi0].sizeGib' should be a whole number of GiB from 1 to 131072, got '100M'",
  ],
  [
    "what is not a number",
    { mizar: { cores: NaN } },
    "'cores' of 'mizar' should be a whole number from 1 to 2304, got NaN, which is not a number",
  ],
  [
    "a number without an end",
    { mizar: { memoryMib: Infinity } },
    "'memoryMib' of 'mizar' should be a whole number of MiB from 64 to 268435456, got Infinity",
  ],
  [
    "a large integer of JavaScript",
    { mizar: { cores: 4n } },
    "'cores' of 'mizar' should be a whole number from 1 to 2304, got 4",
  ],
  [
    "a function",
    { settings: { apiEndpoint: () => "x" } },
    "'apiEndpoint' should be a text in quotes, got a function",
  ],
  [
    "a group for a text",
    { settings: { apiEndpoint: {} } },
    "'apiEndpoint' should be a text in quotes, got a group of settings",
  ],
  [
    "a command as one text",
    { settings: { rollout: { tokenCommand: "sops -d x" } } },
    `'rollout.tokenCommand' should be a list such as ["sops", "-d", "token.enc"], got a text`,
  ],
  [
    "K3s left out",
    { settings: { k3s: undefined } },
    `'k3s' should be a group of settings such as { tokenFile: "/var/lib/k3s-secrets/token", traefik: true, serviceLb: true }, got nothing`,
  ],
  [
    "networks as one text: what would be in them",
    { settings: { network: "172.22.0.0/24" } },
    `'network' should be a group of settings such as { nodeCidr: "192.0.2.0/24", operatorCidrs: ["198.51.100.0/24"] }, got a text`,
  ],
  [
    "VMs left out: what every node takes from there",
    { settings: { vm: undefined } },
    `'vm' should be a group of settings such as { templateVmId: 9000, pveNode: "pve" }, got nothing`,
  ],
  [
    "bridges as texts",
    { settings: { vm: { ...vm, networkInterfaces: ["vmbr0"] } } },
    `'vm.networkInterfaces[0]' should be a group of settings such as { bridge: "vmbr0" }, got a text`,
  ],
  [
    "a key in the place of its file",
    { settings: { authorizedKeysFile: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA owner" } },
    "'authorizedKeysFile' should be the path of a file that holds the key, such as authorized_keys, got the key itself",
  ],
];

/** What two nodes may not share. */
export const SHARED: readonly Mistake[] = [
  [
    "an IPv4 address",
    { mizar: { ipv4Address: "172.22.0.135" } },
    "'hamal' and 'mizar' both use 172.22.0.135 as 'ipv4Address'",
  ],
  [
    "a MAC address",
    { mizar: { macAddress: "bc:24:11:b3:ed:02" } },
    "'hamal' and 'mizar' both use BC:24:11:B3:ED:02 as 'macAddress'",
  ],
  [
    "a MAC address, also of further interfaces",
    { mizar: { networkInterfaces: [{ bridge: "b" }, { bridge: "b", macAddress: "bc:24:11:b3:ed:02" }] } },
    "'hamal' and 'mizar' both use BC:24:11:B3:ED:02 as 'macAddress'",
  ],
  [
    "a MAC address that follows from another node's",
    {
      settings: onAll({}),
      mizar: { networkInterfaces: [{ bridge: "vmbr0" }], macAddress: "06:24:11:B3:ED:02" },
    },
    "'hamal' and 'mizar' both use 06:24:11:B3:ED:02 as 'macAddress'",
  ],
  [
    "an address in a further network",
    { settings: onAll({ address: { ...STORAGE, ipv4Address: "198.18.0.5" } }) },
    "'alphard', 'hamal' and 'mizar' all use 198.18.0.5 as 'networkInterfaces.address'",
  ],
  [
    "a route of all nodes that would lock operators out",
    {
      settings: {
        ...onAll({ address: STORAGE, routes: [{ to: "192.0.2.0/25", via: "198.18.0.1" }] }),
        network: {
          ...network,
          lanCidrs: ["172.22.0.0/24", "192.0.2.0/24"],
          operatorCidrs: ["192.0.2.0/24"],
        },
      },
    },
    "'networkInterfaces[1].routes[0].to' of 'alphard', 'hamal' and 'mizar' 192.0.2.0/25 overlaps 'network.operatorCidrs' 192.0.2.0/24, which the node's interface has to reach",
  ],
  [
    "a hostname",
    { mizar: { hostname: "hamal" } },
    "'k3s-agent' and 'k3s-agent-1' both use hamal as 'hostname'",
  ],
  [
    "a hostname and a VM ID: each node by its construct id",
    { mizar: { hostname: "hamal", vmId: 135, ipv4Address: "172.22.0.200" } },
    "'k3s-agent' and 'k3s-agent-1' both use hamal as 'hostname'",
    "'k3s-agent' and 'k3s-agent-1' both use 135 as 'vmId'",
  ],
  [
    "all names, as after a copy: how many nodes",
    { mizar: { id: "k3s-agent", hostname: "hamal", vmId: 135 } },
    "2 nodes use k3s-agent as 'construct id'",
    "2 nodes use hamal as 'hostname'",
    "2 nodes use 135 as 'vmId'",
  ],
  [
    "a construct id",
    { mizar: { id: "k3s-agent" } },
    "'hamal' and 'mizar' both use k3s-agent as 'construct id'",
  ],
  [
    "a directory",
    { mizar: { directory: "k3s-agent" } },
    "'hamal' and 'mizar' both use k3s-agent as 'directory'",
  ],
  [
    "a Terraform name, also when ids differ only in - and _",
    { mizar: { id: "k3s_agent" } },
    "'hamal' and 'mizar' both use k3s_agent as 'Terraform name'",
  ],
];

/** Settings of a node, with one mistake each. */
export const OF_A_NODE: readonly Mistake[] = [
  [
    "a state version of a host that is newer than its release",
    { mizar: { nixos: { stateVersion: "26.05" } } },
    "'nixos.stateVersion' of 'mizar' should be at most the release, 25.11, got '26.05'",
  ],
  [
    "a boot order with devices that there are not",
    { mizar: { bootOrder: ["scsi0", "net10", "ide2", "xnet0", "net0x", "ide4", "ide20"] } },
    "'bootOrder' of 'mizar' should be interfaces of the VM's disks, or netN, got 'xnet0'",
    "'bootOrder' of 'mizar' should be interfaces of the VM's disks, or netN, got 'net0x'",
    "'bootOrder' of 'mizar' should be interfaces of the VM's disks, or netN, got 'ide4'",
    "'bootOrder' of 'mizar' should be interfaces of the VM's disks, or netN, got 'ide20'",
  ],
  [
    "label keys of Kubernetes' own domains, and one beside them",
    {
      mizar: {
        nodeLabels: {
          "kubernetes.io/a": "",
          "sub.k8s.io/b": "",
          "mynode.kubernetes.io/c": "",
          "node.kubernetes.io/d": "",
          "sub.kubelet.kubernetes.io/e": "",
          "kubernetes.io.example.org/f": "",
          "mykubernetes.io/g": "",
          role: "",
        },
      },
    },
    "'nodeLabels' of 'mizar' should be keys that a kubelet may set on its own node, got 'kubernetes.io/a'",
    "'nodeLabels' of 'mizar' should be keys that a kubelet may set on its own node, got 'sub.k8s.io/b'",
    "'nodeLabels' of 'mizar' should be keys that a kubelet may set on its own node, got 'mynode.kubernetes.io/c'",
  ],
  [
    "routes by a router that no network has",
    connected({
      address: STORAGE,
      routes: [
        { to: "198.51.100.0/24", via: "198.18.0.0" },
        { to: "203.0.113.0/24", via: "198.18.0.255" },
      ],
    }),
    "'networkInterfaces[1].routes[0].via' of 'mizar' should be a router in the interface's network 198.18.0.0/24, got '198.18.0.0'",
    "'networkInterfaces[1].routes[1].via' of 'mizar' should be a router in the interface's network 198.18.0.0/24, got '198.18.0.255'",
  ],
  [
    "a route to services elsewhere",
    routed("10.43.1.0/24"),
    "'networkInterfaces[1].routes[0].to' of 'mizar' 10.43.1.0/24 overlaps 'network.serviceCidr' 10.43.0.0/16, which the node's interface has to reach",
  ],
  [
    "an id that is no folder name",
    { mizar: { id: "K3s/agent" } },
    "'construct id' of 'mizar' should be lower-case letters, digits, - and _, starting with a letter, got 'K3s/agent'",
  ],
  [
    "an empty id",
    { mizar: { id: "" } },
    "'construct id' of 'mizar' should be lower-case letters, digits, - and _, starting with a letter, got ''",
  ],
  [
    "a hostname with _",
    { mizar: { hostname: "mi_zar" } },
    "'hostname' of 'mi_zar' should be an RFC 1123 label: 1 to 63 of a-z, 0-9 and -, got 'mi_zar'",
  ],
  [
    "a hostname of 64",
    { mizar: { hostname: "m".repeat(64) } },
    "'hostname' of 'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm' should be an RFC 1123 label: 1 to 63 of a-z, 0-9 and -, got 'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm'",
  ],
  [
    "a directory outside",
    { mizar: { directory: "../mizar" } },
    "'directory' of 'mizar' should be one folder name in lower case, got '../mizar'",
  ],
  [
    "a former id that is its own",
    { mizar: { formerId: "k3s-agent-1" } },
    "'formerId' of 'mizar' is k3s_agent_1, its own Terraform name",
  ],
  [
    "a former id that another bears",
    { mizar: { formerId: "k3s-agent" } },
    "'formerId' of 'mizar' is k3s_agent, the present or former Terraform name of 'hamal'",
  ],
  [
    "a malformed former id",
    { mizar: { formerId: "K" } },
    "'formerId' of 'mizar' should be lower-case letters, digits, - and _, starting with a letter, got 'K'",
  ],
  [
    "a VM ID below 100",
    { mizar: { vmId: 99, ipv4Address: "172.22.0.9", macAddress: "BC:24:11:00:00:09" } },
    "'vmId' of 'mizar' should be a whole number from 100 to 999999999, got 99",
  ],
  [
    "a VM ID above the largest",
    { mizar: { vmId: 1_000_000_000, ipv4Address: "172.22.0.9", macAddress: "BC:24:11:00:00:09" } },
    "'vmId' of 'mizar' should be a whole number from 100 to 999999999, got 1000000000",
  ],
  [
    "a VM ID that is no host number",
    { mizar: { vmId: 300 } },
    "'ipv4Address' of 'mizar' must be set: VM ID 300 is not a host number in 172.22.0.0/24",
  ],
  [
    "a VM ID whose host number is broadcast",
    { mizar: { vmId: 255 } },
    "'ipv4Address' of 'mizar' must be set: VM ID 255 is not a host number in 172.22.0.0/24",
  ],
  [
    "an address outside the network",
    { mizar: { ipv4Address: "172.23.0.1" } },
    "'ipv4Address' of 'mizar' should be in the node network 172.22.0.0/24, got '172.23.0.1'",
  ],
  [
    "the network's own address",
    { mizar: { ipv4Address: "172.22.0.0" } },
    "'ipv4Address' of 'mizar' is the network address of the node network, 172.22.0.0",
  ],
  [
    "the broadcast address",
    { mizar: { ipv4Address: "172.22.0.255" } },
    "'ipv4Address' of 'mizar' is the broadcast address of the node network, 172.22.0.255",
  ],
  [
    "no address",
    { mizar: { ipv4Address: "172.22.0" } },
    "'ipv4Address' of 'mizar' should be an IPv4 address, got '172.22.0'",
  ],
  [
    "a multicast MAC address",
    { mizar: { macAddress: "01:24:11:B3:ED:03" } },
    "'macAddress' of 'mizar' should be a unicast MAC address such as BC:24:11:00:00:01, got '01:24:11:B3:ED:03'",
  ],
  [
    "a malformed MAC address",
    { mizar: { macAddress: "BC-24-11-B3-ED-03" } },
    "'macAddress' of 'mizar' should be a unicast MAC address such as BC:24:11:00:00:01, got 'BC-24-11-B3-ED-03'",
  ],
  [
    "a VM ID too far for its MAC address",
    { mizar: { vmId: 99_999_999, ipv4Address: "172.22.0.9" } },
    "'macAddress' of 'mizar' must be set: VM ID 99999999 is too far from VM ID 134 of 'network.macAddressBase'",
  ],
  [
    "too little memory",
    { mizar: { memoryMib: 63 } },
    "'memoryMib' of 'mizar' should be a whole number of MiB from 64 to 268435456, got 63",
  ],
  [
    "a fraction of memory",
    { mizar: { memoryMib: 1024.5 } },
    "'memoryMib' of 'mizar' should be a whole number of MiB from 64 to 268435456, got 1024.5",
  ],
  [
    "a balloon above the memory",
    { mizar: { memoryMib: 1024, balloonMib: 2048 } },
    "'balloonMib' of 'mizar' should be a whole number of MiB from 0 to 1024, got 2048",
  ],
  ["no cores", { mizar: { cores: 0 } }, "'cores' of 'mizar' should be a whole number from 1 to 2304, got 0"],
  [
    "too many sockets",
    { mizar: { sockets: 17 } },
    "'sockets' of 'mizar' should be a whole number from 1 to 16, got 17",
  ],
  [
    "a CPU type with a space",
    { mizar: { cpuType: "x86 64" } },
    "'cpuType' of 'mizar' should be a CPU type of PVE, got 'x86 64'; did you mean x86-64-v2 or x86-64-v2-AES or x86-64-v3 or x86-64-v4?",
  ],
  [
    "CPU units above PVE's",
    { mizar: { cpuUnits: 262_145 } },
    "'cpuUnits' of 'mizar' should be a whole number from 1 to 262144, got 262145",
  ],
  [
    "an agent timeout of nothing",
    { mizar: { agentTimeoutSeconds: 0 } },
    "'agentTimeoutSeconds' of 'mizar' should be a whole number of seconds from 1 to 3600, got 0",
  ],
  ["no disk", { mizar: { disks: [] } }, "'disks' of 'mizar' should be at least the template's disk, got []"],
  [
    "a disk of nothing",
    { mizar: { disks: [{ ...disk, sizeGib: 0 }] } },
    "'disks[scsi0].sizeGib' of 'mizar' should be a whole number of GiB from 1 to 131072, got 0",
  ],
  [
    "a disk below the template's",
    { mizar: { disks: [{ ...disk, sizeGib: 16 }], templateDiskGib: 32 } },
    "'disks[scsi0].sizeGib' of 'mizar' should be at least 'templateDiskGib', 32 GiB, got 16",
  ],
  [
    "two disks on one interface",
    { mizar: { disks: [disk, disk] } },
    "'disks' of 'mizar' has two disks on scsi0",
  ],
  [
    "a disk on no interface",
    { mizar: { disks: [{ ...disk, interface: "scsi31" }] } },
    "'disks[scsi31].interface' of 'mizar' should be ide0-3, sata0-5, scsi0-30 or virtio0-15, got 'scsi31'",
  ],
  [
    "a mount of the template's disk",
    { mizar: { disks: [{ ...disk, mount: { path: "/srv/data" } }] } },
    "'disks[scsi0].mount' of 'mizar' should be left out: the first disk is the template's, with the host's system",
  ],
  [
    "a mount of a disk without a name that is certain",
    { mizar: { disks: [disk, { ...disk, interface: "virtio1", mount: { path: "/srv/data" } }] } },
    "'disks[virtio1].mount' of 'mizar' should be of a disk on scsi1 to scsi30: no name of virtio1 in the guest is certain",
  ],
  [
    "two disks on one folder",
    {
      mizar: {
        disks: [
          disk,
          ...["scsi1", "scsi2"].map((name) => ({ ...disk, interface: name, mount: { path: "/srv/data" } })),
        ],
      },
    },
    "'disks[scsi2].mount.path' of 'mizar' should not be /srv/data, where scsi1 is mounted",
  ],
  [
    "a mount over the system's programs",
    mountedOn("/usr"),
    "'disks[scsi1].mount.path' of 'mizar' should be outside of /usr, which belongs to the system, got '/usr'",
  ],
  [
    "a mount inside the system",
    mountedOn("/boot/efi"),
    "'disks[scsi1].mount.path' of 'mizar' should be outside of /boot, which belongs to the system, got '/boot/efi'",
  ],
  [
    "a mount over everything",
    mountedOn("/"),
    "'disks[scsi1].mount.path' of 'mizar' should be another folder than /, which belongs to the system",
  ],
  [
    "a mount over what all programs keep",
    mountedOn("/var/lib"),
    "'disks[scsi1].mount.path' of 'mizar' should be another folder than /var/lib, which belongs to the system",
  ],
  [
    "a mount over what a rollout needs to go back",
    mountedOn("/var/lib/k3s-rollout"),
    "'disks[scsi1].mount.path' of 'mizar' should be outside of /var/lib/k3s-rollout, which belongs to the system, got '/var/lib/k3s-rollout'",
  ],
  [
    "a mount on a relative path",
    mountedOn("srv/data"),
    "'disks[scsi1].mount.path' of 'mizar' should be an absolute path on the host, such as /srv/data, without . and .., got 'srv/data'",
  ],
  [
    "a mount on a path that leads elsewhere",
    mountedOn("/srv/../etc"),
    "'disks[scsi1].mount.path' of 'mizar' should be an absolute path on the host, such as /srv/data, without . and .., got '/srv/../etc'",
  ],
  [
    "a mount inside of K3s' folder",
    mountedOn("/var/lib/rancher/k3s/agent"),
    "'disks[scsi1].mount.path' of 'mizar' should be /var/lib/rancher or /var/lib/rancher/k3s/server/db for K3s' data, got '/var/lib/rancher/k3s/agent'",
  ],
  [
    "two mount options in one text",
    mountedOn("/srv/data", { options: ["noatime,nodev"] }),
    "'disks[scsi1].mount.options[0]' of 'mizar' should be one option of mount, such as noatime, got 'noatime,nodev'",
  ],
  [
    "a mount option that the boot depends on",
    mountedOn("/srv/data", { options: ["noauto"] }),
    "'disks[scsi1].mount.options[0]' of 'mizar' should be an option of the filesystem, got 'noauto': when a disk is mounted is decided here",
  ],
  [
    "a filesystem that the program does not make",
    mountedOn("/srv/data", { filesystem: "btrfs" }),
    "'disks[scsi1].mount.filesystem' of 'mizar' should be one of ext4, xfs, got 'btrfs'",
  ],
  [
    "a name of the first interface",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0", name: "node0" }] } },
    "'networkInterfaces[0].name' of 'mizar' should be left out; set 'nixos.networkInterface' instead, which the first interface gets",
  ],
  [
    "an address of the first interface",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0", address: STORAGE }] } },
    "'networkInterfaces[0].address' of 'mizar' should be left out; the first interface has the node's 'ipv4Address'",
  ],
  [
    "VLANs of the first interface",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0", vlans: [{ id: 30, name: "backup0" }] }] } },
    "'networkInterfaces[0].vlans' of 'mizar' should be left out; state them on a further interface, since the first is the node's",
  ],
  [
    "an address without a name",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0" }, { bridge: "vmbr1", address: "dhcp" }] } },
    "'networkInterfaces[1].address' of 'mizar' needs 'name', the interface's name in the host",
  ],
  [
    "an interface with a name of the kernel's",
    connected({ name: "eth1" }),
    "'networkInterfaces[1].name' of 'mizar' should be a name such as storage0: at most 15 letters, digits, - and _, and none that the kernel, K3s or NixOS uses, got 'eth1'",
  ],
  [
    "an interface with a name on which NixOS runs no DHCP client",
    connected({ name: "tunnel0" }),
    "'networkInterfaces[1].name' of 'mizar' should be a name such as storage0: at most 15 letters, digits, - and _, and none that the kernel, K3s or NixOS uses, got 'tunnel0'",
  ],
  [
    "an interface with a name that is too long",
    connected({ name: "storage-network0" }),
    "'networkInterfaces[1].name' of 'mizar' should be a name such as storage0: at most 15 letters, digits, - and _, and none that the kernel, K3s or NixOS uses, got 'storage-network0'",
  ],
  [
    "an interface with the name of the node's",
    { mizar: { ...connected({}).mizar, nixos: { networkInterface: "storage0" } } },
    "'networkInterfaces[1].name' of 'mizar' is storage0, as 'nixos.networkInterface'",
  ],
  [
    "two interfaces with one name",
    withVlans({ id: 30, name: "storage0" }),
    "'networkInterfaces[1].vlans[0].name' of 'mizar' is storage0, as 'networkInterfaces[1].name'",
  ],
  [
    "two interfaces with one MAC address",
    connected({ macAddress: "BC:24:11:00:00:99" }, { macAddress: "bc:24:11:00:00:99" }),
    "'networkInterfaces[2].macAddress' of 'mizar' is BC:24:11:00:00:99, as that of 'networkInterfaces[1]'; state another",
  ],
  [
    "a MAC address that is derived for another interface",
    connected({}, { macAddress: "06:24:11:B3:ED:03" }),
    "'networkInterfaces[2].macAddress' of 'mizar' is 06:24:11:B3:ED:03, as that of 'networkInterfaces[1]'; state another",
  ],
  [
    "an address of no kind",
    connected({ address: "198.18.0.136" }),
    `'networkInterfaces[1].address' of 'mizar' should be "dhcp", "none", or a group such as { network: "198.18.0.0/24" }, got '198.18.0.136'`,
  ],
  [
    "an address without its network",
    connected({ address: { ipv4Address: "198.18.0.136" } }),
    "'networkInterfaces[1].address.network' of 'mizar' should be an IPv4 network such as 10.0.0.0/24, got nothing",
  ],
  [
    "a misspelt setting of an address",
    connected({ address: { ...STORAGE, ip: "198.18.0.136" } }),
    "'networkInterfaces[1].address.ip' of 'mizar' is not a setting; did you mean ipv4Address?",
  ],
  [
    "an address outside of its network",
    connected({ address: { ...STORAGE, ipv4Address: "198.18.1.136" } }),
    "'networkInterfaces[1].address.ipv4Address' of 'mizar' should be in the interface's network 198.18.0.0/24, got '198.18.1.136'",
  ],
  [
    "an address that is its network's",
    connected({ address: { ...STORAGE, ipv4Address: "198.18.0.0" } }),
    "'networkInterfaces[1].address.ipv4Address' of 'mizar' is the network address of 198.18.0.0/24, 198.18.0.0",
  ],
  [
    "an address for all hosts of its network",
    connected({ address: { ...STORAGE, ipv4Address: "198.18.0.255" } }),
    "'networkInterfaces[1].address.ipv4Address' of 'mizar' is the broadcast address of 198.18.0.0/24, 198.18.0.255",
  ],
  [
    "an interface's network without a host of the VM ID's number",
    connected({ address: { network: "198.18.0.0/26" } }),
    "'networkInterfaces[1].address.ipv4Address' of 'mizar' must be set: VM ID 136 is not a host number in 198.18.0.0/26",
  ],
  [
    "an interface in the node network",
    connected({ address: { network: "172.22.0.0/16", ipv4Address: "172.22.9.9" } }),
    "'networkInterfaces[1].address.network' of 'mizar' 172.22.0.0/16 overlaps 'network.nodeCidr' 172.22.0.0/24",
  ],
  [
    "an interface in the pod network",
    connected({ address: { network: "10.42.7.0/24" } }),
    "'networkInterfaces[1].address.network' of 'mizar' 10.42.7.0/24 overlaps 'network.podCidr' 10.42.0.0/16",
  ],
  [
    "an interface in the service network",
    connected({ address: { network: "10.43.7.0/24" } }),
    "'networkInterfaces[1].address.network' of 'mizar' 10.43.7.0/24 overlaps 'network.serviceCidr' 10.43.0.0/16",
  ],
  [
    "two interfaces in one network",
    connected({ address: STORAGE }, { name: "backup0", address: { ...STORAGE, ipv4Address: "198.18.0.7" } }),
    "'networkInterfaces[2].address.network' of 'mizar' 198.18.0.0/24 overlaps 'networkInterfaces[1].address.network' 198.18.0.0/24",
  ],
  [
    "one VLAN twice",
    withVlans({ id: 30, name: "backup0" }, { id: 30, name: "backup1" }),
    "'networkInterfaces[1].vlans[1].id' of 'mizar' is 30, as that of another VLAN on the interface",
  ],
  [
    "a VLAN that the interface does not let through",
    connected({ trunks: "10;20", vlans: [{ id: 30, name: "backup0" }] }),
    "'networkInterfaces[1].vlans[0].id' of 'mizar' should be one of the 'trunks' that the interface lets through, 10;20, got 30",
  ],
  [
    "a router beside its interface's network",
    routed("198.51.100.0/24", "198.18.1.1"),
    "'networkInterfaces[1].routes[0].via' of 'mizar' should be a router in the interface's network 198.18.0.0/24, got '198.18.1.1'",
  ],
  [
    "a host as its own router",
    routed("198.51.100.0/24", "198.18.0.136"),
    "'networkInterfaces[1].routes[0].via' of 'mizar' is 198.18.0.136, the interface's own address",
  ],
  [
    "a route beside DHCP",
    connected({ address: "dhcp", routes: [{ to: "198.51.100.0/24", via: "198.18.0.1" }] }),
    "'networkInterfaces[1].routes' of 'mizar' should be left out: a router needs an address with a 'network' on the interface, and with DHCP the server sends the routes",
  ],
  [
    "a default route by another interface",
    routed("0.0.0.0/0"),
    "'networkInterfaces[1].routes[0].to' of 'mizar' should not be the default route, which the node's interface has",
  ],
  [
    "a route to the node network",
    routed("172.16.0.0/12"),
    "'networkInterfaces[1].routes[0].to' of 'mizar' 172.16.0.0/12 overlaps 'network.nodeCidr' 172.22.0.0/24, which the node's interface has to reach",
  ],
  [
    "a route to pods",
    routed("10.42.0.0/24"),
    "'networkInterfaces[1].routes[0].to' of 'mizar' 10.42.0.0/24 overlaps 'network.podCidr' 10.42.0.0/16, which the node's interface has to reach",
  ],
  [
    "a route to the interface's own network",
    routed("198.18.0.128/25"),
    "'networkInterfaces[1].routes[0].to' of 'mizar' 198.18.0.128/25 is in the network of 'networkInterfaces[1]', which needs no route",
  ],
  [
    "two routes to one network",
    connected({
      address: STORAGE,
      routes: ["198.18.0.1", "198.18.0.2"].map((via) => ({ to: "198.51.100.0/24", via })),
    }),
    "'networkInterfaces[1].routes[1].to' of 'mizar' is 198.51.100.0/24, to which 'networkInterfaces[1].routes[0]' is a route too",
  ],
  [
    "a disk in no datastore",
    { mizar: { disks: [{ ...disk, datastore: "" }] } },
    "'disks[scsi0].datastore' of 'mizar' should be the name of a PVE datastore, got ''",
  ],
  [
    "no network interface",
    { mizar: { networkInterfaces: [] } },
    "'networkInterfaces' of 'mizar' should be at least the node's interface, got []",
  ],
  [
    "33 network interfaces",
    { mizar: { networkInterfaces: Array(33).fill({ bridge: "vmbr0" }) } },
    "'networkInterfaces' of 'mizar' should be at most 32, got 33",
  ],
  [
    "no bridge",
    { mizar: { networkInterfaces: [{ bridge: "" }] } },
    "'networkInterfaces[0].bridge' of 'mizar' should be the name of a PVE bridge, got ''",
  ],
  [
    "VLAN 4095",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0", vlanId: 4095 }] } },
    "'networkInterfaces[0].vlanId' of 'mizar' should be a whole number from 1 to 4094, got 4095",
  ],
  [
    "a malformed MTU",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0", mtu: 0 }] } },
    "'networkInterfaces[0].mtu' of 'mizar' should be a whole number of bytes from 1 to 65520, got 0",
  ],
  [
    "too many queues",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0", queues: 65 }] } },
    "'networkInterfaces[0].queues' of 'mizar' should be a whole number from 0 to 64, got 65",
  ],
  [
    "malformed trunks",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0", trunks: "10,20" }] } },
    "'networkInterfaces[0].trunks' of 'mizar' should be VLANs such as 10;20, got '10,20'",
  ],
  [
    "a malformed second MAC address",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0" }, { bridge: "vmbr1", macAddress: "x" }] } },
    "'networkInterfaces[1].macAddress' of 'mizar' should be a unicast MAC address such as BC:24:11:00:00:01, got 'x'",
  ],
  [
    "a MAC address of the first interface",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0", macAddress: "BC:24:11:00:00:01" }] } },
    "'networkInterfaces[0].macAddress' of 'mizar' should be left out; set the node's 'macAddress' instead, which the first interface gets",
  ],
  [
    "a boot device that is not there",
    { mizar: { bootOrder: ["scsi1"] } },
    "'bootOrder' of 'mizar' should be interfaces of the VM's disks, or netN, got 'scsi1'",
  ],
  [
    "a start-up order below 0",
    { mizar: { startup: { order: -1 } } },
    "'startup.order' of 'mizar' should be a whole number from 0 to 999999, got -1",
  ],
  [
    "a start-up delay of half a second",
    { mizar: { startup: { order: 1, upDelaySeconds: 0.5 } } },
    "'startup.upDelaySeconds' of 'mizar' should be a whole number of seconds from 0 to 86400, got 0.5",
  ],
  [
    "tags that PVE does not take",
    { mizar: { tags: ["K3s"] } },
    "'tags[0]' of 'mizar' should be lower-case letters, digits, _ . + -, got 'K3s'",
  ],
  [
    "a template that is no VM ID",
    { mizar: { templateVmId: 9 } },
    "'templateVmId' of 'mizar' should be a whole number from 100 to 999999999, got 9",
  ],
  [
    "a datastore for a linked clone",
    { mizar: { linkedClone: true, cloneDatastore: "d" } },
    "'cloneDatastore' of 'mizar' should be left out for a linked clone, which stays in the template's datastore, got 'd'",
  ],
  [
    "no PVE node",
    { mizar: { pveNode: "" } },
    "'pveNode' of 'mizar' should be the name of a PVE node, got ''",
  ],
  [
    "a label value with a space",
    { mizar: { nodeLabels: { disk: "fast ssd" } } },
    "'nodeLabels[disk]' of 'mizar' should be at most 63 letters, digits, - _ and ., got 'fast ssd'",
  ],
  [
    "a malformed label key",
    { mizar: { nodeLabels: { "-disk": "x" } } },
    "'nodeLabels' of 'mizar' should be label keys such as disk or example.org/disk, got '-disk'",
  ],
  [
    "a label with which the kubelet does not start",
    { mizar: { nodeLabels: { "node-role.kubernetes.io/worker": "true" } } },
    "'nodeLabels' of 'mizar' should be keys that a kubelet may set on its own node, got 'node-role.kubernetes.io/worker'",
  ],
  [
    "a folder that all hosts share",
    { mizar: { directory: "modules" } },
    "'directory' of 'mizar' should be another name: nix/ has that folder for all hosts, got 'modules'",
  ],
  [
    "a zone other than its PVE node",
    { ...IN_REGION, mizar: { nodeLabels: { "topology.kubernetes.io/zone": "pve2" } } },
    "'nodeLabels' of 'mizar' has topology.kubernetes.io/zone=pve2, but its VM runs on PVE node pve; leave the label out",
  ],
  [
    "a region other than that of its Proxmox VE",
    { ...IN_REGION, mizar: { nodeLabels: { "topology.kubernetes.io/region": "work" } } },
    "'nodeLabels' of 'mizar' has topology.kubernetes.io/region=work, but 'k3s.pveRegion' is home; leave the label out",
  ],
  [
    "a second provider ID",
    { ...IN_REGION, mizar: { k3sFlags: ["--kubelet-arg=provider-id=proxmox://home/136"] } },
    "'k3sFlags' of 'mizar' has --kubelet-arg=provider-id, which 'k3s.pveRegion' sets; leave the flag out",
  ],
  [
    "a region that no label may be",
    { settings: { k3s: { ...k3s, pveRegion: "my home" } } },
    "'k3s.pveRegion' should be a name of at most 63 letters, digits, - _ and ., got 'my home'",
  ],
  [
    "a password in the URL of a mirror",
    {
      settings: {
        k3s: {
          ...k3s,
          registries: [{ registry: "docker.io", mirrors: ["https://me:planted@mirror.example.org"] }],
        },
      },
    },
    "'k3s.registries[0].mirrors[0]' should be a URL such as https://mirror.example.org or http://192.0.2.5:5000/v2, without a user and a password",
  ],
  [
    "a registry twice",
    { settings: { k3s: { ...k3s, registries: [MIRRORED, MIRRORED] } } },
    "'k3s.registries' has docker.io more than once; list all its mirrors in one",
  ],
  [
    "a registry without mirrors and without other nodes",
    { settings: { k3s: { ...k3s, registries: [{ registry: "docker.io" }] } } },
    "'k3s.registries' has docker.io without mirrors, which only 'k3s.embeddedRegistry' makes useful",
  ],
  [
    "a taint without effect",
    { mizar: { nodeTaints: ["dedicated=db"] } },
    "'nodeTaints[0]' of 'mizar' should be key=value:Effect with NoSchedule, PreferNoSchedule or NoExecute, got 'dedicated=db'",
  ],
  [
    "a flag with a space",
    { mizar: { k3sFlags: ["--kubelet-arg=max-pods=50 --x"] } },
    "'k3sFlags' of 'mizar' has a flag that is not --name or --name=value without spaces, quotes or backslashes; the flag is not shown, since it may contain a token",
  ],
  [
    "a flag that the model decides",
    { mizar: { k3sFlags: ["--node-ip=172.22.0.9"] } },
    "'k3sFlags' of 'mizar' must not contain --node-ip; use 'ipv4Address' instead",
  ],
  [
    "a server's flag on an agent",
    { mizar: { k3sFlags: ["--disable=metrics-server"] } },
    "'k3sFlags' of 'mizar' must not contain --disable: only servers accept it",
  ],
  [
    "a server's certificate on an agent",
    { mizar: { k3sFlags: ["--tls-san=a.b"] } },
    "'k3sFlags' of 'mizar' must not contain --tls-san: only servers accept it",
  ],
  [
    "a server's etcd on an agent",
    { mizar: { k3sFlags: ["--etcd-expose-metrics"] } },
    "'k3sFlags' of 'mizar' must not contain --etcd-expose-metrics: only servers accept it",
  ],
  [
    "a flag with a quote",
    { mizar: { k3sFlags: ['--x="a'] } },
    "'k3sFlags' of 'mizar' has a flag that is not --name or --name=value without spaces, quotes or backslashes; the flag is not shown, since it may contain a token",
  ],
  [
    "a flag with an apostrophe",
    { mizar: { k3sFlags: ["--x='a"] } },
    "'k3sFlags' of 'mizar' has a flag that is not --name or --name=value without spaces, quotes or backslashes; the flag is not shown, since it may contain a token",
  ],
  [
    "a flag with a backslash",
    { mizar: { k3sFlags: ["--x=\\a"] } },
    "'k3sFlags' of 'mizar' has a flag that is not --name or --name=value without spaces, quotes or backslashes; the flag is not shown, since it may contain a token",
  ],
  [
    "a directory that starts with a dot",
    { mizar: { directory: ".git" } },
    "'directory' of 'mizar' should be one folder name in lower case, got '.git'",
  ],
  [
    "an interface name of 16",
    { mizar: { nixos: { networkInterface: "e".repeat(16) } } },
    "'nixos.networkInterface' of 'mizar' should be the name of the node's own interface, such as ens18, got 'eeeeeeeeeeeeeeee'",
  ],
  [
    "another platform",
    { mizar: { nixos: { platform: "riscv64-linux" as "x86_64-linux" } } },
    "'nixos.platform' of 'mizar' should be one of x86_64-linux, aarch64-linux, got 'riscv64-linux'",
  ],
  [
    "the VM ID of its template",
    { mizar: { vmId: 9903, ipv4Address: "172.22.0.9" } },
    "'vmId' of 'mizar' should differ from the template's, 9903",
  ],
  [
    "a chipset that is none",
    { mizar: { machine: "q36" } },
    "'machine' of 'mizar' should be a machine type of PVE such as q35, got 'q36'",
  ],
  [
    "a rate limit of nothing",
    { mizar: { networkInterfaces: [{ bridge: "vmbr0", rateLimitMBps: 0 }] } },
    "'networkInterfaces[0].rateLimitMBps' of 'mizar' should be a number of megabytes a second above 0, got 0",
  ],
  [
    "another flannel backend",
    { mizar: { k3sFlags: ["--flannel-backend=host-gw"] } },
    "'k3sFlags' of 'mizar' must not contain --flannel-backend; use 'k3s.flannelBackend' instead",
  ],
  [
    "the embedded registry by a flag",
    { mizar: { k3sFlags: ["--embedded-registry"] } },
    "'k3sFlags' of 'mizar' must not contain --embedded-registry; use 'k3s.embeddedRegistry' instead",
  ],
  [
    "the read-only port by a flag",
    { mizar: { k3sFlags: ["--kubelet-arg=read-only-port=10255"] } },
    "'k3sFlags' of 'mizar' has --kubelet-arg=read-only-port with a value that is not allowed: use 'k3s.kubeletReadOnlyPort' instead",
  ],
  [
    "pods' interface as the node's",
    { mizar: { nixos: { networkInterface: "cni0" } } },
    "'nixos.networkInterface' of 'mizar' should be the name of the node's own interface, such as ens18, got 'cni0'",
  ],
  [
    "an interface that is WireGuard's among pods",
    { mizar: { nixos: { networkInterface: "flannel-wg" } } },
    "'nixos.networkInterface' of 'mizar' should be the name of the node's own interface, such as ens18, got 'flannel-wg'",
  ],
  [
    "a NixOS setting of its own",
    { mizar: { nixos: { networkInterface: "an-interface-name-too-long" } } },
    "'nixos.networkInterface' of 'mizar' should be the name of the node's own interface, such as ens18, got 'an-interface-name-too-long'",
  ],
];

/** Settings of the cluster, with one mistake each. */
export const OF_THE_CLUSTER: readonly Mistake[] = [
  [
    "a state version of all hosts and one of a single host that are newer than their release",
    {
      settings: { nixos: { ...nixos, stateVersion: "26.05" } },
      mizar: { nixos: { stateVersion: "26.11" } },
    },
    "'nixos.stateVersion' should be at most the release, 25.11, got '26.05'",
    "'nixos.stateVersion' of 'mizar' should be at most the release, 25.11, got '26.11'",
  ],
  [
    "flags for snapshots of a server, beside settings for them",
    {
      settings: { k3s: { ...k3s, snapshots: { keep: 3 } } },
      nodes: [{ ...ALPHARD, k3sFlags: ["--etcd-snapshot-retention=9", "--etcd-s3-folder=a"] }, HAMAL, MIZAR],
    },
    "'k3sFlags' of 'alphard' has --etcd-snapshot-retention, which 'k3s.snapshots' decides; leave the flag out",
  ],
  [
    "a state version of all hosts that is newer than their release: that of a host with settings of its own",
    {
      settings: { nixos: { ...nixos, stateVersion: "26.05" } },
      mizar: { nixos: { kernelPackages: "linuxPackages_6_12" } },
    },
    "'nixos.stateVersion' should be at most the release, 25.11, got '26.05'",
  ],
  [
    "provider IDs beside a region",
    {
      settings: {
        k3s: {
          ...k3s,
          pveRegion: "home",
          serverFlags: ["--kubelet-arg=provider-id=a"],
          agentFlags: ["--kubelet-arg=--provider_id=b"],
        },
      },
    },
    "'k3s.serverFlags' has --kubelet-arg=provider-id, which 'k3s.pveRegion' sets; leave the flag out",
    "'k3s.agentFlags' has --kubelet-arg=provider-id, which 'k3s.pveRegion' sets; leave the flag out",
  ],
  [
    "SSH opened from nowhere",
    {
      settings: {
        firewall: { allow: [{ to: "every host", protocol: "tcp", ports: { from: 22, to: 22 }, why: "SSH" }] },
      },
    },
    "'firewall.allow[0].from' should be a network such as 10.0.0.0/24 or fd00:22::/64, or one of nodes, pods, everyone, got nothing",
  ],
  [
    "a flow over an interface that no host has",
    {
      settings: {
        ...onAll({ address: STORAGE }),
        firewall: { allow: [{ ...REPLICATION, over: "storage1" }] },
      },
    },
    "'firewall.allow[0].over' should be one of its hosts' further network interfaces, 'storage0', or left out for the node's own, got 'storage1'",
  ],
  [
    "a flow over an interface without any",
    { settings: { firewall: { allow: [REPLICATION] } } },
    "'firewall.allow[0].over' should be left out: none of its hosts has a further network interface with a name, got 'storage0'",
  ],
  [
    "a flow from nodes whose addresses nobody knows",
    { settings: { ...onAll({ address: "dhcp" }), firewall: { allow: [{ ...REPLICATION, to: "servers" }] } } },
    "'firewall.allow[0]' is from nodes over storage0, but hamal has no static address there; state 'address: { network }' for it",
    "'firewall.allow[0]' is from nodes over storage0, but mizar has no static address there; state 'address: { network }' for it",
  ],
  [
    "a CIDR with host bits",
    { settings: { network: { ...network, nodeCidr: "172.22.0.1/24", lanCidrs: ["172.22.0.0/24"] } } },
    "'network.nodeCidr' should be written as 172.22.0.0/24, got '172.22.0.1/24'",
  ],
  [
    "no CIDR",
    { settings: { network: { ...network, podCidr: "10.42" } } },
    "'network.podCidr' should be an IPv4 network such as 10.0.0.0/24, got '10.42'",
  ],
  [
    "pods among services",
    { settings: { network: { ...network, podCidr: "10.43.0.0/17" } } },
    "'network.podCidr' 10.43.0.0/17 overlaps 'serviceCidr' 10.43.0.0/16",
  ],
  [
    "pods among nodes",
    { settings: { network: { ...network, podCidr: "172.22.0.0/22" } } },
    "'network.podCidr' 172.22.0.0/22 overlaps 'nodeCidr' 172.22.0.0/24",
  ],
  [
    "services in the LAN",
    { settings: { network: { ...network, lanCidrs: ["172.22.0.0/24", "10.43.1.0/24"] } } },
    "'network.serviceCidr' 10.43.0.0/16 overlaps 'lanCidrs' 10.43.1.0/24",
  ],
  [
    "pods in a network for which SSH is reserved",
    { settings: { network: { ...network, managementCidrs: ["172.22.0.0/24", "10.42.9.0/24"] } } },
    "'network.podCidr' 10.42.0.0/16 overlaps 'managementCidrs' 10.42.9.0/24",
  ],
  [
    "a LAN of IPv6 beside the networks for which SSH is reserved",
    {
      settings: {
        network: {
          ...network,
          lanCidrs: ["172.22.0.0/24", "fd00:22::/64"],
          managementCidrs: ["172.22.0.0/24"],
        },
      },
    },
    "'network.lanCidrs' fd00:22::/64 has no effect: over IPv6 the LAN reaches only SSH and the API, and 'managementCidrs' reserves these; remove it, or add it to 'managementCidrs'",
  ],
  [
    "nobody who uses SSH",
    { settings: { network: { ...network, operatorCidrs: [] } } },
    "'network.operatorCidrs' should be the networks from which operators use SSH, or waived by 'operatorNetworkWaived: true', got []",
  ],
  [
    "somebody who uses SSH, and nobody",
    { settings: { network: { ...network, operatorNetworkWaived: true } } },
    "'network.operatorCidrs' should be the networks from which operators use SSH, or waived by 'operatorNetworkWaived: true', not both, got [\"172.22.0.0/24\"]",
  ],
  [
    "two nodes of three elsewhere",
    {
      nodes: [ALPHARD, { ...HAMAL, ipv4Address: "172.23.0.135" }, { ...MIZAR, ipv4Address: "172.23.0.136" }],
    },
    "'ipv4Address' of 'hamal' should be in the node network 172.22.0.0/24, got '172.23.0.135'",
    "'ipv4Address' of 'mizar' should be in the node network 172.22.0.0/24, got '172.23.0.136'",
  ],
  [
    "a pod network for one node",
    { settings: { network: { ...network, podCidr: "10.42.0.0/24" } } },
    "'network.podCidr' 10.42.0.0/24 has a /24 for 1 node, but the cluster has 3",
  ],
  [
    "a gateway that is none",
    { settings: { network: { ...network, gateway: "172.22.0.300", nameservers: ["9.9.9.9"] } } },
    "'network.gateway' should be an IPv4 address, got '172.22.0.300'",
  ],
  [
    "a gateway elsewhere",
    { settings: { network: { ...network, gateway: "172.23.0.1", nameservers: ["9.9.9.9"] } } },
    "'network.gateway' should be a host's address in 172.22.0.0/24, got '172.23.0.1'",
  ],
  [
    "a gateway that is the network's own address",
    { settings: { network: { ...network, gateway: "172.22.0.0", nameservers: ["9.9.9.9"] } } },
    "'network.gateway' should be a host's address in 172.22.0.0/24, got '172.22.0.0'",
  ],
  [
    "a gateway that is the broadcast address",
    { settings: { network: { ...network, gateway: "172.22.0.255", nameservers: ["9.9.9.9"] } } },
    "'network.gateway' should be a host's address in 172.22.0.0/24, got '172.22.0.255'",
  ],
  [
    "a pod network below a /24",
    { settings: { network: { ...network, podCidr: "10.42.0.0/25" } } },
    "'network.podCidr' 10.42.0.0/25 has a /24 for 0 nodes, but the cluster has 3",
  ],
  [
    "a network that ends where another starts",
    { settings: { network: { ...network, podCidr: "10.43.252.0/22" } } },
    "'network.podCidr' 10.43.252.0/22 overlaps 'serviceCidr' 10.43.0.0/16",
  ],
  [
    "a malformed VM ID to count from",
    { settings: { network: { ...network, macAddressBase: { vmId: 99, macAddress: "BC:24:11:00:00:01" } } } },
    "'network.macAddressBase.vmId' should be a whole number from 100 to 999999999, got 99",
  ],
  [
    "a channel in place of a revision of nixpkgs",
    { settings: { nixos: { ...nixos, nixpkgs: { ...NIXPKGS, rev: "nixos-25.11" } } } },
    "'nixos.nixpkgs.rev' should be a commit of nixpkgs, of 40 hexadecimal digits in lower case, got 'nixos-25.11'",
  ],
  [
    "a hash of nixpkgs in another form than that of flake.lock",
    { settings: { nixos: { ...nixos, nixpkgs: { ...NIXPKGS, hash: "sha256:0abc" } } } },
    "'nixos.nixpkgs.hash' should be the SHA-256 of the unpacked tree, such as sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=, got 'sha256:0abc'",
  ],
  [
    "a revision of nixpkgs without its hash",
    { settings: { nixos: { ...nixos, nixpkgs: { rev: NIXPKGS.rev } } } },
    "'nixos.nixpkgs.hash' should be the SHA-256 of the unpacked tree, such as sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=, got nothing",
  ],
  [
    "metrics for a network of IPv6",
    { settings: { nixos: { ...nixos, monitoring: { from: ["fd00:22::/64"] } } } },
    "'nixos.monitoring.from[0]' should be an IPv4 network such as 10.0.0.0/24, got 'fd00:22::/64'",
  ],
  [
    "metrics for whoever",
    { settings: { nixos: { ...nixos, monitoring: {} } } },
    "'nixos.monitoring.from' should be a list such as [\"10.0.0.0/24\"], got nothing",
  ],
  [
    "metrics for nobody",
    { settings: { nixos: { ...nixos, monitoring: { from: [] } } } },
    "'nixos.monitoring.from' should be a list of at least one network, got []",
  ],
  [
    "metrics for the pod network",
    { settings: { nixos: { ...nixos, monitoring: { from: ["10.42.0.0/16"] } } } },
    "'nixos.monitoring.from[0]' should be 'pods', since 10.42.0.0/16 is in the pod or service network",
  ],
  [
    "metrics on the port of the kubelet",
    { settings: { nixos: { ...nixos, monitoring: { from: ["pods"], nodeExporterPort: 10_250 } } } },
    "'nixos.monitoring.nodeExporterPort' is TCP 10250, but the host needs TCP 10250: kubelet: logs, exec, metrics; choose another port",
  ],
  [
    "metrics on a port of pods",
    { settings: { nixos: { ...nixos, monitoring: { from: ["pods"], nodeExporterPort: 30_100 } } } },
    "'k3s.nodePorts' TCP 30000-32767 would go to pods, but the host needs TCP 30100: node_exporter: metrics of the host, for pods of other hosts; choose other ports",
  ],
  [
    "one nixpkgs for hosts of two releases",
    { settings: { nixos: { ...nixos, nixpkgs: NIXPKGS } }, mizar: { nixos: { release: "26.05" } } },
    "'nixos.nixpkgs' is one for all hosts, but 'nixos.release' is 25.11 for 'alphard' and 'hamal', 26.05 for 'mizar'; state it for the cluster alone",
  ],
  [
    "a nixpkgs of one host",
    { mizar: { nixos: { nixpkgs: NIXPKGS } } },
    "'nixos.nixpkgs' of 'mizar' is not a setting",
  ],
  [
    "a misspelt host that builds",
    { settings: { nixos: { ...nixos, nixpkgs: NIXPKGS }, rollout: { build: "hamall" } } },
    "'rollout.build' should be \"each host\", \"this machine\" or the hostname of a node, got 'hamall'; did you mean hamal?",
  ],
  [
    "a misspelt place to build",
    { settings: { nixos: { ...nixos, nixpkgs: NIXPKGS }, rollout: { build: "thismachine" } } },
    "'rollout.build' should be \"each host\", \"this machine\" or the hostname of a node, got 'thismachine'; did you mean this machine?",
  ],
  [
    "one host that builds for all, without one nixpkgs for all",
    { settings: { rollout: { build: "hamal" } } },
    "'rollout.build' is 'hamal', and needs 'nixos.nixpkgs': without it, each host builds from its own channel",
  ],
  [
    "a cache without a scheme",
    { settings: { nixos: { ...nixos, binaryCaches: [{ ...CACHE, url: "cache.example.org" }] } } },
    "'nixos.binaryCaches[0].url' should be a URL such as https://cache.example.org, got 'cache.example.org'",
  ],
  [
    "the secret key of a cache",
    {
      settings: {
        nixos: {
          ...nixos,
          binaryCaches: [
            {
              ...CACHE,
              publicKey: `cache-1:${Buffer.from("0123456789abcdef".repeat(4)).toString("base64")}`,
            },
          ],
        },
      },
    },
    "'nixos.binaryCaches[0].publicKey' should be a public key such as cache.example.org-1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=; the value is not shown, since it may be a secret",
  ],
  [
    "a root filesystem that is none",
    { settings: { nixos: { ...nixos, rootFilesystem: { ...nixos.rootFilesystem, type: "zfs" as "ext4" } } } },
    "'nixos.rootFilesystem.type' should be one of ext4, btrfs, xfs, got 'zfs'",
  ],
  [
    "garbage collection of images that keeps more than it lets in",
    { settings: { k3s: { ...k3s, imageGc: { highPercent: 60, lowPercent: 60 } } } },
    "'k3s.imageGc' should have a 'lowPercent' below 'highPercent', got {\"highPercent\":60,\"lowPercent\":60}",
  ],
  [
    "a schedule of snapshots that is no schedule",
    { settings: { k3s: { ...k3s, snapshots: { schedule: "hourly" } } } },
    "'k3s.snapshots.schedule' should be a cron schedule of five fields with numbers, such as 0 0,6,12,18 * * *, got 'hourly'",
  ],
  [
    "a schedule of snapshots at an hour that no day has",
    { settings: { k3s: { ...k3s, snapshots: { schedule: "0 24 * * *" } } } },
    "'k3s.snapshots.schedule' should have as its hour numbers from 0 to 23, got '0 24 * * *'",
  ],
  [
    "an endpoint of S3 with a scheme",
    { settings: { k3s: { ...k3s, snapshots: { s3: { ...S3, endpoint: "https://s3.example.org" } } } } },
    "'k3s.snapshots.s3.endpoint' should be a hostname or address with or without a port, such as s3.example.org, and without https://, got 'https://s3.example.org'",
  ],
  [
    "the S3 credentials where their path belongs",
    { settings: { k3s: { ...k3s, snapshots: { s3: { ...S3, secretFile: "AKIA5ca1ab1e5ca1ab1e" } } } } },
    "'k3s.snapshots.s3.secretFile' should be an absolute path on the hosts, outside /nix/store, such as /var/lib/k3s-secrets/token; the value is not shown, since it may be a token",
  ],
  [
    "the S3 credentials in the file of the join token",
    { settings: { k3s: { ...k3s, snapshots: { s3: { ...S3, secretFile: k3s.tokenFile } } } } },
    "'k3s.snapshots.s3.secretFile' should be another file than the one of a join token",
  ],
  [
    "a flag that says what 'k3s.snapshots' says",
    { settings: { k3s: { ...k3s, serverFlags: ["--etcd-snapshot-retention=9"], snapshots: { keep: 8 } } } },
    "'k3s.serverFlags' has --etcd-snapshot-retention, which 'k3s.snapshots' decides; leave the flag out",
  ],
  [
    "snapshots beside the flag that takes none",
    { settings: { k3s: { ...k3s, serverFlags: ["--etcd-disable-snapshots"], snapshots: {} } } },
    "'k3s.serverFlags' has --etcd-disable-snapshots, which 'k3s.snapshots' decides; leave the flag out",
  ],
  [
    "a secret key where a public one belongs, which is not repeated",
    { settings: { rollout: { backup: { recipients: ["AGE-SECRET-KEY-15CA1AB1E"] } } } },
    "'rollout.backup.recipients[0]' should be a public key of age such as age1…, or of SSH such as ssh-ed25519 AAAA…; the value is not shown, since it may be a secret key",
  ],
  [
    "a source of S3 credentials that no server needs",
    { settings: { rollout: { s3Path: "secrets/s3" } } },
    "'rollout.s3Path' has no effect without 'k3s.snapshots.s3'; set that to the bucket for snapshots",
  ],
  [
    "a token file above its folder",
    { settings: { k3s: { ...k3s, tokenFile: "/var/lib/../token" } } },
    "'k3s.tokenFile' should be an absolute path on the hosts, outside /nix/store, such as /var/lib/k3s-secrets/token, got '/var/lib/../token'",
  ],
  [
    "a token file in this folder",
    { settings: { k3s: { ...k3s, tokenFile: "/var/./token" } } },
    "'k3s.tokenFile' should be an absolute path on the hosts, outside /nix/store, such as /var/lib/k3s-secrets/token, got '/var/./token'",
  ],
  [
    "a gateway without nameservers",
    { settings: { network: { ...network, gateway: "172.22.0.1" } } },
    "'network.nameservers' should be at least one address if 'gateway' is set, got []",
  ],
  [
    "a malformed nameserver",
    { settings: { network: { ...network, nameservers: ["dns.example"] } } },
    "'network.nameservers[0]' should be an IPv4 address, got 'dns.example'",
  ],
  [
    "a node on the gateway's address",
    { settings: { network: { ...network, gateway: "172.22.0.135", nameservers: ["9.9.9.9"] } } },
    "'ipv4Address' of 'hamal' is the address of the gateway, 172.22.0.135",
  ],
  [
    "a pod network too small for its nodes",
    { settings: { network: { ...network, podCidr: "10.42.0.0/23" } } },
    "'network.podCidr' 10.42.0.0/23 has a /24 for 2 nodes, but the cluster has 3",
  ],
  [
    "MAC addresses counted from a multicast one",
    { settings: { network: { ...network, macAddressBase: { vmId: 134, macAddress: "01:00:00:00:00:00" } } } },
    "'network.macAddressBase.macAddress' should be a unicast MAC address such as BC:24:11:00:00:01, got '01:00:00:00:00:00'",
  ],
  [
    "no MAC addresses to count from",
    { settings: { network: { ...network, macAddressBase: undefined } } },
    "'macAddress' of 'alphard', 'hamal' and 'mizar' must be set, since 'network.macAddressBase' is not",
  ],
  [
    "an endpoint without https",
    { settings: { apiEndpoint: "http://172.22.0.134:6443" } },
    "'apiEndpoint' should be a URL such as https://192.0.2.10:6443, without a path, got 'http://172.22.0.134:6443'",
  ],
  [
    "an endpoint with a path",
    { settings: { apiEndpoint: "https://172.22.0.134:6443/x" } },
    "'apiEndpoint' should be a URL such as https://192.0.2.10:6443, without a path, got 'https://172.22.0.134:6443/x'",
  ],
  [
    "an endpoint on no address",
    { settings: { apiEndpoint: "https://172.22.0.999:6443" } },
    "'apiEndpoint' should be a URL such as https://192.0.2.10:6443, without a path, got 'https://172.22.0.999:6443'",
  ],
  [
    "an endpoint on an agent",
    { settings: { apiEndpoint: "https://172.22.0.135:6443" } },
    "'apiEndpoint' https://172.22.0.135:6443 is on 'hamal', an agent; use the address of a server",
  ],
  [
    "an endpoint on an agent, by name",
    { settings: { apiEndpoint: "https://hamal.lan:6443" } },
    "'apiEndpoint' https://hamal.lan:6443 is on 'hamal', an agent; use the address of a server",
  ],
  [
    "a release that is none",
    { settings: { nixos: { ...nixos, release: "25.10" } } },
    "'nixos.release' should be a NixOS release such as 25.11, got '25.10'",
  ],
  [
    "a state version after the release",
    { settings: { nixos: { ...nixos, release: "25.05" } } },
    "'nixos.stateVersion' should be at most the release, 25.05, got '25.11'",
  ],
  [
    "BIOS without a boot disk",
    { settings: { nixos: { ...nixos, bootDisk: undefined } } },
    "'nixos.bootDisk' should be a device such as /dev/sda, for bios, got nothing",
  ],
  [
    "UEFI without its partition",
    { settings: { nixos: { ...nixos, firmware: "uefi" } } },
    "'nixos.efiSystemPartition' should be a vfat UUID such as 1A2B-3C4D, for uefi, got nothing",
  ],
  [
    "a root filesystem without UUID",
    { settings: { nixos: { ...nixos, rootFilesystem: { uuid: "sda1" } } } },
    "'nixos.rootFilesystem.uuid' should be a filesystem UUID in lower case, got 'sda1'",
  ],
  [
    "kernel packages that are an expression",
    { settings: { nixos: { ...nixos, kernelPackages: "linuxPackages; x = 1" } } },
    "'nixos.kernelPackages' should be an attribute such as linuxPackages_6_12, got 'linuxPackages; x = 1'",
  ],
  [
    "a boot menu without a way back",
    { settings: { nixos: { ...nixos, configurationLimit: 1 } } },
    "'nixos.configurationLimit' should be a whole number of generations from 2 to 100, got 1",
  ],
  [
    "generations that are deleted before they are made",
    { settings: { nixos: { ...nixos, deleteGenerationsAfterDays: -1 } } },
    "'nixos.deleteGenerationsAfterDays' should be a whole number of days from 0 to 3650, got -1",
  ],
  [
    "a K3s package that is an expression",
    { settings: { k3s: { ...k3s, package: "k3s; x = 1" } } },
    "'k3s.package' should be an attribute such as k3s_1_34, got 'k3s; x = 1'",
  ],
  [
    "a token file in the Nix store",
    { settings: { k3s: { ...k3s, tokenFile: "/nix/store/x/token" } } },
    "'k3s.tokenFile' should be an absolute path on the hosts, outside /nix/store, such as /var/lib/k3s-secrets/token, got '/nix/store/x/token'",
  ],
  [
    "node ports reversed",
    { settings: { k3s: { ...k3s, nodePorts: { from: 32767, to: 30000 } } } },
    "'k3s.nodePorts' should be a range with 'from' at most 'to', got {\"from\":32767,\"to\":30000}",
  ],
  [
    "node ports that are none",
    { settings: { k3s: { ...k3s, nodePorts: { from: 30000, to: 65536 } } } },
    "'k3s.nodePorts.to' should be a whole number from 1 to 65535, got 65536",
  ],
  [
    "a server flag that the model decides",
    { settings: { k3s: { ...k3s, serverFlags: ["--cluster-cidr=10.0.0.0/8"] } } },
    "'k3s.serverFlags' must not contain --cluster-cidr; use 'network.podCidr' instead",
  ],
  [
    "ServiceLB off by a flag",
    { settings: { k3s: { ...k3s, serverFlags: ["--disable=traefik,servicelb"] } } },
    "'k3s.serverFlags' has --disable with a value that is not allowed: use 'k3s.traefik' and 'k3s.serviceLb' instead",
  ],
  [
    "another API port",
    { settings: { k3s: { ...k3s, serverFlags: ["--https-listen-port=7443"] } } },
    "'k3s.serverFlags' must not contain --https-listen-port: the firewall opens the API and the supervisor on K3s' default port",
  ],
  [
    "node ports by a flag",
    { settings: { k3s: { ...k3s, serverFlags: ["--kube-apiserver-arg=service-node-port-range=1-2"] } } },
    "'k3s.serverFlags' has --kube-apiserver-arg=service-node-port-range with a value that is not allowed: use 'k3s.nodePorts' instead",
  ],
  [
    "exposed ports reversed",
    { settings: { k3s: { ...k3s, exposedPorts: [{ protocol: "tcp", from: 9, to: 8 }] } } },
    '\'k3s.exposedPorts[0]\' should be a range with \'from\' at most \'to\', got {"from":9,"to":8,"protocol":"tcp"}',
  ],
  [
    "an endpoint on a server and another port",
    { settings: { apiEndpoint: "https://alphard.lan:7443" } },
    "'apiEndpoint' https://alphard.lan:7443 is on 'alphard', which serves the API on port 6443; use that port",
  ],
  [
    "an endpoint whose host ends in a hyphen",
    { settings: { apiEndpoint: "https://k3s-:6443" } },
    "'apiEndpoint' should be a URL such as https://192.0.2.10:6443, without a path, got 'https://k3s-:6443'",
  ],
  [
    "exposed ports of no protocol",
    {
      settings: {
        k3s: { ...k3s, exposedPorts: [{ from: 8, to: 9 } as { protocol: "tcp"; from: number; to: number }] },
      },
    },
    "'k3s.exposedPorts[0].protocol' should be one of tcp, udp, got nothing",
  ],
  [
    "kube-proxy in another mode",
    { settings: { k3s: { ...k3s, agentFlags: ["--kube-proxy-arg=proxy-mode=ipvs"] } } },
    "'k3s.agentFlags' has --kube-proxy-arg=proxy-mode with a value that is not allowed: the firewall relies on kube-proxy rewriting destinations with iptables",
  ],
  [
    "flags in a file",
    { settings: { k3s: { ...k3s, agentFlags: ["--config=/etc/x"] } } },
    "'k3s.agentFlags' must not contain --config: flags in a file cannot be checked",
  ],
  [
    "a choice that is not made",
    { settings: { k3s: { ...k3s, traefik: undefined as unknown as boolean } } },
    "'k3s.traefik' should be true or false, got nothing",
  ],
  [
    "keys in no file",
    { settings: { authorizedKeysFile: "/nowhere/keys" } },
    "'authorizedKeysFile' /nowhere/keys cannot be read: ENOENT",
  ],
  [
    "what all VMs share",
    { settings: { vm: { ...vm, cores: 0 } } },
    "'vm.cores' should be a whole number from 1 to 2304, got 0",
  ],
];

/** Unknown settings, and values of the wrong kind. */
export const OF_THE_API_ADDRESS: readonly Mistake[] = [
  [
    "no place of the API",
    { settings: { apiEndpoint: undefined } },
    "'apiEndpoint' should be a URL such as https://192.0.2.10:6443, without a path, got nothing",
  ],
  [
    "two places of the API",
    withVip(VIP, { apiEndpoint: "https://172.22.0.134:6443" }),
    "'apiEndpoint' should be left out beside 'apiVip', which makes it https://172.22.0.30:6443, got https://172.22.0.134:6443",
  ],
  [
    "the API's address without an address",
    withVip({}),
    "'apiVip.address' should be an IPv4 address, got nothing",
  ],
  [
    "an address of the API that is none: whether a host may have it",
    withVip({ address: "172.22.0.300" }),
    "'apiVip.address' should be an IPv4 address, got '172.22.0.300'",
  ],
  [
    "a node network that is none: the API's address",
    withVip(VIP, { network: { ...network, nodeCidr: "172.22.0.0" } }),
    "'network.nodeCidr' should be an IPv4 network such as 10.0.0.0/24, got '172.22.0.0'",
  ],
  [
    "the API's address with an API of one server on one address",
    { ...withVip(VIP), nodes: [{ ...ALPHARD, k3sFlags: ["--bind-address=172.22.0.134"] }, HAMAL] },
    "'k3sFlags' of 'alphard' has --bind-address, with which the API does not answer at 'apiVip'; leave the flag out",
  ],
  [
    "the API's address as a text",
    withVip("172.22.0.30" as unknown as object),
    "'apiVip' should be a group of settings such as { address: \"192.0.2.30\" }, got a text",
  ],
  [
    "the API's address in another network",
    withVip({ address: "172.23.0.30" }),
    "'apiVip.address' should be a host's address in the node network 172.22.0.0/24, got '172.23.0.30'",
  ],
  [
    "the API's address as that of the network",
    withVip({ address: "172.22.0.0" }),
    "'apiVip.address' should be a host's address in the node network 172.22.0.0/24, got '172.22.0.0'",
  ],
  [
    "the API's address as that of a node",
    withVip({ address: "172.22.0.135" }),
    "'apiVip.address' is 172.22.0.135, which is the address of 'hamal'; choose a free address",
  ],
  [
    "the API's address as that of the gateway",
    withVip(
      { address: "172.22.0.1" },
      { network: { ...network, gateway: "172.22.0.1", nameservers: ["172.22.0.1"] } },
    ),
    "'apiVip.address' is 172.22.0.1, which is the gateway; choose a free address",
  ],
  [
    "the API's address on a further interface",
    withVip({ ...VIP, interface: "storage0" }, onAll({})),
    "'apiVip.interface' is storage0, a further network interface of 'alphard', which does not carry the node network",
  ],
  [
    "a number of VRRP that there is not",
    withVip({ ...VIP, routerId: 256 }),
    "'apiVip.routerId' should be a whole number from 1 to 255, got 256",
  ],
  [
    "the API's address with an API on one address",
    withVip(VIP, { k3s: { ...k3s, serverFlags: ["--bind-address=172.22.0.134"] } }),
    "'k3s.serverFlags' has --bind-address, with which the API does not answer at 'apiVip'; leave the flag out",
  ],
  [
    "VRRP of servers for all nodes",
    {
      settings: {
        apiEndpoint: undefined,
        apiVip: VIP,
        firewall: { allow: [{ from: "nodes", to: "servers", protocol: "vrrp", why: "VRRP" }] },
      },
      nodes: [
        { ...ALPHARD, clusterInit: true },
        server("s1", "acrux", 137),
        server("s2", "alnair", 138),
        HAMAL,
      ],
    },
    "'firewall.allow[0]' opens VRRP to nodes, but VRRP is reserved for servers: keepalived: which server holds the API's address; leave it out",
  ],
];

/** Settings of the cluster with static addresses, and a DHCP server beside. */
const withDhcp = (dhcpRange: unknown, more: object = {}): Edit => ({
  settings: { network: { ...network, gateway: "172.22.0.1", nameservers: ["9.9.9.9"], dhcpRange }, ...more },
});

export const OF_DHCP: readonly Mistake[] = [
  [
    "a DHCP range as a text",
    withDhcp("172.22.0.50-172.22.0.99"),
    `'network.dhcpRange' should be a group of settings such as { from: "192.0.2.200", to: "192.0.2.219" }, got a text`,
  ],
  [
    "a DHCP range that leaves the node network",
    withDhcp({ from: "172.22.0.200", to: "172.22.1.9" }),
    "'network.dhcpRange.to' should be a host's address in the node network 172.22.0.0/24, got '172.22.1.9'",
  ],
  [
    "static addresses of nodes in the DHCP range",
    withDhcp({ from: "172.22.0.135", to: "172.22.0.199" }),
    "'ipv4Address' of 'hamal' and 'mizar' should be outside of 'network.dhcpRange' 172.22.0.135 to 172.22.0.199, which a DHCP server gives away, got '172.22.0.135' and '172.22.0.136'",
  ],
  [
    "a gateway in the DHCP range",
    withDhcp({ from: "172.22.0.1", to: "172.22.0.99" }),
    "'network.gateway' should be outside of 'network.dhcpRange' 172.22.0.1 to 172.22.0.99, which a DHCP server gives away, got '172.22.0.1'",
  ],
  [
    "the API's address in the DHCP range",
    withDhcp({ from: "172.22.0.30", to: "172.22.0.99" }, { apiEndpoint: undefined, apiVip: VIP }),
    "'apiVip.address' should be outside of 'network.dhcpRange' 172.22.0.30 to 172.22.0.99, which a DHCP server gives away, got '172.22.0.30'",
  ],
  [
    "the address of the API's balancer in the DHCP range",
    withDhcp({ from: "172.22.0.30", to: "172.22.0.99" }, { apiEndpoint: "https://172.22.0.30:6443" }),
    "'apiEndpoint' should be outside of 'network.dhcpRange' 172.22.0.30 to 172.22.0.99, which a DHCP server gives away, got '172.22.0.30'",
  ],
  [
    "addresses of services in the DHCP range",
    withDhcp({ from: "172.22.0.219", to: "172.22.0.240" }, withPool(POOL).settings),
    "'loadBalancer.pool' should be outside of 'network.dhcpRange' 172.22.0.219 to 172.22.0.240, which a DHCP server gives away, got 172.22.0.200 to 172.22.0.219",
  ],
  [
    "an API's address that no host may have, and a DHCP range around it",
    withDhcp(
      { from: "172.22.0.200", to: "172.22.0.254" },
      { apiEndpoint: undefined, apiVip: { address: "172.22.0.255" } },
    ),
    "'apiVip.address' should be a host's address in the node network 172.22.0.0/24, got '172.22.0.255'",
  ],
];

export const OF_MANIFESTS: readonly Mistake[] = [
  [
    "a manifest that is not there",
    { settings: { k3s: { ...k3s, manifests: ["nothing.yaml"] } } },
    "'k3s.manifests' nothing.yaml is not there",
  ],
  [
    "a manifest of another kind of file",
    { settings: { k3s: { ...k3s, manifests: ["chart.tgz"] } } },
    "'k3s.manifests[0]' should be the path of a YAML file, from the folder of main.ts, got 'chart.tgz'",
    "'k3s.manifests' chart.tgz is not there",
  ],
];

export const OF_LOAD_BALANCERS: readonly Mistake[] = [
  [
    "a pool that ends with no address: what it contains",
    withPool({ from: "172.22.0.100", to: "172.22.0.300" }),
    "'loadBalancer.pool.to' should be an IPv4 address, got '172.22.0.300'",
  ],
  [
    "a pool with addresses of many nodes",
    { ...withPool({ from: "172.22.0.134", to: "172.22.0.138" }), nodes: FIVE_NODES },
    "'loadBalancer.pool' is 172.22.0.134 to 172.22.0.138, which contains 172.22.0.134, the address of 'alphard', and 172.22.0.135, the address of 'hamal', and 172.22.0.136, the address of 'mizar', and 2 more; choose free addresses",
  ],
  [
    "two load balancers",
    withPool(POOL, { serviceLb: true }),
    "'loadBalancer' says that the cluster runs MetalLB, and 'k3s.serviceLb' that it runs K3s' ServiceLB: both would give addresses to the same services; set 'k3s.serviceLb: false'",
  ],
  [
    "a load balancer without a pool",
    withPool(undefined),
    `'loadBalancer.pool' should be a group of settings such as { from: "192.0.2.200", to: "192.0.2.219" }, got nothing`,
  ],
  [
    "a pool as a text",
    withPool("172.22.0.200-172.22.0.219"),
    `'loadBalancer.pool' should be a group of settings such as { from: "192.0.2.200", to: "192.0.2.219" }, got a text`,
  ],
  [
    "a pool backwards",
    withPool({ from: POOL.to, to: POOL.from }),
    `'loadBalancer.pool' should be a range with 'from' at most 'to', got {"from":"172.22.0.219","to":"172.22.0.200"}`,
  ],
  [
    "a pool that leaves the node network",
    withPool({ from: "172.22.0.200", to: "172.22.0.255" }),
    "'loadBalancer.pool.to' should be a host's address in the node network 172.22.0.0/24, got '172.22.0.255'",
  ],
  [
    "a pool in another network",
    withPool({ from: "172.23.0.200", to: "172.23.0.200" }),
    "'loadBalancer.pool.from' should be a host's address in the node network 172.22.0.0/24, got '172.23.0.200'",
    "'loadBalancer.pool.to' should be a host's address in the node network 172.22.0.0/24, got '172.23.0.200'",
  ],
  [
    "a pool with addresses of nodes",
    withPool({ from: "172.22.0.135", to: "172.22.0.140" }),
    "'loadBalancer.pool' is 172.22.0.135 to 172.22.0.140, which contains 172.22.0.135, the address of 'hamal', and 172.22.0.136, the address of 'mizar'; choose free addresses",
  ],
  [
    "a pool with the API's address",
    {
      settings: {
        ...withPool({ from: "172.22.0.30", to: "172.22.0.30" }).settings,
        apiEndpoint: undefined,
        apiVip: VIP,
      },
    },
    "'loadBalancer.pool' is 172.22.0.30, which contains 172.22.0.30, the 'apiVip.address'; choose free addresses",
  ],
  [
    "a pool with the balancer of the API",
    {
      settings: {
        ...withPool({ from: "172.22.0.9", to: "172.22.0.10" }).settings,
        apiEndpoint: "https://172.22.0.9:6443",
      },
    },
    "'loadBalancer.pool' is 172.22.0.9 to 172.22.0.10, which contains 172.22.0.9, the address of 'apiEndpoint'; choose free addresses",
  ],
  [
    "a pool with the gateway",
    {
      settings: {
        ...withPool({ from: "172.22.0.1", to: "172.22.0.2" }).settings,
        network: { ...network, gateway: "172.22.0.1", nameservers: ["172.22.0.1"] },
      },
    },
    "'loadBalancer.pool' is 172.22.0.1 to 172.22.0.2, which contains 172.22.0.1, the gateway; choose free addresses",
  ],
  [
    "a load balancer that there is not",
    {
      settings: {
        loadBalancer: { pool: POOL, implementation: "metalLB" },
        k3s: { ...k3s, traefik: false, serviceLb: false },
      },
    },
    "'loadBalancer.implementation' should be one of metallb, kube-vip, got 'metalLB'",
  ],
  [
    "a published port of MetalLB",
    withPool(POOL, { exposedPorts: [{ protocol: "tcp", from: 7946, to: 7946 }] }),
    "'k3s.exposedPorts' TCP 7946 would go to pods, but the host needs TCP 7946: MetalLB: which node answers for an address; choose other ports",
  ],
];

export const OF_PROTOCOLS: readonly Mistake[] = [
  [
    "a protocol by the number of one with a name",
    flowOf(112),
    "'firewall.allow[0].protocol' should be \"vrrp\", got 112",
  ],
  [
    "a protocol that there is not",
    flowOf("sctp"),
    "'firewall.allow[0].protocol' should be one of tcp, udp, icmp, vrrp, or a whole number from 0 to 255, got 'sctp'",
  ],
  [
    "a number that is no protocol's",
    flowOf(256),
    "'firewall.allow[0].protocol' should be one of tcp, udp, icmp, vrrp, or a whole number from 0 to 255, got 256",
  ],
  [
    "ports of a protocol without ports",
    flowOf(47, { ports: { from: 1, to: 2 } }),
    "'firewall.allow[0].ports' should be left out: the protocol 47 has no ports",
  ],
  [
    "TCP without ports",
    flowOf("tcp"),
    "'firewall.allow[0].ports' should be a range such as { from: 9100, to: 9100 }, got nothing",
  ],
];

export const NO_SETTINGS: readonly Mistake[] = [
  [
    "a text that may be a secret for a yes or no",
    { mizar: { protection: "not true" } },
    "'protection' of 'mizar' should be true or false, got a text",
  ],
  [
    "a text that may be a secret for a number",
    { mizar: { cores: "8 GiB of it" } },
    "'cores' of 'mizar' should be a whole number from 1 to 2304, got a text",
  ],
  [
    "a quantity of what has no unit",
    { mizar: { cores: "8G" } },
    "'cores' of 'mizar' should be a whole number from 1 to 2304, got '8G'",
  ],
  [
    "a text for a word, as long as a misspelt one may be",
    { mizar: { scsiHardware: "virtio-scsi-single-and-more-of-i" } },
    "'scsiHardware' of 'mizar' should be one of lsi, lsi53c810, megasas, pvscsi, virtio-scsi-pci, virtio-scsi-single, got 'virtio-scsi-single-and-more-of-i'",
  ],
  [
    "a longer text for a word",
    { mizar: { scsiHardware: "virtio-scsi-single-and-more-of-it" } },
    "'scsiHardware' of 'mizar' should be one of lsi, lsi53c810, megasas, pvscsi, virtio-scsi-pci, virtio-scsi-single",
  ],
  [
    "a long text for a name",
    {
      mizar: {
        pool: "a long text, of more than eighty characters, which is not repeated as a whole, but cut",
      },
    },
    "'pool' of 'mizar' should be the name of a PVE pool, got 'a long text, of more than eighty characters, which is not repeated as a whol...",
  ],
  [
    "a misspelt one",
    { mizar: { memoryMiB: 8192 } },
    "'memoryMiB' of 'mizar' is not a setting; did you mean memoryMib?",
  ],
  ["an unknown one", { mizar: { colour: "red" } }, "'colour' of 'mizar' is not a setting"],
  [
    "a misspelt one in a list",
    { mizar: { disks: [{ ...disk, size: 32 }] } },
    "'disks[scsi0].size' of 'mizar' is not a setting; did you mean sizeGib?",
  ],
  [
    "a text for a yes or no",
    { mizar: { protection: "no" } },
    "'protection' of 'mizar' should be true or false, got 'no'",
  ],
  [
    "two letters exchanged",
    { mizar: { coers: 4 } },
    "'coers' of 'mizar' is not a setting; did you mean cores?",
  ],
  [
    "a letter too many",
    { mizar: { soockets: 2 } },
    "'soockets' of 'mizar' is not a setting; did you mean sockets?",
  ],
  [
    "one that begins like several",
    { mizar: { networkMode: "x" } },
    "'networkMode' of 'mizar' is not a setting; did you mean networkInterfaces?",
  ],
  [
    "a text for a number",
    { mizar: { cores: "4" } },
    "'cores' of 'mizar' should be a whole number from 1 to 2304, got '4'; write 4",
  ],
  [
    "a text for a number of something",
    { mizar: { memoryMib: "16384" } },
    "'memoryMib' of 'mizar' should be a whole number of MiB from 64 to 268435456, got '16384'; write 16384",
  ],
  ["a number for a text", { mizar: { pool: 5 } }, "'pool' of 'mizar' should be a text in quotes, got 5"],
  [
    "none of the values that there are",
    { mizar: { disks: [{ ...disk, cache: "fast" }] } },
    "'disks[scsi0].cache' of 'mizar' should be one of none, directsync, writethrough, writeback, unsafe, got 'fast'",
  ],
  [
    "one value for a list",
    { mizar: { tags: "k3s" } },
    "'tags' of 'mizar' should be a list such as [\"k3s\", \"agent\"], got a text",
  ],
  [
    "nothing for a part of a list's entry",
    { mizar: { disks: [{ interface: "scsi0", sizeGib: 32 }] } },
    "'disks[scsi0].datastore' of 'mizar' should be the name of a PVE datastore, got nothing",
  ],
  [
    "a group for a list of groups",
    { mizar: { disks: disk } },
    "'disks' of 'mizar' should be a list such as [{ interface: \"scsi0\", datastore: \"local-lvm\", sizeGib: 32 }], got a group of settings",
  ],
  [
    "nothing in a list",
    { mizar: { tags: [null] } },
    "'tags[0]' of 'mizar' should be a text in quotes, got null",
  ],
  [
    "nothing for a group",
    { mizar: { startup: null } },
    "'startup' of 'mizar' should be a group of settings such as { order: 1 }, got null",
  ],
  [
    "a list for texts by their names",
    { mizar: { nodeLabels: ["a"] } },
    "'nodeLabels' of 'mizar' should be a map of texts such as { disk: \"ssd\" }, got a list",
  ],
  [
    "a server's setting on an agent",
    { mizar: { clusterInit: true } },
    "'clusterInit' of 'mizar' is not a setting",
  ],
];

export const ALL_MISTAKES: readonly Mistake[] = [
  ...CASCADES,
  ...ONCE_SILENT,
  ...IN_WORDS,
  ...SHARED,
  ...OF_A_NODE,
  ...OF_THE_CLUSTER,
  ...OF_THE_API_ADDRESS,
  ...OF_LOAD_BALANCERS,
  ...OF_DHCP,
  ...OF_MANIFESTS,
  ...OF_PROTOCOLS,
  ...NO_SETTINGS,
];
