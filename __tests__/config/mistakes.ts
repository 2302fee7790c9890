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
    "'vm.templateVmId' should be a whole number from 100 to 999999999, got '9903'",
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

export const ALL_MISTAKES: readonly Mistake[] = CASCADES;
