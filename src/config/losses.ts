/** What the loss of PVE nodes costs in capacity: their VMs on the others. A pure function of the resolved model. */
import { shortages, type Shortage } from "./capacity";
import type { Cluster, Node, Pve } from "./model";
import { place } from "./placement";

export interface Loss {
  readonly pveNodes: readonly string[];
  /** Nodes whose VMs were on them. */
  readonly lost: readonly Node[];
  /** Those of them that no other PVE node can run. */
  readonly nowhere: readonly Node[];
  /** All nodes, each of the others of `lost` on the PVE node where it fits best. */
  readonly elsewhere: readonly Node[];
  /** What the other PVE nodes then lack. */
  readonly shortages: readonly Shortage[];
}

/**
 * @param pve - with those PVE nodes
 * @param pveNodes - that are lost at the same time
 */
export function lossOf(pve: Pve, nodes: readonly Node[], pveNodes: readonly string[]): Loss {
  const isLost = (name: string): boolean => pveNodes.includes(name);
  const left: Pve = {
    ...pve,
    nodes: Object.fromEntries(Object.entries(pve.nodes).filter(([name]) => !isLost(name))),
  };
  const lost = nodes.filter(({ vm }) => isLost(vm.pveNode));
  const open = nodes.map((node) =>
    isLost(node.vm.pveNode) ? { ...node, vm: { ...node.vm, pveNode: undefined as unknown as string } } : node,
  );
  const places = place(left, open, new Map());
  const elsewhere = nodes.flatMap((node) => {
    const found = places.get(node.vmId);
    if (found === undefined) return [];
    return node.vm.pveNode === found ? node : [{ ...node, vm: { ...node.vm, pveNode: found } }];
  });
  return {
    pveNodes,
    lost,
    nowhere: lost.filter(({ vmId }) => !places.has(vmId)),
    elsewhere,
    shortages: shortages(left, elsewhere),
  };
}

/** The loss of each PVE node alone; none where the PVE nodes are not stated. */
export const singleLosses = ({ pve, nodes }: Pick<Cluster, "pve" | "nodes">): Loss[] =>
  pve === undefined ? [] : Object.keys(pve.nodes).map((name) => lossOf(pve, nodes, [name]));
