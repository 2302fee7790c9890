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

/** Memory that a PVE node has for this cluster's VMs, in MiB, without overcommit. */
export const memoryForVms = (node: PveNodeSettings): number =>
  Math.max(0, node.memoryMib - (node.reservedMib ?? 0) - zfsArcMib(node));

export const coresOf = ({ vm }: Load): number => vm.cores * vm.sockets;

/** Without lists in between: a simulation of all failures sums up a million times. */
export const total = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0);

const gibOn = (datastore: string, { vm }: Load): number =>
  total(vm.disks, (disk) => (disk.datastore === datastore ? disk.sizeGib : 0));

/** What they take together, as one VM would. */
export function asOne(vms: readonly Load[]): Load {
  const datastores = new Set(vms.flatMap(({ vm }) => vm.disks.map(({ datastore }) => datastore)));
  return {
    vm: {
      cores: total(vms, coresOf),
      sockets: 1,
      memoryMib: total(vms, ({ vm }) => vm.memoryMib),
      disks: [...datastores].map((datastore) => ({
        datastore,
        sizeGib: total(vms, (each) => gibOn(datastore, each)),
      })),
    },
  };
}

const shortage = (found: Shortage): Shortage[] => (found.wanted > found.room ? [found] : []);

/** What one PVE node lacks for those VMs. Its shared datastores are judged by `sharedShortages`. */
export function shortagesOn(at: string, pve: PveNodes, vms: readonly Load[]): Shortage[] {
  const node = pve.nodes[at];
  if (node === undefined) return [];
  const { cpu, memory, disk } = pve.overcommit;
  return [
    ...shortage({ at, of: "cores", wanted: total(vms, coresOf), room: Math.floor(node.cores * cpu) }),
    ...shortage({
      at,
      of: "memory",
      wanted: total(vms, ({ vm }) => vm.memoryMib),
      room: Math.floor(memoryForVms(node) * memory),
    }),
    ...Object.entries(node.datastores)
      .filter(([, { shared }]) => !shared)
      .flatMap(([datastore, { sizeGib }]) =>
        shortage({
          at,
          of: "disk",
          datastore,
          wanted: total(vms, (each) => gibOn(datastore, each)),
          room: Math.floor(sizeGib * disk),
        }),
      ),
  ];
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
  return [...sizes].flatMap(([datastore, sizeGib]) =>
    shortage({
      at: datastore,
      of: "disk",
      datastore,
      wanted: total(vms, (each) => gibOn(datastore, each)),
      room: Math.floor(sizeGib * pve.overcommit.disk),
    }),
  );
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
  const lacking = (lacks: Obstacle["lacks"], names: readonly string[]): Obstacle[] =>
    [...new Set(names)].map((what) => ({ lacks, what }));
  const bridges = vm.networkInterfaces
    .map(({ bridge }) => bridge)
    .filter((name) => !on.bridges.includes(name) && isLiteral(name));
  const datastores = [...vm.disks.map(({ datastore }) => datastore), vm.cloneDatastore].filter(
    (name) => name !== undefined && on.datastores[name] === undefined && isLiteral(name),
  ) as string[];
  return [
    ...lacking("bridge", bridges),
    ...lacking("datastore", datastores),
    ...(coresOf({ vm }) > on.cores ? lacking("cores", [String(on.cores)]) : []),
  ];
}
