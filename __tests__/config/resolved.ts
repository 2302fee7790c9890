/** A cluster as the rules see it: without constructs, files and a synth, so that hundreds take a second. */
import { resolveCluster, resolveCommon } from "../../src/config/cluster";
import { describeFaults, Faults, withNews, type Fault } from "../../src/config/fault";
import type { Cluster } from "../../src/config/model";
import { resolveNode } from "../../src/config/node";
import type { LastPlaces } from "../../src/config/pve";
import { ClusterSchema, NodeSchema, ServerSchema, type ClusterSettings } from "../../src/config/settings";
import { validateSettings } from "../../src/config/validation";
import { policyFaults } from "../../src/firewall/policy";
import type { TestNode } from "../fixture";

export interface Resolved {
  readonly cluster: Cluster;
  readonly faults: readonly string[];
}

/** @param keys - content of the file of operators' keys */
export function resolved(
  settings: ClusterSettings,
  nodes: readonly TestNode[],
  keys: string,
  lastPlaces?: LastPlaces,
): Resolved {
  const shape = new Faults();
  const groups = { network: {}, k3s: {}, nixos: {}, vm: {} };
  const valid: ClusterSettings = { ...groups, ...validateSettings(settings, ClusterSchema, shape) };
  const { common, faults } = resolveCommon(valid, keys);
  const all = nodes.map((node) => resolvedNode(node, valid));
  const { cluster, faults: between } = resolveCluster(
    common,
    all.map(({ node }) => node),
    {
      allowEvenServerCount: valid.allowEvenServerCount,
      templateVmId: valid.vm.templateVmId,
      lastPlaces,
    },
  );
  const found = [shape.all, faults, ...all.map((each) => each.faults), between, policyFaults(cluster)];
  return { cluster, faults: describeFaults(found.reduce<Fault[]>(withNews, [])) };
}

function resolvedNode(
  { id, role, ...stated }: TestNode,
  cluster: ClusterSettings,
): ReturnType<typeof resolveNode> {
  const shape = new Faults([stated.hostname || id]);
  const valid = validateSettings(stated, role === "server" ? ServerSchema : NodeSchema, shape);
  const { node, faults } = resolveNode(id, role, valid, cluster);
  return { node, faults: withNews(shape.all, faults) };
}
