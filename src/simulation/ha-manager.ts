/**
 * What Proxmox VE's HA manager does when PVE nodes fail or are parted, as its version 5.2.0 did in its own simulator: a PVE node with
 * HA resources that is not among more than half of the PVE nodes is reset by its watchdog; the others' manager starts its VMs where
 * the fewest HA resources are, the first by name of several (PVE/HA/Manager.pm, `select_service_node`), and a server never beside
 * another. It does not ask whether there is memory.
 */
import { groupBy } from "../base/group-by";
import { shortagesOn, type Shortage } from "../config/capacity";
import type { Node, Pve } from "../config/model";

/** The PVE nodes that fail, and how those that are left are parted. */
export interface Remains {
  readonly failed: ReadonlySet<string>;
  /** PVE nodes with the same value reach each other. @default - all do */
  readonly sideOf?: (pveNode: string) => string;
}

/** What the watchdogs of PVE nodes do. */
export interface Fencing {
  /** PVE nodes that are reset although they did not fail. */
  readonly fenced: ReadonlySet<string>;
  /** PVE nodes on which the manager starts VMs. @default - no side has more than half of the PVE nodes, and no manager works */
  readonly targets?: readonly string[];
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

/** Where nothing failed of which the manager knows. */
export const NO_RECOVERY: Recovery = { fenced: new Set(), moves: new Map(), waiting: [], shortages: [] };

/** @param resources - VMs that the manager looks after */
export function fencingOf(pve: Pve, resources: readonly Node[], { failed, sideOf }: Remains): Fencing {
  const side = sideOf ?? (() => "");
  const quorate = quorateSide(pve, failed, side);
  const hasResource = new Set(resources.map(({ vm }) => vm.pveNode));
  const alive = Object.keys(pve.nodes).filter((name) => !failed.has(name));
  const fenced = new Set(alive.filter((name) => side(name) !== quorate && hasResource.has(name)));
  return quorate === undefined
    ? { fenced }
    : { fenced, targets: alive.filter((name) => side(name) === quorate) };
}

/**
 * @param resources - VMs that the manager looks after
 * @param on - nodes by their PVE node
 * @param stranded - resources on PVE nodes that do not run, of VMs that can start elsewhere
 */
export function recoveryOf(
  pve: Pve,
  resources: readonly Node[],
  on: ReadonlyMap<string, ReadonlySet<Node>>,
  { fenced, targets }: Fencing,
  stranded: readonly Node[],
): Recovery {
  const inTurn = [...stranded].sort(byName);
  if (targets === undefined) return { ...NO_RECOVERY, fenced, waiting: inTurn };
  const moves = moved(inTurn, resources, targets);
  const arrived = groupBy([...moves.keys()], (node) => moves.get(node) ?? "");
  const shortages = [...arrived].flatMap(([name, nodes]) =>
    shortagesOn(name, pve, [...(on.get(name) ?? []), ...nodes]),
  );
  return { fenced, moves, waiting: inTurn.filter((node) => !moves.has(node)), shortages };
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
  const there = new Map(targets.map((name) => [name, { name, resources: 0, servers: 0 }]));
  const arrive = ({ role }: Node, name: string): void => {
    const target = there.get(name);
    if (target === undefined) return;
    target.resources += 1;
    if (role === "server") target.servers += 1;
  };
  for (const node of resources) arrive(node, node.vm.pveNode);
  for (const node of stranded) {
    const [best] = [...there.values()]
      .filter(({ servers }) => node.role === "agent" || servers === 0)
      .sort((a, b) => a.resources - b.resources || (a.name < b.name ? -1 : 1));
    if (best === undefined) continue;
    moves.set(node, best.name);
    arrive(node, best.name);
  }
  return moves;
}
