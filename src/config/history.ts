import { listed, type Fault } from "./fault";
import { terraformAddress, type Node } from "./model";

/** What is left of a node in the `cluster.json` of the last synth. */
export interface LastNode {
  readonly id: string;
  readonly hostname: string;
  readonly vmId: number;
  readonly terraformName: string;
}

/**
 * VMs that the next apply would destroy. Neither `prevent_destroy` nor PVE's protection stops it: the first goes
 * away together with the block, the second only makes the destruction fail half-way.
 */
export function vanished(last: readonly LastNode[], nodes: readonly Node[]): LastNode[] {
  const kept = new Set(nodes.flatMap((node) => [node.terraformName, node.formerTerraformName]));
  const vmIds = new Set(nodes.map((node) => node.vmId));
  return last.filter((node) => !kept.has(node.terraformName) && !vmIds.has(node.vmId));
}

/**
 * VMs whose Terraform name changed: OpenTofu would destroy the one and clone another with the same ID.
 *
 * @param accepted - Terraform addresses that their owner has moved in the state
 */
export function renamed(
  last: readonly LastNode[],
  nodes: readonly Node[],
  accepted: ReadonlySet<string>,
): Fault[] {
  const byVmId = new Map(last.map((node) => [node.vmId, node]));
  return nodes.flatMap((node) => {
    const former = byVmId.get(node.vmId);
    if (former === undefined || former.terraformName === node.terraformName) return [];
    const [from, to] = [terraformAddress(former.terraformName), terraformAddress(node.terraformName)];
    if (node.formerTerraformName === former.terraformName || accepted.has(to)) return [];
    const message =
      `'construct id' of ${listed([node.hostname])}: VM ${node.vmId} was ${from} and would be ${to}, ` +
      "which destroys it and clones another. Either\n" +
      `    state formerId: "${former.id}" on the node, which moves the VM in the next apply; or\n` +
      `    move it yourself and say so: npm run tofu -- state mv ${from} ${to}\n` +
      `                                 npm run synth -- --accept ${to}`;
    return [
      { nodes: [node.hostname], setting: "construct id", message, judgedBy: ["vmId", "Terraform name"] },
    ];
  });
}

/** Whether it is what a synth leaves of a node. */
export const isLastNode = (node: LastNode): boolean =>
  [node.id, node.hostname, node.terraformName].every((text) => typeof text === "string") &&
  Number.isSafeInteger(node.vmId);
