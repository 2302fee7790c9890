/** Where a node is, for Kubernetes: its region is a Proxmox VE, its zone a PVE node, and its VM has a provider ID. */
import { quoteAll, type Fault } from "./fault";
import { nodeName, type Cluster, type Common, type Node } from "./model";
import { isLiteral } from "./references";

const REGION_LABEL = "topology.kubernetes.io/region";
const ZONE_LABEL = "topology.kubernetes.io/zone";

type Region = Pick<Common, "k3s">;

/** Labels of the node, with those of the topology that its own settings do not state. */
export function labelsOf({ k3s: { pveRegion } }: Region, node: Node): string[] {
  if (pveRegion === undefined) return [...node.nodeLabels];
  const derived = [`${REGION_LABEL}=${pveRegion}`, `${ZONE_LABEL}=${node.vm.pveNode}`];
  const isStated = (label: string): boolean => stated(node, keyOf(label)) !== undefined;
  return [...node.nodeLabels, ...derived.filter((label) => !isStated(label))].sort();
}

/** The form that proxmox-csi-plugin and proxmox-cloud-controller-manager read. */
export const providerIdOf = ({ k3s: { pveRegion } }: Region, { vmId }: Node): string | undefined =>
  pveRegion === undefined ? undefined : `proxmox://${pveRegion}/${vmId}`;

export function topologyFaults(cluster: Cluster): Fault[] {
  const { pveRegion, serverFlags, agentFlags } = cluster.k3s;
  if (pveRegion === undefined) return [];
  const shared: (readonly [string, readonly string[]])[] = [
    ["k3s.serverFlags", serverFlags],
    ["k3s.agentFlags", agentFlags],
  ];
  return [
    ...shared.filter(([, flags]) => flags.some(isProviderId)).map(([setting]) => twice([], setting)),
    ...cluster.nodes.flatMap((node) => nodeFaults(node, pveRegion)),
  ];
}

function nodeFaults(node: Node, region: string): Fault[] {
  const name = nodeName(node);
  const fault = (problem: string | undefined, judgedBy: readonly string[] = []): Fault[] =>
    problem === undefined
      ? []
      : [
          {
            nodes: [name],
            setting: "nodeLabels",
            message: `'nodeLabels' of ${quoteAll([name])} ${problem}`,
            judgedBy,
          },
        ];
  return [
    ...(node.k3sFlags.some(isProviderId) ? [twice([name], "k3sFlags")] : []),
    ...fault(regionProblem(stated(node, REGION_LABEL), region)),
    ...fault(zoneProblem(stated(node, ZONE_LABEL), node.vm.pveNode), PLACE),
  ];
}

function regionProblem(label: string | undefined, region: string): string | undefined {
  if (label === undefined || label === region) return undefined;
  return `has ${REGION_LABEL}=${label}, but 'k3s.pveRegion' is ${region}; leave the label out`;
}

function zoneProblem(label: string | undefined, pveNode: string): string | undefined {
  if (isLiteral(pveNode)) {
    if (label === undefined || label === pveNode) return undefined;
    return `has ${ZONE_LABEL}=${label}, but its VM runs on PVE node ${pveNode}; leave the label out`;
  }
  return label === undefined
    ? `should have ${ZONE_LABEL}, the name of its PVE node, which only OpenTofu knows`
    : undefined;
}

const PLACE = ["vm.pveNode", "pveNode"];

const twice = (nodes: readonly string[], setting: string): Fault => ({
  nodes,
  setting,
  sentence: "has --kubelet-arg=provider-id, which 'k3s.pveRegion' sets; leave the flag out",
});

const isProviderId = (flag: string): boolean => /^--kubelet-arg[= ]-*provider[-_]id/.test(flag);

const keyOf = (label: string): string => label.slice(0, label.indexOf("="));

const stated = ({ nodeLabels }: Node, key: string): string | undefined =>
  nodeLabels.find((label) => keyOf(label) === key)?.slice(key.length + 1);
