/** Checks that the servers' etcd has a fast disk: it works on a slow one too, until something else uses that disk. */
import { enumerated } from "../base/markdown";
import { etcdDisk } from "../config/data-disks";
import { ETCD_FOLDER } from "../config/settings";
import { ok, unknown, warning, type Check } from "./check";
import type { Wanted } from "./inventory";
import type { PveApi } from "../pve/api";
import { settled } from "../config/references";

const NAME = "Disks of etcd";

const REMEDY =
  "etcd waits for its disk at every write, and a server whose etcd is late loses its place in the cluster. Use an SSD of the " +
  `PVE node, for example for a disk with mount: { path: "${ETCD_FOLDER}" }.`;

/** Types of datastores behind a network; `zfs` is ZFS over iSCSI. Source: pve-storage, src/PVE/Storage/*Plugin.pm. */
const NETWORK = new Set("cephfs cifs glusterfs iscsi iscsidirect nfs rbd zfs".split(" "));

/** A datastore as Proxmox VE is configured. */
interface Datastore {
  readonly storage: string;
  readonly type: string;
  /** Volume group of LVM. */
  readonly vgname?: string;
}

/** Source: pve-storage, src/PVE/Diskmanage.pm. `hdd` is a disk that told how fast it turns. */
interface PhysicalDisk {
  readonly devpath: string;
  readonly type: string;
  /** The disk of a partition. */
  readonly parent?: string;
}

interface VolumeGroups {
  readonly children: readonly {
    readonly name: string;
    readonly children?: readonly { readonly name: string }[];
  }[];
}

/** Where etcd of one server has its data. */
interface Place {
  readonly hostname: string;
  readonly pveNode: string;
  readonly datastore: Datastore;
}

export async function checkEtcdDisks(api: PveApi, { nodes, env }: Wanted): Promise<Check> {
  const datastores = (await api.get(["storage"])) as Datastore[];
  const places: Place[] = [];
  const unseen = new Set<string>();
  for (const { hostname, role, vm } of nodes) {
    if (role !== "server") continue;
    const pveNode = settled(vm.pveNode, env);
    const named = settled(etcdDisk(vm).datastore, env);
    const datastore = "value" in named && datastores.find(({ storage }) => storage === named.value);
    if ("unseen" in pveNode) unseen.add(pveNode.unseen);
    if ("unseen" in named) unseen.add(named.unseen);
    else if (!datastore) unseen.add(`the token sees no ${named.value}`);
    if ("value" in pveNode && datastore) places.push({ hostname, pveNode: pveNode.value, datastore });
  }
  const turning = await turningDatastores(api, places);
  const slow = places.flatMap((place) => slowness(place, turning));
  if (slow.length > 0) return warning(NAME, slow.join("; "), REMEDY);
  if (unseen.size > 0) return unknown(NAME, [...unseen].join("; "));
  return ok(NAME, enumerated([...new Set(places.map(({ datastore }) => datastore.storage))]));
}

const keyOf = ({ pveNode, datastore }: Place): string => `${datastore.storage} of ${pveNode}`;

function slowness(place: Place, turning: ReadonlySet<string>): string[] {
  const { hostname, datastore } = place;
  if (NETWORK.has(datastore.type))
    return [`${hostname} has it on ${datastore.storage}, which is behind a network (${datastore.type})`];
  return turning.has(keyOf(place)) ? [`${hostname} has it on ${keyOf(place)}, which is a hard disk`] : [];
}

/** Those whose disks all turn. */
async function turningDatastores(api: PveApi, places: readonly Place[]): Promise<Set<string>> {
  const local = places.filter(({ datastore }) => !NETWORK.has(datastore.type));
  const names = [...new Set(local.map(({ pveNode }) => pveNode))];
  const disks = new Map(
    await Promise.all(names.map(async (name) => [name, await disksOf(api, name)] as const)),
  );
  return new Set(
    local
      .filter(({ pveNode, datastore }) => {
        const below = disks.get(pveNode)?.(datastore.vgname) ?? [];
        return below.length > 0 && below.every(({ type }) => type === "hdd");
      })
      .map(keyOf),
  );
}

/**
 * @returns the disks below a volume group. Which disks are below a directory or a ZFS pool, Proxmox VE does not say in a form
 *   that leads to a disk, so that all of the PVE node's are returned: a warning then is certain, and no warning is not.
 */
async function disksOf(api: PveApi, pveNode: string): Promise<(volumeGroup?: string) => PhysicalDisk[]> {
  const [all, groups] = (await Promise.all([
    api.get(["nodes", pveNode, "disks", "list"], { "include-partitions": "1", skipsmart: "1" }),
    api.get(["nodes", pveNode, "disks", "lvm"]),
  ])) as [PhysicalDisk[], VolumeGroups];
  const whole = all.filter(({ parent, type }) => parent === undefined && type !== "usb");
  return (volumeGroup) => {
    const group = groups.children.find(({ name }) => name === volumeGroup);
    if (group === undefined) return whole;
    const volumes = new Set((group.children ?? []).map(({ name }) => name));
    const parents = new Set(
      all.flatMap(({ devpath, parent }) => (volumes.has(devpath) ? [parent ?? devpath] : [])),
    );
    return whole.filter(({ devpath }) => parents.has(devpath));
  };
}
