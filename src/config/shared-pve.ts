/** PVE nodes whose VMs are of several clusters of an app. */
import { groupBy } from "../base/group-by";
import { shortages, zfsArcMib } from "./capacity";
import { withNews, type Fault } from "./fault";
import type { Node, Pve } from "./model";
import { ELSEWHERE, mayShareProxmox, whose, type NamedCluster } from "./named-cluster";
import { shortageFault, takersOf } from "./pve";

/** A cluster that says what PVE nodes have. */
interface Stating extends NamedCluster {
  readonly pve: Pve;
}

const stating = (named: NamedCluster): Stating[] => {
  const { pve } = named.cluster;
  return pve === undefined ? [] : [{ ...named, pve }];
};

/** Faults of a cluster and those before it in the app that may be in the same Proxmox VE. */
export function pveFaultsAmong(before: readonly NamedCluster[], cluster: NamedCluster): Fault[] {
  const others = before.filter((other) => mayShareProxmox([other, cluster])).flatMap(stating);
  return stating(cluster).flatMap((own) =>
    withNews(
      others.flatMap((other) => contradictions(other, own)),
      others.length === 0 ? [] : capacityFaults(others, own),
    ),
  );
}

/** What a cluster says of a PVE node. */
interface Statement {
  readonly setting: string;
  readonly value: number | boolean;
  readonly judgedBy?: readonly string[];
}

/** Sums of both clusters' VMs would be judged by one of the two. */
function contradictions(one: Stating, other: Stating): Fault[] {
  const common = inBoth(resources(one.pve), resources(other.pve));
  const all = common.length === 0 ? [] : [...common, ...inBoth(promised(one.pve), promised(other.pve))];
  return all
    .filter(([its, own]) => its.value !== own.value)
    .map(([its, { setting, value, judgedBy }]) => ({
      nodes: [],
      setting,
      message: `'${setting}' is ${its.value} for ${one.name} and ${value} for ${other.name}; state it once for both, in a const${ELSEWHERE}`,
      judgedBy,
    }))
    .reduce<Fault[]>((known, fault) => withNews(known, [fault]), []);
}

function inBoth(some: readonly Statement[], others: readonly Statement[]): [Statement, Statement][] {
  const bySetting = new Map(some.map((statement) => [statement.setting, statement]));
  return others.flatMap((other) => {
    const one = bySetting.get(other.setting);
    return one === undefined ? [] : [[one, other]];
  });
}

/** What VMs can be too much for. Bridges and copies of a template may be a cluster's own. */
function resources({ nodes }: Pve): Statement[] {
  const all = Object.entries(nodes).flatMap(([name, node]): Statement[] => {
    const of = `pve.nodes.${name}`;
    const { cores, memoryMib, reservedMib, datastores } = node;
    return [
      { setting: `${of}.cores`, value: cores },
      { setting: `${of}.memoryMib`, value: memoryMib },
      { setting: `${of}.reservedMib`, value: reservedMib },
      { setting: `${of}.zfsArcMib`, value: zfsArcMib(node), judgedBy: [`${of}.memoryMib`] },
      ...Object.entries(datastores).flatMap(([datastore, { shared, sizeGib }]) => [
        { setting: `${of}.datastores.${datastore}.shared`, value: shared },
        // A shared one has one size, whichever PVE nodes a cluster names.
        {
          setting: `pve.nodes.${shared ? "<name>" : name}.datastores.${datastore}.sizeGib`,
          value: sizeGib,
        },
      ]),
    ];
  });
  return [...groupBy(all, ({ setting }) => setting).values()].map(([first]) => first);
}

const promised = ({ overcommit }: Pve): Statement[] =>
  Object.entries(overcommit).map(([what, value]) => ({ setting: `pve.overcommit.${what}`, value }));

/** A node, and the name of its cluster. */
interface Owned extends Node {
  readonly of: string;
}

/** What PVE nodes have is for the VMs of all clusters that state them. What others take without this one is no fault of it. */
function capacityFaults(others: readonly NamedCluster[], { name, cluster, pve }: Stating): Fault[] {
  const nodes = [...others, { name, cluster }].flatMap(({ name, cluster }) =>
    cluster.nodes.map((node): Owned => ({ ...node, of: name })),
  );
  return shortages(pve, nodes)
    .filter((found) => {
      const owners = new Set(takersOf(found, nodes).map(({ of }) => of));
      return owners.size > 1 && owners.has(name);
    })
    .map((found) => {
      const { sentence, judgedBy = [], ...fault } = shortageFault(found, nodes, ofClusters);
      const stated = found.at === found.datastore ? "pve.nodes" : `pve.nodes.${found.at}`;
      return {
        ...fault,
        sentence: `${sentence}${ELSEWHERE}`,
        judgedBy: [...judgedBy, stated, "pve.overcommit"],
      };
    });
}

/** `'alphard' and 'hamal' of k3s, and 'altair' of lab` */
const ofClusters = (nodes: readonly Owned[]): string =>
  [...groupBy(nodes, ({ of }) => of)].map(([name, some]) => whose(some, name)).join(", and ");
