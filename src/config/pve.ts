/** Puts each VM on a PVE node, says from which template it is cloned, and reports what cannot be. */
import { groupBy } from "../base/group-by";
import {
  nodesOn,
  nodesWithDiskOn,
  obstaclesTo,
  shortages,
  UNITS,
  type Obstacle,
  type Shortage,
} from "./capacity";
import { formatValue, quoteAll, type Fault } from "./fault";
import { nodeName, type Node, type Pve } from "./model";
import { isUnplaced, place, type Places } from "./placement";
import { isLiteral } from "./references";
import { PveSchema, type PveSettings } from "./settings";
import { suggestion } from "./suggestion";
import { withDefaults } from "./validation";

/** The settings with their defaults; `undefined` where they are faulty, which their schema reports. */
export const resolvePve = (settings: PveSettings | undefined): { pve?: Pve } =>
  settings !== undefined && PveSchema.safeParse(settings).success
    ? { pve: withDefaults(PveSchema, settings) }
    : {};

/** What `cluster.json` says of the last synth. */
export interface LastPlaces {
  readonly places: Places;
  /** Whether it was written by a synth and nothing else. */
  readonly isReadable: boolean;
}

/**
 * @param template - VM ID of the cluster's template, whose copies `pve.nodes` may name
 * @param last - `undefined` where nothing remembers places
 */
export function placeNodes(
  pve: Pve,
  nodes: readonly Node[],
  template: number | undefined,
  last: LastPlaces | undefined,
): { nodes: Node[]; faults: Fault[] } {
  const places = place(pve, nodes, last?.places ?? new Map());
  const placed = nodes.map((node) => {
    const pveNode = places.get(node.vmId) ?? "";
    return { ...node, vm: { ...node.vm, pveNode, ...copyOfTemplate(pve, pveNode, node, template) } };
  });
  const open = nodes.filter(isUnplaced);
  return {
    nodes: placed,
    faults: [
      ...memoryFaults(open, last),
      ...sharedFaults(pve),
      ...placed.flatMap((node) => placeFaults(pve, node)),
      ...shortages(pve, placed).map((found) => shortageFault(found, placed)),
      ...templateFaults(pve, placed),
    ],
  };
}

/** Only the cluster's template has copies; a node with another one is cloned from that. */
function copyOfTemplate(
  pve: Pve,
  pveNode: string,
  { vm }: Node,
  template: number | undefined,
): { templateVmId?: number; templatePveNode?: undefined } {
  const copy = pve.nodes[pveNode]?.templateVmId;
  return copy === undefined || vm.templateVmId !== template
    ? {}
    : { templateVmId: copy, templatePveNode: undefined };
}

/** Without its memory, a synth would place every VM anew, and the next apply would migrate it. */
function memoryFaults(open: readonly Node[], last: LastPlaces | undefined): Fault[] {
  const names = open.map(nodeName);
  if (names.length === 0) return [];
  if (last === undefined) {
    const sentence =
      "places nodes, and nothing would remember where: construct HostFiles, whose nix/cluster.json does";
    return [{ nodes: [], setting: "pve", sentence }];
  }
  if (!last.isReadable) {
    const sentence =
      `places ${quoteAll(names)} where nix/cluster.json says that they were, which cannot be read: ` +
      "take it from the branch that is applied (git checkout BRANCH -- nix/cluster.json), and synthesize again";
    return [{ nodes: [], setting: "pve", sentence }];
  }
  return open.flatMap((node) => {
    const place = last.places.get(node.vmId);
    if (place === undefined || isLiteral(place)) return [];
    const sentence = `should be stated once more, with the PVE node on which the VM is: so far it was ${place}, which only OpenTofu knows`;
    return [{ nodes: [nodeName(node)], setting: "pveNode", sentence }];
  });
}

/** One datastore is one for all PVE nodes, or none is. */
function sharedFaults({ nodes }: Pve): Fault[] {
  const all = Object.entries(nodes).flatMap(([pveNode, { datastores }]) =>
    Object.entries(datastores).map(([name, datastore]) => ({ pveNode, name, ...datastore })),
  );
  return [...groupBy(all, ({ name }) => name).values()].flatMap(([first, ...others]) =>
    others.flatMap(({ pveNode, name, shared, sizeGib }) => {
      const setting = `pve.nodes.${pveNode}.datastores.${name}`;
      if (shared !== first.shared) {
        const sentence = `is ${shared ? "" : "not "}shared, but on ${first.pveNode} it is${shared ? " not" : ""}`;
        return [{ nodes: [], setting: `${setting}.shared`, sentence }];
      }
      if (!shared || sizeGib === first.sizeGib) return [];
      const sentence = `should be ${first.sizeGib}, as on ${first.pveNode}, since it is shared, got ${sizeGib}`;
      return [{ nodes: [], setting: `${setting}.sizeGib`, sentence }];
    }),
  );
}

const JUDGED_BY = ["vm.pveNode", "pve.nodes"];

function placeFaults(pve: Pve, node: Node): Fault[] {
  const { pveNode } = node.vm;
  const fault = (sentence: string): Fault[] => [
    { nodes: [nodeName(node)], setting: "pveNode", sentence, judgedBy: JUDGED_BY },
  ];
  if (pveNode === "") return fault(`cannot be chosen, since ${reasons(pve, node)}`);
  const there = Object.hasOwn(pve.nodes, pveNode) ? pve.nodes[pveNode] : undefined;
  if (there === undefined) {
    const names = Object.keys(pve.nodes);
    return isLiteral(pveNode)
      ? fault(`should be one of 'pve.nodes', got ${formatValue(pveNode)}${suggestion(pveNode, names)}`)
      : fault("should be the name of one of 'pve.nodes', got a value that only OpenTofu knows");
  }
  return obstaclesTo(node, there).flatMap((obstacle) =>
    fault(`is ${pveNode}, which ${describeObstacle(obstacle)}`),
  );
}

/** Why no PVE node can run it, for the first few. */
const reasons = ({ nodes }: Pve, node: Node): string =>
  Object.entries(nodes)
    .slice(0, 5)
    .flatMap(([name, each]) =>
      obstaclesTo(node, each)
        .slice(0, 1)
        .map((obstacle) => `${name} ${describeObstacle(obstacle)}`),
    )
    .join(", ");

/** Completes a sentence on a PVE node. */
export const describeObstacle = ({ lacks, what }: Obstacle): string =>
  lacks === "cores" ? `has only ${what} cores` : `has no ${lacks} ${what}`;

const REMEDIES: Readonly<Record<Shortage["of"], string>> = { cores: "cpu", memory: "memory", disk: "disk" };

/** @param inWords - names the nodes that take it. @default - by their names alone */
export function shortageFault<T extends Node>(
  found: Shortage,
  nodes: readonly T[],
  inWords = (takers: readonly T[]): string => quoteAll(takers.map(nodeName)),
): Fault {
  const isShared = found.at === found.datastore;
  const takers = takersOf(found, nodes);
  const what = found.datastore === undefined ? UNITS[found.of] : `${UNITS[found.of]} on ${found.datastore}`;
  const where = isShared ? "the shared datastore" : found.at;
  const remedy = isShared ? "make a disk smaller" : "state another 'pveNode' for one of them";
  return {
    nodes: [],
    setting: "pve.nodes",
    sentence:
      `has ${found.room} ${what} for VMs${isShared ? "" : ` on ${where}`}, but ${inWords(takers)} ` +
      `${takers.length === 1 ? "takes" : "take"} ${found.wanted}; ${remedy}, or raise 'pve.overcommit.${REMEDIES[found.of]}'`,
    judgedBy: ["vm.memoryMib", "vm.cores", "vm.disks"],
  };
}

/** Nodes whose VMs take what there is too little of. */
export function takersOf<T extends Node>({ at, datastore }: Shortage, nodes: readonly T[]): T[] {
  const there = at === datastore ? [...nodes] : nodesOn(at, nodes);
  return datastore === undefined ? there : nodesWithDiskOn(datastore, there);
}

/** A template is on one PVE node. A copy of it has a VM ID of its own. */
function templateFaults(pve: Pve, nodes: readonly Node[]): Fault[] {
  const unknown = nodes.filter(({ vm }) => vm.templatePveNode === undefined && vm.pveNode !== "");
  return [
    ...[...groupBy(unknown, ({ vm }) => vm.templateVmId)].flatMap(([template, some]) =>
      templateElsewhere(template, some),
    ),
    ...nodes.flatMap((node) => cloneAcross(pve, node)),
    ...sharedIds(pve, nodes),
  ];
}

function templateElsewhere(template: number, nodes: readonly Node[]): Fault[] {
  const places = [...new Set(nodes.map(({ vm }) => vm.pveNode))];
  // A missing template is a fault of its own.
  if ((template as number | undefined) === undefined || places.length < 2) return [];
  const names = nodes.map(nodeName);
  const message =
    `'templatePveNode' of ${quoteAll(names)} should be the PVE node of template ${template}, which is on one of ${places.sort().join(", ")} only; ` +
    "or copy the template to each PVE node, and state the copies: pve.nodes.<name>.templateVmId";
  return [
    {
      nodes: names,
      setting: "templatePveNode",
      message,
      judgedBy: ["vm.templatePveNode", "pveNode", ...JUDGED_BY],
    },
  ];
}

/**
 * The provider clones on the template's PVE node and then migrates the copy, unless all disks are shared (bpg/proxmox 0.111.1,
 * vmCreateClone): both PVE nodes need the datastore. A linked clone stays where the template's disks are.
 */
function cloneAcross(pve: Pve, node: Node): Fault[] {
  const { pveNode, templatePveNode, cloneDatastore, linkedClone, disks } = node.vm;
  if (templatePveNode === undefined || templatePveNode === pveNode) return [];
  const source = pve.nodes[templatePveNode];
  const fault = (setting: string, sentence: string): Fault[] => [
    { nodes: [nodeName(node)], setting, sentence, judgedBy: [`vm.${setting}`, "pveNode", ...JUDGED_BY] },
  ];
  if (linkedClone) {
    const [first] = disks;
    const there = first && pve.nodes[pveNode]?.datastores[first.datastore];
    return there?.shared === false
      ? fault(
          "linkedClone",
          `should be false: ${first?.datastore} of the template on ${templatePveNode} is not shared with ${pveNode}`,
        )
      : [];
  }
  const missing =
    source !== undefined &&
    cloneDatastore !== undefined &&
    isLiteral(cloneDatastore) &&
    source.datastores[cloneDatastore] === undefined;
  return missing
    ? fault(
        "cloneDatastore",
        `should be on ${templatePveNode} too, where the template is cloned before the copy moves to ${pveNode}, got ${cloneDatastore}; or copy the template to ${pveNode}, and state pve.nodes.${pveNode}.templateVmId`,
      )
    : [];
}

/** VM IDs are unique in a Proxmox VE cluster, so a copy cannot have the template's. */
function sharedIds({ nodes: pveNodes }: Pve, nodes: readonly Node[]): Fault[] {
  const owners = new Map<number, string>(nodes.map((node) => [node.vmId, quoteAll([nodeName(node)])]));
  return Object.entries(pveNodes).flatMap(([name, { templateVmId }]) => {
    if (templateVmId === undefined) return [];
    const owner = owners.get(templateVmId);
    owners.set(templateVmId, owner ?? name);
    if (owner === undefined) return [];
    const sentence = `should be a VM ID of its own, got ${templateVmId}, which ${owner} has`;
    return [{ nodes: [], setting: `pve.nodes.${name}.templateVmId`, sentence }];
  });
}
