/** What Proxmox VE's nodes have, in the form of `pve.nodes`. */
import { PveNodeSchema, type PveDatastoreSettings, type PveNodeSettings } from "../config/settings";
import type { PveApi } from "./api";

type Reader = Pick<PveApi, "get">;

/** Bounds what an answer may make of the file. */
const MOST = 200;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

export interface Inventory {
  /** By name, sorted. */
  readonly nodes: Readonly<Record<string, PveNodeSettings>>;
  /** Why a PVE node, or something of it, is not among them. */
  readonly leftOut: readonly string[];
}

interface NodeAnswer {
  readonly node?: unknown;
  readonly status?: unknown;
  readonly maxcpu?: unknown;
  readonly maxmem?: unknown;
}

interface StorageAnswer {
  readonly storage?: unknown;
  readonly content?: unknown;
  readonly type?: unknown;
  readonly shared?: unknown;
  readonly active?: unknown;
  readonly total?: unknown;
}

/**
 * Asks Proxmox VE, and changes nothing.
 *
 * @throws PveError if it does not answer
 */
export async function readInventory(api: Reader): Promise<Inventory> {
  const all = listed<NodeAnswer>(await api.get(["nodes"]));
  const found = await Promise.all(
    all.flatMap(({ node, ...answer }) => (isName(node) ? [readNode(api, node, answer)] : [])),
  );
  const kept = found.flatMap(({ name, settings }) =>
    settings === undefined ? [] : [[name, settings] as const],
  );
  return {
    nodes: Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))),
    leftOut: found.flatMap(({ leftOut }) => leftOut).sort(),
  };
}

async function readNode(
  api: Reader,
  name: string,
  { status, maxcpu, maxmem }: NodeAnswer,
): Promise<{ name: string; settings?: PveNodeSettings; leftOut: string[] }> {
  if (status !== "online") return { name, leftOut: [`${name} is not online`] };
  if (typeof maxcpu !== "number" || typeof maxmem !== "number")
    return {
      name,
      leftOut: [
        `${name}: the token may not see its CPUs and memory, which needs Sys.Audit on /nodes/${name}`,
      ],
    };
  const [storages, bridges] = await Promise.all([
    api.get(["nodes", name, "storage"]),
    api.get(["nodes", name, "network"], { type: "any_bridge" }),
  ]);
  const settings = {
    cores: maxcpu,
    memoryMib: Math.floor(maxmem / MIB),
    datastores: Object.fromEntries(listed<StorageAnswer>(storages).flatMap(datastore).sort(byName)),
    bridges: listed<{ readonly iface?: unknown }>(bridges)
      .flatMap(({ iface }) => (isName(iface) ? [iface] : []))
      .sort(),
  };
  return PveNodeSchema.safeParse(settings).success
    ? { name, settings, leftOut: [] }
    : { name, leftOut: [`${name} has no datastore for disks of VMs that the token sees`] };
}

/** Those for disks of VMs. */
function datastore({
  storage,
  content,
  type,
  shared,
  active,
  total,
}: StorageAnswer): [string, PveDatastoreSettings][] {
  const isForDisks = typeof content === "string" && content.split(",").includes("images");
  if (!isName(storage) || !isForDisks || active !== 1 || typeof total !== "number" || total < GIB) return [];
  const flags = { ...(shared === 1 && { shared: true }), ...(type === "zfspool" && { zfs: true }) };
  return [[storage, { sizeGib: Math.floor(total / GIB), ...flags }]];
}

const isName = (value: unknown): value is string => typeof value === "string" && NAME.test(value);

/** The first of a list, which an answer may not be. */
const listed = <T>(answer: unknown): T[] => (Array.isArray(answer) ? (answer.slice(0, MOST) as T[]) : []);

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
