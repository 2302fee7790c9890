import { flows, flowsOf, type Flow } from "../cluster/flows";
import { servers, type Cluster, type Node } from "../cluster/model";
import type { PortRange } from "../cluster/settings";
import { comment } from "./escape";
import { fill } from "./templates";

/** The table that belongs to us; everything else in the kernel is kube-proxy's, flannel's or the owner's. */
export const TABLE = "k3s_host";

/** Renders the rulesets of one cluster's hosts; what they share is made once. */
export class Firewall {
  private readonly flows: Flow[];
  private readonly nodes: Elements;
  private readonly servers: Elements;

  public constructor(private readonly cluster: Cluster) {
    this.flows = flows(cluster);
    this.nodes = new Elements(cluster.nodes);
    this.servers = new Elements(servers(cluster));
  }

  /** `nftables.nft` of one host. */
  public render(node: Node): string {
    const admitted = flowsOf(this.flows, node);
    const ports = (from: Flow["from"], protocol: Flow["protocol"]): string =>
      portElements(
        admitted.filter((flow) => flow.to === "host" && flow.from === from && flow.protocol === protocol),
      );
    const published = (protocol: Flow["protocol"]): string =>
      portElements(admitted.filter((flow) => flow.to === "published" && flow.protocol === protocol));
    const { network } = this.cluster;
    return fill("nftables.nft", {
      table: TABLE,
      hostname: node.hostname,
      role: node.role,
      dhcp: network.gateway === undefined,
      lan: elements(network.lanCidrs),
      pods: elements([network.podCidr]),
      cluster: elements([network.podCidr, network.serviceCidr]),
      nodes: this.nodes.without(node),
      servers: this.servers.without(node),
      lanTcp: ports("lan", "tcp"),
      nodesTcp: ports("nodes", "tcp"),
      nodesUdp: ports("nodes", "udp"),
      serversTcp: ports("servers", "tcp"),
      podsTcp: ports("pods", "tcp"),
      publishedTcp: published("tcp"),
      publishedUdp: published("udp"),
    });
  }
}

const INDENT = "      ";

/** Elements of a set, a line each, so that one more node is one more line. */
const elements = (values: readonly string[]): string =>
  values.map((value) => `${INDENT}${value},\n`).join("");

const portElements = (all: readonly Flow[]): string =>
  all.map((flow) => `${INDENT}${range(flow.ports)}, # ${comment(flow.why)}\n`).join("");

const range = ({ from, to }: PortRange): string => (from === to ? `${from}` : `${from}-${to}`);

/**
 * Elements of all nodes but one. They are joined once and cut per host, since a thousand hosts with a thousand
 * lines each would otherwise be a million of them.
 */
class Elements {
  private readonly text: string;
  private readonly spans = new Map<string, [start: number, end: number]>();

  public constructor(nodes: readonly Node[]) {
    let text = "";
    for (const node of nodes) {
      const start = text.length;
      text += `${INDENT}${node.ipv4Address}, # ${comment(node.hostname)}\n`;
      this.spans.set(node.id, [start, text.length]);
    }
    this.text = text;
  }

  public without(node: Node): string {
    const [start, end] = this.spans.get(node.id) ?? [0, 0];
    return this.text.slice(0, start) + this.text.slice(end);
  }
}
