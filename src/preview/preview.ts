import type { Node } from "../config/model";
import { compareAvailability } from "./availability";
import { compareCapacity } from "./capacity";
import { clusterDangers, dangersOf } from "./dangers";
import { compareDocuments } from "./documents";
import type { Emitted } from "./emitted";
import type { ClusterJson } from "../render/cluster-json";
import { compareFlows, type FlowChange } from "./firewall";
import { compareHosts, type HostChange } from "./hosts";
import { compareNodes, pairNodes, type NodeSettingChange } from "./nodes";
import { CLUSTER_EFFECTS, compareSettings, type SettingChange } from "./settings";
import { resourcesOf, type Resources } from "./stacks";
import { compareVms, type VmChange } from "./vms";

/** The effects of a change, as plain data: `npm run preview -- --json` prints it. */
export interface Preview {
  readonly dangers: readonly string[];
  readonly nodes: {
    readonly added: readonly NodeSummary[];
    readonly removed: readonly NodeSummary[];
    readonly changed: readonly NodeSettingChange[];
  };
  readonly cluster: readonly SettingChange[];
  readonly vms: readonly VmChange[];
  /** Changes of OpenTofu's other resources, outputs and checks, without those that belong to a node. */
  readonly others: readonly string[];
  /** `undefined` if the base does not list its flows. */
  readonly flows: readonly FlowChange[] | undefined;
  readonly hosts: readonly HostChange[];
  readonly documents: readonly string[];
  /** What the loss of a PVE node costs more than so far. */
  readonly capacity: readonly string[];
  /** What failures cost that they do not cost so far. */
  readonly availability: readonly string[];
}

export type NodeSummary = Pick<Node, "hostname" | "role" | "vmId" | "ipv4Address" | "directory"> & {
  readonly size: Pick<Node["vm"], "cores" | "sockets" | "memoryMib" | "disks" | "pveNode" | "templateVmId">;
};

const abandoned = ({ folder }: Emitted): string =>
  `\`${folder}/\` is no longer emitted: the hosts' files and the documents no longer follow \`main.ts\``;

const NO_CLUSTER: Pick<ClusterJson, "nodes" | "files" | "flows"> = { nodes: [], files: {}, flows: [] };

export function compare(before: Emitted, after: Emitted): Preview {
  // Without host files the hosts still exist, so do not report them as removed.
  if (before.cluster !== undefined && after.cluster === undefined) {
    const preview = compare({ ...before, cluster: undefined }, after);
    return { ...preview, dangers: [...preview.dangers, abandoned(before)] };
  }
  const [old, now] = [resourcesOf(before), resourcesOf(after)];
  const vms = compareVms(old, now);
  const nodes = pairNodes((before.cluster ?? NO_CLUSTER).nodes, (after.cluster ?? NO_CLUSTER).nodes);
  const changed = compareNodes(nodes);
  const both = before.cluster && after.cluster ? { old: before.cluster, now: after.cluster } : undefined;
  const cluster = both
    ? compareSettings({ ...both.old.cluster }, { ...both.now.cluster }, CLUSTER_EFFECTS)
    : [];
  const backendMoves = before.stacks.length > 0 && old.backends !== now.backends;
  return {
    dangers: [
      ...(both ? clusterDangers(both.old, both.now, nodes) : []),
      ...dangersOf(vms, backendMoves, cluster, changed),
    ],
    nodes: { added: nodes.added.map(summary), removed: nodes.removed.map(summary), changed },
    cluster,
    vms,
    others: [
      ...(backendMoves ? ["~ terraform.backend"] : []),
      ...otherChanges(old, now, [
        ...nodes.added,
        ...nodes.removed,
        ...nodes.kept.flatMap(({ before, after }) => [before, after]),
      ]),
    ],
    flows: flowsOf(before, after, nodes),
    hosts: compareHosts(before, after, nodes),
    documents: compareDocuments(before, after),
    capacity: both ? compareCapacity(both.old, both.now) : [],
    availability: both ? compareAvailability(both.old, both.now) : [],
  };
}

/** A side without a cluster has no flows. */
function flowsOf(
  before: Emitted,
  after: Emitted,
  nodes: ReturnType<typeof pairNodes>,
): FlowChange[] | undefined {
  const [old, now] = [before.cluster, after.cluster];
  const other = old ?? now;
  if (other === undefined) return [];
  return compareFlows(old ?? { ...other, ...NO_CLUSTER }, now ?? { ...other, ...NO_CLUSTER }, nodes);
}

/** What a preview says of a node that comes or goes. */
export const summary = ({ hostname, role, vmId, ipv4Address, directory, vm }: Node): NodeSummary => {
  const { cores, sockets, memoryMib, disks, pveNode, templateVmId } = vm;
  return {
    hostname,
    role,
    vmId,
    ipv4Address,
    directory,
    size: { cores, sockets, memoryMib, disks, pveNode, templateVmId },
  };
};

/** Leaves out the output, the check and the local of each node, which add nothing to the change of its VM. */
function otherChanges(
  { others: old }: Resources,
  { others: now }: Resources,
  nodes: readonly Node[],
): string[] {
  const own = new Set(
    nodes.flatMap(({ terraformName }) => [
      `output.${terraformName}_node`,
      `check.${terraformName}_vm_id`,
      `locals.${terraformName}_exists`,
    ]),
  );
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => old.get(name) !== now.get(name) && !own.has(name.replace(/^.*: /, "")))
    .map((name) => `${!old.has(name) ? "+" : !now.has(name) ? "-" : "~"} ${name}`)
    .sort();
}

/** Whether both sides emit the same. */
export const isEmpty = ({
  dangers,
  nodes,
  cluster,
  vms,
  others,
  flows,
  hosts,
  documents,
  capacity,
  availability,
}: Preview): boolean =>
  [
    nodes.added,
    nodes.removed,
    nodes.changed,
    cluster,
    vms,
    others,
    flows ?? [],
    hosts,
    documents,
    capacity,
    availability,
    dangers,
  ].every((all) => all.length === 0);
