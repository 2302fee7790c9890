import type { Node } from "../config/model";
import { compareSettings, NODE_EFFECTS, type SettingChange } from "./settings";

export interface NodePair {
  readonly before: Node;
  readonly after: Node;
}

/** The nodes of both sides, matched. */
export interface Nodes {
  readonly added: readonly Node[];
  readonly removed: readonly Node[];
  readonly kept: readonly NodePair[];
}

/** A setting with the same change on some nodes. */
export interface NodeSettingChange extends SettingChange {
  /** New hostnames. */
  readonly hostnames: readonly string[];
}

/** Matches nodes by their address in the state, or else by VM ID. */
export function pairNodes(before: readonly Node[], after: readonly Node[]): Nodes {
  const byName = new Map(before.map((node) => [node.terraformName, node]));
  const byVmId = new Map(before.map((node) => [node.vmId, node]));
  const claimed = new Set<Node>();
  const claim = (node: Node | undefined): Node | undefined => {
    if (node === undefined || claimed.has(node)) return undefined;
    claimed.add(node);
    return node;
  };
  const formers = new Map(
    after.map((node) => [
      node,
      claim(byName.get(node.terraformName) ?? byName.get(node.formerTerraformName ?? "")),
    ]),
  );
  const all = after.map((node) => ({
    before: formers.get(node) ?? claim(byVmId.get(node.vmId)),
    after: node,
  }));
  return {
    added: all.filter((pair) => pair.before === undefined).map((pair) => pair.after),
    removed: before.filter((node) => !claimed.has(node)),
    kept: all.filter((pair): pair is NodePair => pair.before !== undefined),
  };
}

/** Changed settings of kept nodes. Nodes with the same change share an entry. */
export function compareNodes({ kept }: Nodes): NodeSettingChange[] {
  const shared = new Map<string, { change: SettingChange; hostnames: string[] }>();
  for (const { before, after } of kept) {
    for (const change of compareSettings({ ...before }, { ...after }, NODE_EFFECTS)) {
      const key = JSON.stringify([change.setting, change.before, change.after]);
      const known = shared.get(key);
      if (known) known.hostnames.push(after.hostname);
      else shared.set(key, { change, hostnames: [after.hostname] });
    }
  }
  return [...shared.values()].map(({ change, hostnames }) => ({ ...change, hostnames }));
}

/** The base's servers that keep their etcd membership: a renamed one leaves etcd and joins as another member. */
export const keptServers = ({ kept }: Nodes): Node[] =>
  kept
    .filter(({ before, after }) => before.role === "server" && after.role === "server")
    .filter(({ before, after }) => before.hostname === after.hostname && before.vmId === after.vmId)
    .map(({ after }) => after);
