import { readFileSync } from "node:fs";
import { resolveCluster, resolveCommon } from "../../src/config/cluster";
import { describeFaults } from "../../src/config/fault";
import type { Cluster, Node } from "../../src/config/model";
import { resolveNode } from "../../src/config/node";
import { Firewall } from "../../src/render/firewall";
import { nodes } from "./nodes";
import { settings } from "./settings";

/** The cluster of `product.ts` with that many nodes, without CDKTF. Throws on a faulty one. */
export function cluster(count: number): Cluster {
  const shared = settings("pve");
  const { common, faults } = resolveCommon(shared, readFileSync(shared.authorizedKeysFile, "utf8"));
  const resolved = nodes(count).map(({ id, role, ...node }, index) =>
    resolveNode(id, role, role === "server" ? { ...node, clusterInit: index === 0 } : node, shared),
  );
  const whole = resolveCluster(
    common,
    resolved.map(({ node }) => node),
  );
  const messages = describeFaults([...faults, ...resolved.flatMap(({ faults }) => faults), ...whole.faults]);
  if (messages.length > 0) throw new Error(messages.join("\n"));
  return whole.cluster;
}

/** The product's ruleset for that host. */
export const product = (cluster: Cluster, host: Node): string => new Firewall(cluster).render(host);

/**
 * A hand-written ruleset with one rule per pair of nodes and direction: the same on every host, and in
 * a table of the family that ours has. (In a table of family `ip` the kernel takes a fifth of the time for these rules.)
 * The first rule accepts established connections, so that only new ones pay.
 */
export function* perPair(nodes: readonly Node[]): Generator<string> {
  yield "table inet per_pair\ndelete table inet per_pair\ntable inet per_pair {\n  chain input {\n";
  yield "    type filter hook input priority filter; policy drop;\n    ct state established,related accept\n";
  for (const from of nodes) {
    let rules = "";
    for (const to of nodes) {
      if (from !== to) rules += `    ip saddr ${from.ipv4Address} ip daddr ${to.ipv4Address} accept\n`;
    }
    yield rules;
  }
  yield "  }\n}\n";
}
