/** Which VMs Proxmox VE's HA manager looks after, and what would contradict that. */
import { obstaclesTo } from "./capacity";
import { quoteAll, type Fault } from "./fault";
import { nodeName, type Cluster, type Node, type Pve } from "./model";
import type { Places } from "./placement";
import { describeObstacle } from "./pve";
import { isLiteral } from "./references";
import type { Role } from "./settings";

export const isHa = (pve: Pick<Pve, "ha"> | undefined, role: Role): boolean =>
  pve?.ha === "all" || pve?.ha === `${role}s`;

/** Nodes whose VMs are resources of the HA manager. */
export const haNodes = ({ pve, nodes }: Pick<Cluster, "pve" | "nodes">): Node[] =>
  nodes.filter(({ role }) => isHa(pve, role));

/** Servers that a rule keeps apart. Of a single one, Proxmox VE drops the rule. */
export const serversApart = (cluster: Pick<Cluster, "pve" | "nodes">): Node[] => {
  const servers = haNodes(cluster).filter(({ role }) => role === "server");
  return servers.length > 1 ? servers : [];
};

/**
 * A rule that cannot hold is dropped without an error, and one that does not hold yet migrates running VMs at once: so said Proxmox
 * VE's HA manager 5.2.0 in its own simulator.
 *
 * @param last - where VMs were at the last synth. @default - nothing remembers it
 */
export function haFaults(cluster: Cluster, last: Places = new Map()): Fault[] {
  const { pve } = cluster;
  if (pve?.ha === undefined) return [];
  return [
    ...alone(pve),
    ...apartFaults(pve, serversApart(cluster)),
    ...swapFaults(serversApart(cluster), last),
    ...haNodes(cluster).flatMap((node) => [...localDisks(pve, node), ...unfitElsewhere(pve, node)]),
  ];
}

const SETTING = "pve.ha";

function alone({ nodes, ha }: Pve): Fault[] {
  const [only, ...others] = Object.keys(nodes);
  if (others.length > 0) return [];
  const sentence = `is ${ha}, but 'pve.nodes' has only ${only}: where it fails, no other can start its VMs; leave it out`;
  return [{ nodes: [], setting: SETTING, sentence }];
}

function apartFaults({ nodes }: Pve, servers: readonly Node[]): Fault[] {
  const places = Object.keys(nodes).length;
  if (servers.length <= places) return together(servers);
  const sentence =
    `keeps ${quoteAll(servers.map(nodeName))} apart, but 'pve.nodes' has ${places}: Proxmox VE would drop the rule without an error; ` +
    'state ha: "agents", or another PVE node';
  return [{ nodes: [], setting: SETTING, sentence }];
}

function together(servers: readonly Node[]): Fault[] {
  const rivals = servers.filter((one) =>
    servers.some((other) => one !== other && one.vm.pveNode !== "" && one.vm.pveNode === other.vm.pveNode),
  );
  const places = [...new Set(rivals.map(({ vm }) => vm.pveNode))];
  return places.map((pveNode) => {
    const names = rivals.filter(({ vm }) => vm.pveNode === pveNode).map(nodeName);
    const message =
      `'pveNode' of ${quoteAll(names)} is ${pveNode}, but 'pve.ha' keeps servers apart: Proxmox VE would migrate ` +
      "running servers at once; state another 'pveNode' for all but one of them";
    return { nodes: names, setting: "pveNode", message, judgedBy: [SETTING] };
  });
}

/** A server that gets another PVE node. */
interface Move {
  readonly node: Node;
  readonly from: string;
}

/**
 * The HA manager moves no server to a PVE node on which another is that it keeps apart from it, also if that is to leave it
 * (pve-ha-manager 5.2.0, PVE/HA/Manager.pm, `select_service_node`). No apply fails: the servers stay where they are.
 *
 * The last places are those of the last synth, and not of the last apply: moves of several synths that are applied together may be a
 * swap that no single one is.
 */
function swapFaults(servers: readonly Node[], last: Places): Fault[] {
  const moves = servers.flatMap((node): Move[] => {
    const from = last.get(node.vmId);
    return from === undefined || from === node.vm.pveNode ? [] : [{ node, from }];
  });
  const names = stuck(moves).map(({ node }) => nodeName(node));
  if (names.length === 0) return [];
  const message =
    `'pveNode' of ${quoteAll(names)} swaps PVE nodes, but 'pve.ha' keeps servers apart: Proxmox VE moves none of them to where another ` +
    "still is; first move one to a PVE node without a server, in an apply of its own, or take 'pve.ha' away in an apply before and state it again after";
  return [{ nodes: names, setting: "pveNode", message, judgedBy: [SETTING] }];
}

/** Without those that go where nobody is, and those that follow them. */
function stuck(moves: readonly Move[]): readonly Move[] {
  const occupied = new Set(moves.map(({ from }) => from));
  const left = moves.filter(({ node }) => occupied.has(node.vm.pveNode));
  return left.length === moves.length ? left : stuck(left);
}

/** What the HA manager starts elsewhere is the VM's configuration. A local disk stays behind. */
function localDisks({ nodes }: Pve, node: Node): Fault[] {
  const local = node.vm.disks.filter(
    ({ datastore }) =>
      isLiteral(datastore) && nodes[node.vm.pveNode]?.datastores[datastore]?.shared === false,
  );
  return local.map((disk) => ({
    nodes: [nodeName(node)],
    setting: `disks[${disk.interface}].datastore`,
    sentence: `should be a shared datastore for 'pve.ha', got ${disk.datastore}: no other PVE node has its disks`,
    judgedBy: ["vm.disks", SETTING],
  }));
}

function unfitElsewhere({ nodes }: Pve, node: Node): Fault[] {
  const others = Object.entries(nodes).filter(([name]) => name !== node.vm.pveNode);
  return others.flatMap(([name, pveNode]) =>
    obstaclesTo(node, pveNode)
      .slice(0, 1)
      .map((obstacle) => ({
        nodes: [nodeName(node)],
        setting: SETTING,
        sentence: `may start its VM on ${name}, which ${describeObstacle(obstacle)}`,
        judgedBy: ["vm.disks", "disks"],
      })),
  );
}
