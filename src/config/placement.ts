/**
 * Places nodes without `pveNode` on PVE nodes.
 *
 * No function of the settings alone can do that: if another node never moves one, then a node's place depends on nothing but itself,
 * and of more servers than PVE nodes two share a place even where only these two are stated. So a place is decided once, and
 * `cluster.json`, which a synth reads back and which is committed, remembers it by VM ID. What is decided follows from the settings
 * and these memories, never from the order in `main.ts`.
 */
import { groupBy } from "../base/group-by";
import { asOne, memoryForVms, obstaclesTo, shortagesOn, total, type Load } from "./capacity";
import type { Node, Pve } from "./model";
import type { PveNodeSettings } from "./settings";

/** Names of PVE nodes by VM ID. */
export type Places = ReadonlyMap<number, string>;

/** What the placement knows of a node; `pveNode` is missing in one that states none. */
export type Placeable = Pick<Node, "vmId" | "role" | "vm">;

const statedPlace = ({ vm }: Placeable): string | undefined => vm.pveNode;

/** Whether the settings leave the PVE node open. */
export const isUnplaced = (node: Placeable): boolean => statedPlace(node) === undefined;

/**
 * @param last - where VMs were at the last synth
 * @returns the place of each node: as stated, as it was, or else a new one. Nodes that no PVE node can run have none
 */
export function place(pve: Pve, nodes: readonly Placeable[], last: Places): Map<number, string> {
  const places = new Map(
    nodes.flatMap((node) => {
      const known = statedPlace(node) ?? kept(pve, last.get(node.vmId));
      return known === undefined ? [] : [[node.vmId, known] as const];
    }),
  );
  const settled = groupBy(
    nodes.filter(({ vmId }) => places.has(vmId)),
    ({ vmId }) => places.get(vmId),
  );
  const on = new Map(
    Object.entries(pve.nodes).map(([name, each]) => [name, joined(nobodyOn(each), settled.get(name) ?? [])]),
  );
  const open = nodes.filter(({ vmId }) => !places.has(vmId));
  for (const node of inTurn(pve, open)) {
    const found = bestFor(node, pve, on);
    if (found === undefined) continue;
    places.set(node.vmId, found.name);
    on.set(found.name, joined(found.there, [node]));
  }
  return places;
}

/** The VMs on a PVE node, summed up: each node that is placed asks this of each PVE node. */
interface Crowd {
  readonly pveNode: PveNodeSettings;
  readonly load: Load;
  readonly servers: number;
  readonly nodes: number;
  /** Memory that is left, in MiB. */
  readonly left: number;
}

const nobodyOn = (pveNode: PveNodeSettings): Crowd => ({
  pveNode,
  load: asOne([]),
  servers: 0,
  nodes: 0,
  left: memoryForVms(pveNode),
});

const joined = ({ pveNode, load, servers, nodes, left }: Crowd, more: readonly Placeable[]): Crowd => ({
  pveNode,
  load: asOne([load, ...more]),
  servers: servers + more.filter(({ role }) => role === "server").length,
  nodes: nodes + more.length,
  left: left - total(more, ({ vm }) => vm.memoryMib),
});

/** A PVE node that is no longer stated is left. */
const kept = (pve: Pve, place: string | undefined): string | undefined =>
  place !== undefined && Object.hasOwn(pve.nodes, place) ? place : undefined;

/** Servers first, those with the fewest possibilities before the others; then agents, the largest first. */
function inTurn(pve: Pve, nodes: readonly Placeable[]): Placeable[] {
  const rank = (node: Placeable): number =>
    node.role === "server" ? possibilities(pve, node).length : -node.vm.memoryMib;
  const ranks = new Map(nodes.map((node) => [node, rank(node)]));
  const order = (a: Placeable, b: Placeable): number =>
    (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0) || a.vmId - b.vmId;
  return (["server", "agent"] as const).flatMap((role) =>
    nodes.filter((node) => node.role === role).sort(order),
  );
}

const possibilities = (pve: Pve, node: Placeable): PveNodeSettings[] =>
  Object.values(pve.nodes).filter((each) => obstaclesTo(node, each).length === 0);

/** A PVE node, and who is on it. */
interface Candidate {
  readonly name: string;
  readonly there: Crowd;
  readonly rank: readonly [servers: number, others: number, full: number];
}

/** Apart from other servers first; then where it fits, where the fewest nodes are, and where most memory is left. */
function bestFor(node: Placeable, pve: Pve, on: ReadonlyMap<string, Crowd>): Candidate | undefined {
  let strained: Candidate | undefined;
  for (const candidate of inOrder(node, pve, on)) {
    const { name, there, rank } = candidate;
    if (obstaclesTo(node, there.pveNode).length > 0) continue;
    if (strained !== undefined && rank[0] > strained.rank[0]) break;
    if (shortagesOn(name, pve, [there.load, node]).length === 0) return candidate;
    strained ??= candidate;
  }
  return strained;
}

/** As if it fitted everywhere: whether it does is asked only of the first few. */
const inOrder = ({ role }: Placeable, { spread }: Pve, on: ReadonlyMap<string, Crowd>): Candidate[] =>
  [...on]
    .map(([name, there]): Candidate => {
      const servers = role === "server" ? there.servers : 0;
      const others = spread === "all" ? there.nodes : 0;
      return { name, there, rank: [servers, others, -there.left] };
    })
    .sort((a, b) => compareRanks(a.rank, b.rank) || (a.name < b.name ? -1 : 1));

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, i) => value !== b[i]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
