import { flows, flowsOf, isPortFlow, isProtocolFlow, VXLAN_PORT, type Flow } from "../firewall/flows";
import { servers, type Cluster, type Node } from "../config/model";
import { guestInterfaces } from "../config/guest-network";
import { NodeElements } from "../firewall/elements";
import { furtherInterface, staticAddress } from "../firewall/further-interfaces";
import {
  allowedRules,
  hostRules,
  networkRules,
  pingRules,
  podRules,
  portSets,
  protocolRules,
  publishedRules,
  refusedToPods,
  untrackedRules,
} from "../firewall/rules";
import { Sources } from "../firewall/sources";
import { fill } from "./templates";

/** Our nft table. All other tables belong to kube-proxy, flannel or the owner. */
export const TABLE = "k3s_host";

/**
 * Device on which packets of other hosts' pods arrive; with host-gw, the node's own interface.
 * Source: flannel, pkg/backend/vxlan and pkg/backend/wireguard.
 */
const TUNNEL = { vxlan: "flannel.1", "wireguard-native": "flannel-wg", "host-gw": undefined } as const;

/** An nft expression for one of several values. */
const anyOf = (values: readonly string[]): string =>
  values.length === 1 ? (values[0] as string) : `{ ${values.join(", ")} }`;

/** Renders the rulesets of one cluster's hosts, and builds shared parts only once. */
export class Firewall {
  private readonly flows: Flow[];
  private readonly sources: Sources;
  private readonly nodes: NodeElements;
  private readonly servers: NodeElements;
  private readonly macAddresses: NodeElements;
  private readonly further = new Map<string, NodeElements>();

  public constructor(private readonly cluster: Cluster) {
    this.flows = flows(cluster);
    this.sources = new Sources(cluster.network, TUNNEL[cluster.k3s.flannelBackend]);
    const addresses = ({ ipv4Address, macAddress }: Node): string => `${ipv4Address} . ${macAddress}`;
    this.nodes = new NodeElements(cluster.nodes, addresses);
    this.servers = new NodeElements(servers(cluster), addresses);
    this.macAddresses = new NodeElements(cluster.nodes, ({ macAddress }) => macAddress);
  }

  /** Renders `nftables.nft` of one host. */
  public render(node: Node): string {
    const { cluster, sources } = this;
    const { flannelBackend } = cluster.k3s;
    const tunnel = TUNNEL[flannelBackend];
    const admitted = flowsOf(this.flows, node);
    const interfaces = this.interfaces(node, admitted);
    const from = (source: Flow["from"]): boolean => admitted.some((flow) => flow.from === source);
    return fill("nftables.nft", {
      table: TABLE,
      hostname: node.hostname,
      role: node.role,
      dhcp: cluster.network.gateway === undefined,
      nodeCidr: cluster.network.nodeCidr,
      networkInterface: node.nixos.networkInterface,
      tunnel: tunnel ?? "",
      vxlanPort: flannelBackend === "vxlan" && VXLAN_PORT,
      networkSets: sources.sets,
      nodes: this.nodes.without(node),
      servers: from("servers") && this.servers.without(node),
      byMacAddress: tunnel === undefined || from("nodes by IPv6"),
      macAddresses: this.macAddresses.without(node),
      interfaces,
      further: anyOf(interfaces.map(({ name }) => `"${name}"`)),
      ...this.rules(node, admitted),
    });
  }

  /** The host's further interfaces, each with what may come over it. */
  private interfaces(node: Node, admitted: readonly Flow[]) {
    const ports = admitted.filter(isPortFlow);
    const protocols = admitted.filter(isProtocolFlow);
    return guestInterfaces(node).map(({ name }) => {
      const fromNodes = [...ports, ...protocols].some(({ from, over }) => from === "nodes" && over === name);
      return {
        name,
        fromNodes,
        nodes: fromNodes && this.nodesOver(name).without(node),
        rules: [...allowedRules(ports, this.sources, name), ...protocolRules(protocols, this.sources, name)],
      };
    });
  }

  /** Addresses of all nodes on their interface of that name. */
  private nodesOver(name: string): NodeElements {
    const known = this.further.get(name);
    if (known !== undefined) return known;
    const addresses = new Map(
      this.cluster.nodes.flatMap((node) => {
        const nic = furtherInterface(node, name);
        const address = nic && staticAddress(nic);
        return address === undefined ? [] : [[node, `${address} . ${nic?.macAddress}`] as const];
      }),
    );
    const elements = new NodeElements([...addresses.keys()], (node) => addresses.get(node) ?? "");
    this.further.set(name, elements);
    return elements;
  }

  private rules(node: Node, admitted: readonly Flow[]): object {
    const { sources } = this;
    const tunnel = TUNNEL[this.cluster.k3s.flannelBackend];
    const ports = admitted.filter(isPortFlow);
    const protocols = admitted.filter(isProtocolFlow);
    const sets = portSets(ports);
    const entrance = `iifname "${tunnel ?? node.nixos.networkInterface}" oifname "cni0"`;
    // Without a tunnel, packets of another host itself have its node address; the guard chain has checked pod addresses.
    const arriving = tunnel === undefined ? ["ip saddr @pods4", sources.match("nodes")] : ["ip saddr @pods4"];
    return {
      portSets: sets,
      untracked: untrackedRules(protocols),
      refusedToPods: refusedToPods(protocols, this.cluster.network.nodeCidr),
      input: [
        ...hostRules(sets, sources),
        ...networkRules(ports, sources),
        ...protocolRules(protocols, sources),
        ...podRules("services of the host", admitted, [`${sources.match("pods")} ct status dnat`]),
      ],
      forward: [
        ...podRules("anywhere beyond the host", admitted, ['iifname "cni0"']),
        ...podRules(
          "pods",
          admitted,
          arriving.map((match) => `${entrance} ${match}`),
        ),
      ],
      dialled: [...publishedRules(sets, sources), ...allowedRules(ports, sources)],
      ping: pingRules(admitted, sources),
    };
  }
}
