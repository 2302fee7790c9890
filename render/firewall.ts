import { flows, flowsOf, isPortFlow, type Flow } from "../cluster/flows";
import { servers, type Cluster, type Node } from "../cluster/model";
import { elements, NodeElements } from "./elements";
import {
  dialledRules,
  hostRules,
  OVERLAY,
  pingRules,
  podRules,
  portGroups,
  portSets,
  usesMacAddresses,
} from "./rules";
import { networkSets } from "./sources";
import { fill } from "./templates";

/** The table that belongs to us; everything else in the kernel is kube-proxy's, flannel's or the owner's. */
export const TABLE = "k3s_host";

/** Renders the rulesets of one cluster's hosts; what they share is made once. */
export class Firewall {
  private readonly flows: Flow[];
  private readonly nodes: NodeElements;
  private readonly servers: NodeElements;
  private readonly macAddresses: NodeElements;

  public constructor(private readonly cluster: Cluster) {
    this.flows = flows(cluster);
    const addresses = ({ ipv4Address, macAddress }: Node): string => `${ipv4Address} . ${macAddress}`;
    this.nodes = new NodeElements(cluster.nodes, addresses);
    this.servers = new NodeElements(servers(cluster), addresses);
    this.macAddresses = new NodeElements(cluster.nodes, ({ macAddress }) => macAddress);
  }

  /** `nftables.nft` of one host. */
  public render(node: Node): string {
    const { cluster } = this;
    const { network, k3s } = cluster;
    const admitted = flowsOf(this.flows, node);
    const ports = admitted.filter(isPortFlow);
    const groups = portGroups(ports);
    const overlay = OVERLAY[k3s.flannelBackend];
    return fill("nftables.nft", {
      table: TABLE,
      hostname: node.hostname,
      role: node.role,
      dhcp: network.gateway === undefined,
      networkSets: networkSets(network).map((set) => ({ ...set, elements: elements(set.cidrs) })),
      nodes: this.nodes.without(node),
      servers: ports.some(({ from }) => from === "servers") && this.servers.without(node),
      byMacAddress: usesMacAddresses(admitted, cluster),
      macAddresses: this.macAddresses.without(node),
      portSets: portSets(groups),
      inside: overlay === undefined ? '"lo", "cni0"' : `"lo", "cni0", "${overlay}"`,
      networkInterface: overlay === undefined && node.nixos.networkInterface,
      vxlan: k3s.flannelBackend === "vxlan",
      nodeCidr: network.nodeCidr,
      input: [...podRules("input", admitted, node, cluster), ...hostRules(groups, cluster)],
      forward: podRules("forward", admitted, node, cluster),
      dialled: dialledRules(groups, ports, cluster),
      ping: pingRules(admitted, cluster),
    });
  }
}
