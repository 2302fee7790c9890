/** What may fail, and what each failure does by itself. */
import { vipCandidates } from "../config/api-vip";
import { nodesOn, nodesWithDiskOn } from "../config/capacity";
import type { Cluster, Node } from "../config/model";
import type { Flow } from "../firewall/flows";
import { bridgeOf } from "./services";
import { NONE } from "./sets";

/** The parts of the model that decide what a failure costs. */
export interface Subject extends Pick<Cluster, "apiEndpoint" | "apiVip" | "pve" | "nodes"> {
  readonly flows: readonly Flow[];
}

export const KINDS = [
  "pve node",
  "switch",
  "bridge",
  "datastore",
  "server",
  "agent",
  "api address holder",
] as const;

export interface Failure {
  readonly kind: (typeof KINDS)[number];
  /** For a person, and the same in another version of the cluster. */
  readonly name: string;
}

/** What a failure does before anything reacts to it. */
export interface Effect {
  /** VMs that it stops for good: no other PVE node can start them. */
  readonly broken: ReadonlySet<Node>;
  /** PVE node that it stops, with its VMs. */
  readonly pveNode?: string;
  /** Bridge that it takes from a PVE node. */
  readonly bridge?: GoneBridge;
  /** PVE nodes that it parts from the others. */
  readonly apart?: ReadonlySet<string>;
}

export interface GoneBridge {
  readonly name: string;
  readonly pveNode: string;
  /** Nodes that have their own interface on it, where no VM has moved. */
  readonly own: ReadonlySet<Node>;
  /** Nodes that have a further one on it. */
  readonly further: ReadonlySet<Node>;
}

export interface PossibleFailure extends Failure {
  readonly effect: Effect;
}

/** Those that VMs run on, and those that they may run on. */
export const pveNodesOf = ({ pve, nodes }: Pick<Subject, "pve" | "nodes">): string[] => [
  ...new Set([...Object.keys(pve?.nodes ?? {}), ...nodes.map(({ vm }) => vm.pveNode).sort()]),
];

/** Everything that may fail, each once. */
export const failuresOf = (subject: Subject): PossibleFailure[] => [
  ...pveNodesOf(subject).map((pveNode) =>
    failure("pve node", `PVE node ${pveNode}`, { broken: NONE, pveNode }),
  ),
  ...switches(pveNodesOf(subject)),
  ...bridges(subject),
  ...datastores(subject),
  ...subject.nodes.map((node) =>
    failure(node.role, `${node.role} ${node.hostname}`, { broken: new Set([node]) }),
  ),
  ...holder(subject),
];

const failure = (kind: Failure["kind"], name: string, effect: Effect): PossibleFailure => ({
  kind,
  name,
  effect,
});

/** Of all ways to part PVE nodes: each one alone, and two halves in the order of their names. */
function switches(all: readonly string[]): PossibleFailure[] {
  const half = [...all].sort().slice(0, Math.floor(all.length / 2));
  const parts = all.length === 2 ? [half] : all.map((pveNode) => [pveNode]);
  const cut = all.length > 3 ? [...parts, half] : parts;
  if (all.length < 2) return [];
  return cut.map((apart) => {
    const others = all.length === 2 ? (all.find((each) => !apart.includes(each)) ?? "") : "the others";
    return failure("switch", `switch between ${apart.join(", ")} and ${others}`, {
      broken: NONE,
      apart: new Set(apart),
    });
  });
}

function bridges({ nodes }: Subject): PossibleFailure[] {
  const used = nodes.flatMap(({ vm }) =>
    vm.networkInterfaces.map(({ bridge }) => ({ name: bridge, pveNode: vm.pveNode })),
  );
  return distinct(used).map(({ name, pveNode }) => {
    const there = nodesOn(pveNode, nodes);
    const own = new Set(there.filter((node) => bridgeOf(node) === name));
    const further = new Set(
      there.filter(({ vm }) => vm.networkInterfaces.slice(1).some(({ bridge }) => bridge === name)),
    );
    const bridge = { name, pveNode, own, further };
    return failure("bridge", `bridge ${name} of ${pveNode}`, { broken: NONE, bridge });
  });
}

/** A shared datastore is one. Without `pve` none is known to be shared. */
function datastores({ pve, nodes }: Subject): PossibleFailure[] {
  const used = distinct(
    nodes.flatMap(({ vm }) =>
      vm.disks.map(({ datastore: name }) =>
        pve?.nodes[vm.pveNode]?.datastores[name]?.shared === true ? { name } : { name, pveNode: vm.pveNode },
      ),
    ),
  );
  return used.map(({ name, pveNode }) => {
    const there = pveNode === undefined ? nodes : nodesOn(pveNode, nodes);
    const where = pveNode === undefined ? "" : ` of ${pveNode}`;
    return failure("datastore", `datastore ${name}${where}`, {
      broken: new Set(nodesWithDiskOn(name, there)),
    });
  });
}

function distinct<T extends { readonly name: string; readonly pveNode?: string }>(all: readonly T[]): T[] {
  const keyed = new Map(all.map((each) => [JSON.stringify([each.pveNode ?? "", each.name]), each]));
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** The server that takes the address first. */
function holder(subject: Subject): PossibleFailure[] {
  const [first] = vipCandidates(subject);
  if (subject.apiVip === undefined || first === undefined) return [];
  return [
    failure("api address holder", `holder of ${subject.apiVip.address}`, { broken: new Set([first.node]) }),
  ];
}
