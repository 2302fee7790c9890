/**
 * What VMs ask of their PVE nodes, and what these have: pure functions of the resolved model, for the placement, the faults of a
 * synth, previews, and the question what a failure costs.
 */
import { groupBy } from "../base/group-by";
import type { Node, Pve, Vm } from "./model";
import { isLiteral } from "./references";
import type { PveNodeSettings } from "./settings";

/** The part of the model that says what a VM needs. */
export type Placed = Pick<Node, "vm">;

/** What VMs take from a PVE node. */
export interface Load {
  readonly vm: Pick<Vm, "cores" | "sockets" | "memoryMib"> & {
    readonly disks: readonly Pick<Vm["disks"][number], "datastore" | "sizeGib">[];
  };
}

/** PVE nodes by name. */
type PveNodes = Pick<Pve, "nodes" | "overcommit">;

/** Something of which there is less than VMs were promised. */
export interface Shortage {
  /** The PVE node, or a shared datastore's only name. */
  readonly at: string;
  readonly of: "cores" | "memory" | "disk";
  /** Name of the datastore. @default - not of a datastore */
  readonly datastore?: string;
  /** In cores, MiB or GiB. */
  readonly wanted: number;
  /** Likewise, with what may be promised beyond what there is. */
  readonly room: number;
}

export const UNITS: Readonly<Record<Shortage["of"], string>> = {
  cores: "cores",
  memory: "MiB of memory",
  disk: "GiB",
};

/** Nodes whose VM is on that PVE node. */
export const nodesOn = <T extends Placed>(pveNode: string, nodes: readonly T[]): T[] =>
  nodes.filter(({ vm }) => vm.pveNode === pveNode);

/** Nodes with a disk on a datastore of that name. */
export const nodesWithDiskOn = <T extends Placed>(datastore: string, nodes: readonly T[]): T[] =>
  nodes.filter(({ vm }) => vm.disks.some((disk) => disk.datastore === datastore));

/**
 * Most that ZFS' cache takes, in MiB: from Proxmox VE 8.1 on its installer allows a tenth of the memory, at most 16 GiB.
 * Source: Proxmox VE Administration Guide, "Limit ZFS Memory Usage".
 */
export const zfsArcMib = ({ memoryMib, zfsArcMib: stated, datastores }: PveNodeSettings): number => {
  if (stated !== undefined) return stated;
  const usesZfs = Object.values(datastores).some(({ zfs }) => zfs);
  return usesZfs ? Math.min(Math.floor(memoryMib / 10), 16_384) : 0;
};

/** Memory that a PVE node has for VMs of this app, in MiB, without overcommit. */
export const memoryForVms = (node: PveNodeSettings): number =>
  Math.max(0, node.memoryMib - (node.reservedMib ?? 0) - zfsArcMib(node));

export const coresOf = ({ vm }: Load): number => vm.cores * vm.sockets;

/** A loop: a simulation of all failures sums up a million times. */
export function total<T>(items: readonly T[], of: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += of(item);
  return sum;
}

const memoryOf = ({ vm }: Load): number => vm.memoryMib;

function gibOn(datastore: string, vms: readonly Load[]): number {
  let sum = 0;
  for (const { vm } of vms)
    for (const disk of vm.disks) if (disk.datastore === datastore) sum += disk.sizeGib;
  return sum;
}

/** What they take together, as one VM would. */
export function asOne(vms: readonly Load[]): Load {
  const sizes = new Map<string, number>();
  for (const { vm } of vms)
    for (const { datastore, sizeGib } of vm.disks)
      sizes.set(datastore, (sizes.get(datastore) ?? 0) + sizeGib);
  const disks = [...sizes].map(([datastore, sizeGib]) => ({ datastore, sizeGib }));
  return { vm: { cores: total(vms, coresOf), sockets: 1, memoryMib: total(vms, memoryOf), disks } };
}

/** What one PVE node lacks for those VMs. Its shared datastores are judged by `sharedShortages`. */
export function shortagesOn(at: string, pve: PveNodes, vms: readonly Load[]): Shortage[] {
  const node = pve.nodes[at];
  if (node === undefined) return [];
  const { cpu, memory, disk } = pve.overcommit;
  const found: Shortage[] = [];
  const [cores, memoryMib] = [total(vms, coresOf), total(vms, memoryOf)];
  lacking(found, { at, of: "cores", wanted: cores, room: Math.floor(node.cores * cpu) });
  lacking(found, { at, of: "memory", wanted: memoryMib, room: Math.floor(memoryForVms(node) * memory) });
  for (const [datastore, { shared, sizeGib }] of Object.entries(node.datastores)) {
    if (shared) continue;
    const wanted = gibOn(datastore, vms);
    lacking(found, { at, of: "disk", datastore, wanted, room: Math.floor(sizeGib * disk) });
  }
  return found;
}

/** Adds it if there is less than is wanted. */
function lacking(found: Shortage[], shortage: Shortage): void {
  if (shortage.wanted > shortage.room) found.push(shortage);
}

/** What the shared datastores lack, wherever the VMs run. */
export function sharedShortages(pve: PveNodes, vms: readonly Placed[]): Shortage[] {
  const sizes = new Map(
    Object.values(pve.nodes).flatMap(({ datastores }) =>
      Object.entries(datastores).flatMap(([name, { shared, sizeGib }]) =>
        shared ? [[name, sizeGib] as const] : [],
      ),
    ),
  );
  const found: Shortage[] = [];
  for (const [datastore, sizeGib] of sizes) {
    const [wanted, room] = [gibOn(datastore, vms), Math.floor(sizeGib * pve.overcommit.disk)];
    lacking(found, { at: datastore, of: "disk", datastore, wanted, room });
  }
  return found;
}

/** Everything that is promised more often than there is of it, while all PVE nodes run. */
export function shortages(pve: PveNodes, nodes: readonly Placed[]): Shortage[] {
  const on = groupBy(nodes, ({ vm }) => vm.pveNode);
  return [
    ...Object.keys(pve.nodes).flatMap((name) => shortagesOn(name, pve, on.get(name) ?? [])),
    ...sharedShortages(pve, nodes),
  ];
}

/** Why a VM cannot run on a PVE node, whatever else runs there. */
export interface Obstacle {
  readonly lacks: "bridge" | "datastore" | "cores";
  /** Its name, or the number of cores that it has. */
  readonly what: string;
}

/** What the VM needs and that PVE node never has. A name that only OpenTofu knows is taken to be there. */
export function obstaclesTo({ vm }: Placed, on: PveNodeSettings): Obstacle[] {
  const found: Obstacle[] = [];
  for (const { bridge } of vm.networkInterfaces)
    if (!on.bridges.includes(bridge)) missing(found, "bridge", bridge);
  for (const { datastore } of vm.disks)
    if (on.datastores[datastore] === undefined) missing(found, "datastore", datastore);
  const { cloneDatastore } = vm;
  if (cloneDatastore !== undefined && on.datastores[cloneDatastore] === undefined)
    missing(found, "datastore", cloneDatastore);
  if (coresOf({ vm }) > on.cores) found.push({ lacks: "cores", what: String(on.cores) });
  return found;
}

/** Adds a name that is not there, once. */
function missing(found: Obstacle[], lacks: Obstacle["lacks"], what: string): void {
  const isKnown = found.some((each) => each.lacks === lacks && each.what === what);
  if (!isKnown && isLiteral(what)) found.push({ lacks, what });
}
