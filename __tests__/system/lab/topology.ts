import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostAddress, parseNetwork, type Network } from "../../../src/config/address";
import { guestInterfaces, type GuestInterface } from "../../../src/config/guest-network";
import type { ApiVip, K3s, LoadBalancer, Networks, Node } from "../../../src/config/model";

/** A host of the lab and where it is; pods and hosts of other networks too. */
export interface Host {
  /** Also the name of its namespace. */
  readonly name: string;
  readonly address: string;
  readonly address6?: string;
}

/** A node with what K3s gives it when it joins. */
export interface LabNode extends Host {
  readonly node: Node;
  /** Its /24 of the pod network: the network's own address, of flannel's device, and that of the bridge. */
  readonly podCidr: string;
  readonly tunnelAddress: string;
  readonly bridgeAddress: string;
  readonly tunnelMac: string;
  readonly pods: readonly Host[];
  readonly further: readonly GuestInterface[];
}

/** A host on one of the nodes' further networks. It and its interface have the name of the nodes' interface. */
export interface FurtherHost extends Host {
  readonly prefixLength: number;
}

/** The plan of a lab, from the output of HostFiles. */
export interface Topology {
  readonly network: Networks;
  readonly k3s: K3s;
  /** The API's own address, which the first server holds. */
  readonly apiVip?: string;
  /** The first address for services, for which the last node answers. */
  readonly serviceAddress?: string;
  readonly prefixLength: number;
  readonly nodes: readonly LabNode[];
  /** On the same switch as the nodes. */
  readonly lan: Host;
  readonly router: Host;
  /** One on each of the nodes' further networks. */
  readonly further: readonly FurtherHost[];
  /** Behind the router, each in a /24 (and a /64) of its own. */
  readonly beyond: readonly Host[];
}

/** Networks behind the router, by the name of the host that is in each: the first three numbers of its address. */
export const BEYOND = {
  outsider: "203.0.113",
  office: "192.168.77",
  admin: "10.8.0",
  monitor: "192.168.50",
} as const;

export function topologyOf(folder: string): Topology {
  const { cluster, nodes } = JSON.parse(readFileSync(join(folder, "cluster.json"), "utf8")) as {
    cluster: { network: Networks; k3s: K3s; apiVip?: ApiVip; loadBalancer?: LoadBalancer };
    nodes: Node[];
  };
  const { network, k3s } = cluster;
  const nodeNetwork = parseNetwork(network.nodeCidr) as Network;
  const inLan = (name: string, number: number): Host => ({
    name,
    address: hostAddress(nodeNetwork, number) as string,
    address6: `fd00:22::${number}`,
  });
  return {
    network,
    k3s,
    apiVip: cluster.apiVip?.address,
    serviceAddress: cluster.loadBalancer?.pool.from,
    prefixLength: nodeNetwork.prefixLength,
    nodes: nodes.map((node, index) => labNode(node, index, network)),
    lan: inLan("lan", 50),
    router: inLan("router", 1),
    further: furtherHosts(nodes.flatMap(guestInterfaces)),
    beyond: Object.entries(BEYOND).map(([name, start], index) => ({
      name,
      address: `${start}.9`,
      address6: `fd00:${index + 1}::9`,
    })),
  };
}

function furtherHosts(interfaces: readonly GuestInterface[]): FurtherHost[] {
  const byName = new Map(interfaces.map((nic) => [nic.name, nic]));
  return [...byName.values()].flatMap(({ name, address }) => {
    const network = address.kind === "static" ? parseNetwork(address.network) : undefined;
    if (network === undefined) return [];
    return [{ name, address: hostAddress(network, 50) as string, prefixLength: network.prefixLength }];
  });
}

function labNode(node: Node, index: number, { podCidr }: Networks): LabNode {
  const pods = parseNetwork(podCidr) as Network;
  const address = (number: number): string => hostAddress(pods, index * 256 + number + 256) as string;
  const [first = "", second = "", third = ""] = address(1).split(".");
  return {
    name: node.hostname,
    address: node.ipv4Address,
    address6: `fd00:22::${node.vmId}`,
    node,
    podCidr: `${first}.${second}.${third}.0/24`,
    tunnelAddress: `${first}.${second}.${third}.0`,
    bridgeAddress: address(1),
    tunnelMac: `0e:00:00:00:00:${index.toString(16).padStart(2, "0")}`,
    further: guestInterfaces(node),
    pods: [2, 3].map((number) => ({ name: `${node.hostname}-pod${number - 1}`, address: address(number) })),
  };
}

/** Every host, including pods. */
export const hostsOf = ({ nodes, lan, router, further, beyond }: Topology): Host[] => [
  ...nodes,
  ...nodes.flatMap(({ pods }) => pods),
  lan,
  router,
  ...further,
  ...beyond,
];
