import { counted, enumerated } from "../base/markdown";
import { UNITS } from "../config/capacity";
import { singleLosses, type Loss } from "../config/losses";
import type { ClusterJson } from "../render/cluster-json";

type Side = Pick<ClusterJson, "cluster" | "nodes">;

/** How much is missing, by what it is of. */
type Deficits = ReadonlyMap<string, number>;

/** For each PVE node whose loss the other PVE nodes would make up for less than so far, a sentence. */
export function compareCapacity(before: Side, after: Side): string[] {
  if (before.cluster.pve === undefined) return [];
  const old = new Map(lossesOf(before).map((loss) => [loss.pveNodes[0], deficitsOf(loss)]));
  return lossesOf(after).flatMap((loss) => {
    const [pveNode] = loss.pveNodes;
    const [then, now] = [old.get(pveNode) ?? new Map<string, number>(), deficitsOf(loss)];
    const worse = [...now].some(([of, amount]) => amount > (then.get(of) ?? 0));
    if (!worse) return [];
    const past = then.size === 0 ? "they have room for its VMs" : `they ${inWords(then)}`;
    return [`If **${pveNode}** fails, the other PVE nodes ${inWords(now)}; so far ${past}`];
  });
}

const lossesOf = ({ cluster, nodes }: Side): Loss[] => singleLosses({ pve: cluster.pve, nodes });

function deficitsOf({ shortages, nowhere }: Loss): Deficits {
  const deficits = new Map<string, number>();
  const add = (of: string, amount: number): void => {
    if (amount > 0) deficits.set(of, (deficits.get(of) ?? 0) + amount);
  };
  for (const { of, datastore, wanted, room } of shortages)
    add(datastore === undefined ? UNITS[of] : `${UNITS[of]} on ${datastore}`, wanted - room);
  add(NOWHERE, nowhere.length);
  return deficits;
}

/** Counts VMs that no other PVE node could run, for want of a bridge, a datastore or cores. */
const NOWHERE = "VMs";

function inWords(deficits: Deficits): string {
  const missing = [...deficits].filter(([of]) => of !== NOWHERE).map(([of, amount]) => `${amount} ${of}`);
  const nowhere = deficits.get(NOWHERE);
  return [
    ...(missing.length === 0 ? [] : [`lack ${enumerated(missing)} for its VMs`]),
    ...(nowhere === undefined ? [] : [`cannot run ${counted(nowhere, "VM")} of it`]),
  ].join(" and ");
}
