/** What the loss of a PVE node costs in capacity: its VMs on the others. A pure function of the resolved model. */
import { nodesOn, shortages, type Shortage } from "./capacity";
import type { Cluster, Node, Pve } from "./model";
import { place } from "./placement";

export interface Loss {
  readonly pveNode: string;
  /** Nodes whose VMs were on it. */
  readonly lost: readonly Node[];
  /** Those of them that no other PVE node can run. */
  readonly nowhere: readonly Node[];
  /** All nodes, each of the others of `lost` on the PVE node where it fits best. */
  readonly elsewhere: readonly Node[];
  /** What the other PVE nodes then lack. */
  readonly shortages: readonly Shortage[];
}

/** @param pve - with that PVE node */
export function lossOf(pve: Pve, nodes: readonly Node[], pveNode: string): Loss {
  const left: Pve = {
    ...pve,
    nodes: Object.fromEntries(Object.entries(pve.nodes).filter(([name]) => name !== pveNode)),
  };
  const lost = nodesOn(pveNode, nodes);
  const open = nodes.map((node) =>
    node.vm.pveNode === pveNode
      ? { ...node, vm: { ...node.vm, pveNode: undefined as unknown as string } }
      : node,
  );
  const places = place(left, open, new Map());
  const elsewhere = nodes.flatMap((node) => {
    const found = places.get(node.vmId);
    return found === undefined ? [] : [{ ...node, vm: { ...node.vm, pveNode: found } }];
  });
  return {
    pveNode,
    lost,
    nowhere: lost.filter(({ vmId }) => !places.has(vmId)),
    elsewhere,
    shortages: shortages(left, elsewhere),
  };
}

/** The loss of each PVE node alone; none where the PVE nodes are not stated. */
export const singleLosses = ({ pve, nodes }: Pick<Cluster, "pve" | "nodes">): Loss[] =>
  pve === undefined ? [] : Object.keys(pve.nodes).map((name) => lossOf(pve, nodes, name));
