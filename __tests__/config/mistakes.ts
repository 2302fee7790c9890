import { ALPHARD, agent, HAMAL, MIZAR, REFERENCE, server } from "../fixture";

/** Of the reference cluster. `tsx` checks no types, so that anything may be stated. */
export interface Edit {
  /** In place of those of the cluster. */
  readonly settings?: object;
  /** Beside or in place of those of mizar, an agent. */
  readonly mizar?: object;
  /** In place of all three. */
  readonly nodes?: readonly object[];
}

export type Mistake = readonly [what: string, edit: Edit, ...lines: string[]];

const { network, nixos, vm } = REFERENCE;
const [disk] = vm.disks ?? [];

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
    "'construct id' of 'mizar' should be lower-case letters, digits, - and _, a letter first, got 'K3s/agent'",
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
    "'network.nodeCidr' 172.22.0.0/28 has none of the nodes: 'ipv4Address' of 'alphard' has to be stated: VM ID 134 is not a host number in 172.22.0.0/28",
  ],
  [
    "a network of others: every address, and who may reach SSH",
    {
      settings: { network: { ...network, nodeCidr: "172.23.0.0/24" } },
      nodes: [ALPHARD, HAMAL, MIZAR].map((node) => ({ ...node, ipv4Address: `172.22.0.${node.vmId}` })),
    },
    "'network.nodeCidr' 172.23.0.0/24 has none of the nodes: 'ipv4Address' of 'alphard' should be in the node network 172.23.0.0/24, got '172.22.0.134'",
  ],
  [
    "the only server as an agent: the endpoint",
    { nodes: [{ ...ALPHARD, role: "agent" }, HAMAL, MIZAR] },
    "there is no server for 'alphard', 'hamal' and 'mizar' to join; add a K3sServerNode",
  ],
  [
    "an address of another: the endpoint",
    { mizar: { ipv4Address: "172.22.0.134" } },
    "'alphard' and 'mizar' both use 172.22.0.134 as 'ipv4Address'",
  ],
  [
    "three servers and no founder",
    { nodes: [ALPHARD, server("s1", "acrux", 137), server("s2", "alnair", 138)] },
    "'clusterInit' should be true for exactly one server, it is for none of 'alphard', 'acrux' and 'alnair'",
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

const { k3s } = REFERENCE;

const withFlags = (...serverFlags: string[]): Edit => ({ settings: { k3s: { ...k3s, serverFlags } } });

/** Faults and warnings of what K3s, Proxmox VE or a host would have refused or passed over, later. */
export const ONCE_SILENT: readonly Mistake[] = [
  [
    "a misspelt flag",
    withFlags("--disabel=metrics-server"),
    "'k3s.serverFlags' has --disabel, which K3s does not know; did you mean --disable?",
  ],
  [
    "a misspelt flag of a node",
    { mizar: { k3sFlags: ["--kubelet-args=max-pods=50"] } },
    "'k3sFlags' of 'mizar' has --kubelet-args, which K3s does not know; did you mean --kubelet-arg?",
  ],
  [
    "a misspelt component",
    withFlags("--disable=metric-server"),
    "'k3s.serverFlags' has --disable of what K3s does not have; did you mean metrics-server?",
  ],
  [
    "an agent's flag on servers",
    withFlags("--disable-apiserver-lb"),
    "'k3s.serverFlags' has --disable-apiserver-lb, which only an agent knows",
  ],
  [
    "a flag of another version",
    withFlags("--a-switch-of-tomorrow=true"),
    "Warning: 'k3s.serverFlags' has --a-switch-of-tomorrow, which no K3s of 1.31 to 1.34 knows: with it K3s may not start",
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
    "a command in one word",
    { settings: { rollout: { tokenCommand: ["sops -d token.enc"] } } },
    `'rollout.tokenCommand' has blanks in the name of its program; state each word apart, such as ["sops", "-d", "token.enc"]`,
  ],
  [
    "a thread for a disk whose controller has none",
    { mizar: { disks: [{ ...disk, iothread: true }], scsiHardware: "virtio-scsi-pci" } },
    `Warning: 'iothread' of a disk of 'mizar' has an effect with 'scsiHardware: "virtio-scsi-single"' alone, which is not stated`,
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
      "install a load balancer such as MetalLB and state its ports in 'k3s.exposedPorts'",
  ],
  [
    "a changed hostname",
    { mizar: { hostname: "mizor" } },
    "Warning: VM 136, 'mizar' until now, becomes 'mizor', which is another node to Kubernetes: " +
      "drain mizar before, and after that take it away by kubectl delete node mizar",
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

export const ALL_MISTAKES: readonly Mistake[] = [...CASCADES, ...ONCE_SILENT, ...IN_WORDS];
