/** Checks that Proxmox VE has what the nodes use: PVE nodes, datastores, bridges, VM IDs. */
import { counted, enumerated } from "../base/markdown";
import type { Node } from "../config/model";
import { summed, unknown, type Check } from "./check";
import { PveError, type PveApi } from "../pve/api";
import { settled, settledAll } from "../config/references";

/** The cluster's nodes, and the variables that their settings may refer to. */
export interface Wanted {
  readonly nodes: readonly Node[];
  readonly env: NodeJS.ProcessEnv;
}

export interface Guest {
  readonly type: "qemu" | "lxc";
  readonly vmid: number;
  readonly name?: string;
  readonly node: string;
  readonly template?: 0 | 1;
}

/** What Proxmox VE says about one of its nodes. */
interface PveNode {
  readonly name: string;
  readonly storages: ReadonlyMap<string, { readonly content: string; readonly active: number }>;
  /** Types by name. */
  readonly bridges: ReadonlyMap<string, string>;
}

export async function checkPveNodes(api: PveApi, { nodes, env }: Wanted): Promise<Check> {
  const all = (await api.get(["nodes"])) as { node: string; status: string }[];
  const { values, unseen } = settledAll(
    nodes.flatMap(({ vm }) => [
      vm.pveNode,
      ...(vm.templatePveNode === undefined ? [] : [vm.templatePveNode]),
    ]),
    env,
  );
  const status = new Map(all.map(({ node, status }) => [node, status]));
  return summed("PVE nodes", {
    problems: values.flatMap((name) => {
      if (!status.has(name)) return [`${name} does not exist`];
      return status.get(name) === "online" ? [] : [`${name} is ${status.get(name)}`];
    }),
    unseen,
    summary: enumerated(values),
    remedy: `Proxmox VE has ${enumerated([...status.keys()])}: correct pveNode in main.ts, or TF_VAR_….`,
  });
}

/** The PVE nodes that the nodes name. Those that do not exist or do not answer are left out. */
export async function lookAtPveNodes(api: PveApi, { nodes, env }: Wanted): Promise<PveNode[]> {
  const { values } = settledAll(
    nodes.map(({ vm }) => vm.pveNode),
    env,
  );
  const found = await Promise.allSettled(values.map((name) => lookAt(api, name)));
  return found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

/** What answers like Proxmox VE's API. */
export type Reader = Pick<PveApi, "get">;

export async function lookAt(api: Reader, name: string): Promise<PveNode> {
  const [storages, bridges] = (await Promise.all([
    api.get(["nodes", name, "storage"]),
    api.get(["nodes", name, "network"], { type: "any_bridge" }),
  ])) as [{ storage: string; content: string; active: number }[], { iface: string; type: string }[]];
  return {
    name,
    storages: new Map(storages.map(({ storage, content, active }) => [storage, { content, active }])),
    bridges: new Map(bridges.map(({ iface, type }) => [iface, type])),
  };
}

export const guests = async (api: Reader): Promise<Guest[]> =>
  (await api.get(["cluster", "resources"], { type: "vm" })) as Guest[];

export function checkDatastores(pve: readonly PveNode[], wanted: Wanted): Check {
  return eachOnItsNode("Datastores", pve, wanted, {
    used: ({ vm }) => [
      ...vm.disks.map(({ datastore }) => datastore),
      ...(vm.cloneDatastore === undefined ? [] : [vm.cloneDatastore]),
    ],
    fault: (pve, name) => datastoreFault(pve, name),
    remedy:
      "Correct the datastore in main.ts, or add it in Proxmox VE with the content 'Disk image'. Without the privilege Datastore.Audit, Proxmox VE hides it.",
  });
}

export function checkBridges(pve: readonly PveNode[], wanted: Wanted): Check {
  return eachOnItsNode("Bridges", pve, wanted, {
    used: ({ vm }) => vm.networkInterfaces.map(({ bridge }) => bridge),
    fault: (pve, name) => bridgeFault(pve, name),
    remedy:
      "Correct the bridge in main.ts, or add it on that PVE node. Without the privilege SDN.Use, Proxmox VE hides it.",
  });
}

/** @param who - asked */
export function datastoreFault(
  { name, storages }: PveNode,
  datastore: string,
  who = "the token",
): string | undefined {
  const storage = storages.get(datastore);
  if (storage === undefined) return `${who} sees no ${datastore} on ${name}`;
  if (!storage.content.split(",").includes("images"))
    return `${datastore} on ${name} does not allow disk images`;
  return storage.active === 1 ? undefined : `${datastore} on ${name} is not active`;
}

/** @param who - asked */
export const bridgeFault = (
  { name, bridges }: PveNode,
  bridge: string,
  who = "the token",
): string | undefined => (bridges.has(bridge) ? undefined : `${who} sees no ${bridge} on ${name}`);

interface Kind {
  /** Names in a node's settings. */
  readonly used: (node: Node) => readonly string[];
  readonly fault: (pve: PveNode, name: string) => string | undefined;
  readonly remedy: string;
}

function eachOnItsNode(
  title: string,
  pve: readonly PveNode[],
  { nodes, env }: Wanted,
  { used, fault, remedy }: Kind,
): Check {
  const problems = new Set<string>();
  const unseen = new Set<string>();
  const seen = new Set<string>();
  for (const node of nodes) {
    const at = settled(node.vm.pveNode, env);
    const { values, unseen: names } = settledAll(used(node), env);
    for (const name of names) unseen.add(name);
    if ("unseen" in at) unseen.add(at.unseen);
    const there = "value" in at ? pve.find(({ name }) => name === at.value) : undefined;
    if ("value" in at && there === undefined) unseen.add(`${at.value} does not answer`);
    for (const name of there === undefined ? [] : values) {
      const wrong = there && fault(there, name);
      if (wrong === undefined) seen.add(name);
      else problems.add(wrong);
    }
  }
  return summed(title, {
    problems: [...problems],
    unseen: [...unseen],
    summary: enumerated([...seen]),
    remedy,
  });
}

/** The VM ID of a new node has to be free. The VM of an existing node has its hostname. */
export async function checkVmIds(api: PveApi, all: readonly Guest[], { nodes }: Wanted): Promise<Check> {
  const found = await Promise.all(nodes.map((node) => holderOf(api, all, node)));
  const problems = found.flatMap((one) => ("problem" in one ? [one.problem] : []));
  const free = found.filter((one) => "isFree" in one && one.isFree).length;
  return summed("VM IDs", {
    problems,
    unseen: [],
    summary: `${free} free, ${counted(nodes.length - free, "VM")} of this cluster`,
    remedy:
      "Choose another vmId in main.ts. If it is the VM of that node, rename it: qm set ID --name HOSTNAME.",
  });
}

async function holderOf(
  api: PveApi,
  all: readonly Guest[],
  { vmId, hostname }: Node,
): Promise<{ readonly problem: string } | { readonly isFree: boolean }> {
  const guest = all.find(({ vmid }) => vmid === vmId);
  if (guest === undefined) {
    if (await isFree(api, vmId)) return { isFree: true };
    return { problem: `${vmId} (${hostname}) belongs to a guest that the token does not see` };
  }
  const { type, name = "without a name", node } = guest;
  const kind = type === "lxc" ? "container" : guest.template === 1 ? "template" : "VM";
  return kind === "VM" && name === hostname
    ? { isFree: false }
    : { problem: `${vmId} (${hostname}) belongs to the ${kind} ${name} on ${node}` };
}

/** Proxmox VE answers this also for guests that it hides. */
async function isFree(api: PveApi, vmId: number): Promise<boolean> {
  try {
    await api.get(["cluster", "nextid"], { vmid: String(vmId) });
    return true;
  } catch (error) {
    if (error instanceof PveError && error.status === 400) return false;
    throw error;
  }
}

/** Runs a check that asks Proxmox VE. */
export async function asked(name: string, check: () => Check | Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof PveError) return unknown(name, `not checked: ${error.message}`);
    throw error;
  }
}

/** Those bridges that are VNets of SDN zones. */
export const vnetsOf = (pve: readonly PveNode[]): Set<string> =>
  new Set(
    pve.flatMap(({ bridges }) => [...bridges].filter(([, type]) => type === "vnet").map(([name]) => name)),
  );
