import { isOutside, networksOf } from "../firewall/flow-sources";
import { openedPorts, sourceLabel } from "../firewall/labels";
import { flows, isHostFlow, type Flow, type PolicyFlow } from "../firewall/flows";
import { groupBy } from "../base/group-by";
import { initServer, type Cluster, type Node } from "../config/model";
import { counted } from "../base/markdown";

/** Up to this many nodes of a role have a box each; otherwise those on one PVE node share a box. */
export const MOST_BOXES = 12;

/** The cluster as a Mermaid flowchart: its networks, its nodes by role, and its clients from outside. */
export function topology(cluster: Cluster): string {
  const all = flows(cluster);
  const outside = all.filter(isHostFlow).filter(({ from }) => isOutside(from));
  const sources = [...new Set(outside.map(({ from }) => from))];
  const agents = cluster.nodes.some(({ role }) => role === "agent");
  return [
    "flowchart TB",
    ...sources.map((source, index) => `  from${index}([${label(sourceLines(source, cluster))}])`),
    `  subgraph nodes[${label([`node network ${cluster.network.nodeCidr}`])}]`,
    ...roleGroup(cluster, "server", serverTitle(all)),
    ...(agents ? [...roleGroup(cluster, "agent", "agents"), "    agents -->|TCP 6443| servers"] : []),
    "  end",
    `  pods[[${label([`pods ${cluster.network.podCidr}`, `services ${cluster.network.serviceCidr}`])}]]`,
    `  nodes <-->|${label([backend(cluster)])}| pods`,
    ...sources.flatMap((source, index) => entrances(`from${index}`, outside, source, cluster)),
    "",
  ].join("\n");
}

const sourceLines = (source: Flow["from"], { network }: Cluster): string[] =>
  source.includes("/") ? [source] : [sourceLabel(source), ...networksOf(source, network)];

const serverTitle = (all: readonly PolicyFlow[]): string => {
  const etcd = all.find(({ id }) => id === "etcd");
  return etcd === undefined ? "servers" : `servers, etcd on ${openedPorts(etcd)}`;
};

function backend(cluster: Cluster): string {
  const flow = flows(cluster).find(({ id }) => id === "backend");
  return flow === undefined
    ? cluster.k3s.flannelBackend
    : `${cluster.k3s.flannelBackend}, ${openedPorts(flow)}`;
}

function roleGroup(cluster: Cluster, role: Node["role"], title: string): string[] {
  const nodes = cluster.nodes.filter((node) => node.role === role);
  const init = initServer(cluster);
  const boxes =
    nodes.length <= MOST_BOXES
      ? nodes.map((node) => nodeLines(node, node === init))
      : [...groupBy(nodes, ({ vm }) => vm.pveNode)].map(([pveNode, some]) => groupLines(role, pveNode, some));
  return [
    `    subgraph ${role}s[${label([title])}]`,
    ...boxes.map((lines, index) => `      ${role}${index}[${label(lines)}]`),
    "    end",
  ];
}

const nodeLines = ({ hostname, ipv4Address, vmId, vm }: Node, founds: boolean): string[] => [
  hostname,
  ipv4Address,
  `VM ${vmId} on ${vm.pveNode}`,
  ...(founds ? ["initializes the cluster"] : []),
];

function groupLines(role: Node["role"], pveNode: string, nodes: readonly Node[]): string[] {
  const ids = nodes.map(({ vmId }) => vmId);
  return [counted(nodes.length, role), `on ${pveNode}`, `VM ${ids[0]} to ${ids.at(-1)}`];
}

/** An edge for each target that the source reaches, with all its ports. */
function entrances(id: string, all: readonly Flow[], source: Flow["from"], cluster: Cluster): string[] {
  const own = all.filter(({ from }) => from === source);
  const places = groupBy(own, (flow) => placeOf(flow, cluster));
  return [...places].map(
    ([place, some]) => `  ${id} -->|${label([...new Set(some.map(openedPorts))])}| ${place}`,
  );
}

/** The group of nodes that a flow reaches. A single host counts as its role's group. */
function placeOf({ to }: Flow, { nodes }: Cluster): string {
  if (to === "servers" || to === "agents") return to;
  const role = nodes.find(({ hostname }) => hostname === to)?.role;
  return role === undefined ? "nodes" : `${role}s`;
}

/**
 * A quoted label of several lines. Quotes and brackets would end it, `#` and `&` would start an entity, and `%%{` a
 * directive, anywhere in the text.
 */
export const label = (lines: readonly string[]): string =>
  `"${lines.map((line) => line.replace(/[#&%"<>`\\]/g, (char) => `#${char.charCodeAt(0)};`)).join("<br>")}"`;
