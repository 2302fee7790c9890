/**
 * What Proxmox VE's HA manager does when PVE nodes fail or are parted, as its version 5.2.0 did in its own simulator: a PVE node with
 * HA resources that is not among more than half of the PVE nodes is reset by its watchdog; the others' manager starts its VMs where
 * the fewest HA resources are, the first by name of several (PVE/HA/Manager.pm, `select_service_node`), and a server never beside
 * another. It does not ask whether there is memory.
 */
import { shortagesOn, type Shortage } from "../config/capacity";
import type { Node, Pve } from "../config/model";

/** The PVE nodes that fail, and how those that are left are parted. */
export interface Remains {
  /** VMs that the manager looks after. */
  readonly resources: readonly Node[];
  readonly failed: ReadonlySet<string>;
  /** PVE nodes with the same value reach each other. @default - all do */
  readonly sideOf?: (pveNode: string) => string;
  /** VMs that cannot start anywhere. */
  readonly broken: ReadonlySet<Node>;
}

export interface Recovery {
  /** PVE nodes that are reset although they did not fail. */
  readonly fenced: ReadonlySet<string>;
  /** VMs that start on another PVE node. */
  readonly moves: ReadonlyMap<Node, string>;
  /** VMs for which there is no other PVE node. */
  readonly waiting: readonly Node[];
  /** What the PVE nodes that got VMs then lack. */
  readonly shortages: readonly Shortage[];
}

const NOTHING: Recovery = { fenced: new Set(), moves: new Map(), waiting: [], shortages: [] };

export function recoveryOf(
  pve: Pve | undefined,
  nodes: readonly Node[],
  { resources, failed, sideOf, broken }: Remains,
): Recovery {
  if (pve?.ha === undefined || (failed.size === 0 && sideOf === undefined)) return NOTHING;
  const side = sideOf ?? (() => "");
  const quorate = quorateSide(pve, failed, side);
  const hasResource = new Set(resources.map(({ vm }) => vm.pveNode));
  const alive = Object.keys(pve.nodes).filter((name) => !failed.has(name));
  const fenced = new Set(alive.filter((name) => side(name) !== quorate && hasResource.has(name)));
  const down = (name: string): boolean => failed.has(name) || fenced.has(name);
  const stranded = resources.filter((node) => down(node.vm.pveNode) && !broken.has(node)).sort(byName);
  if (quorate === undefined) return { ...NOTHING, fenced, waiting: stranded };
  const targets = alive.filter((name) => side(name) === quorate);
  const moves = moved(stranded, resources, targets);
  const shortages = [...new Set(moves.values())].flatMap((name) => {
    const there = nodes.filter(
      (node) => moves.get(node) === name || (!moves.has(node) && node.vm.pveNode === name),
    );
    return shortagesOn(name, pve, there);
  });
  return { fenced, moves, waiting: stranded.filter((node) => !moves.has(node)), shortages };
}

/** The manager takes resources in the order of their names, such as `vm:101`. */
const byName = (a: Node, b: Node): number => (`${a.vmId}` < `${b.vmId}` ? -1 : 1);

/** Corosync's majority of all PVE nodes; `undefined` if no side has it. */
function quorateSide(
  pve: Pve,
  failed: ReadonlySet<string>,
  sideOf: (pveNode: string) => string,
): string | undefined {
  const all = Object.keys(pve.nodes);
  const votes = new Map<string, number>();
  for (const name of all) if (!failed.has(name)) votes.set(sideOf(name), (votes.get(sideOf(name)) ?? 0) + 1);
  return [...votes].find(([, count]) => count > all.length / 2)?.[0];
}

function moved(
  stranded: readonly Node[],
  resources: readonly Node[],
  targets: readonly string[],
): Map<Node, string> {
  const moves = new Map<Node, string>();
  const on = (name: string): Node[] =>
    resources.filter((node) => (moves.get(node) ?? node.vm.pveNode) === name);
  for (const node of stranded) {
    const [best] = targets
      .map((name) => ({ name, there: on(name) }))
      .filter(({ there }) => node.role === "agent" || there.every(({ role }) => role === "agent"))
      .sort((a, b) => a.there.length - b.there.length || (a.name < b.name ? -1 : 1));
    if (best !== undefined) moves.set(node, best.name);
  }
  return moves;
}
