import { npmRun } from "../base/command-line";
import { quoteAll, type Fault } from "./fault";
import { terraformAddress, type Node } from "./model";

/** What `cluster.json` of the last synth records of a node. */
export interface RecordedNode {
  readonly id: string;
  readonly hostname: string;
  readonly vmId: number;
  readonly terraformName: string;
}

/**
 * Nodes whose VMs the next apply would destroy. Neither `prevent_destroy` nor PVE's protection prevents this:
 * the former disappears together with the block, the latter only makes the destruction fail half-way.
 */
export function removedNodes(last: readonly RecordedNode[], nodes: readonly Node[]): RecordedNode[] {
  const kept = new Set(nodes.flatMap((node) => [node.terraformName, node.formerTerraformName]));
  const vmIds = new Set(nodes.map((node) => node.vmId));
  return last.filter((node) => !kept.has(node.terraformName) && !vmIds.has(node.vmId));
}

/**
 * Faults of VMs whose Terraform name changed: OpenTofu would destroy the VM and clone another with the same ID.
 *
 * @param accepted - Terraform addresses to which the owner has moved a VM in the state
 */
export function renameFaults(
  last: readonly RecordedNode[],
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
      `'construct id' of ${quoteAll([node.hostname])}: VM ${node.vmId} was ${from} and would be ${to}, ` +
      "so the next apply would destroy it and clone another. Either\n" +
      `    set formerId: "${former.id}" on the node, and the next apply moves the VM in the state; or\n` +
      `    move it yourself: ${npmRun(`tofu -- state mv ${from} ${to}`)}\n` +
      `                      npm run synth -- --accept ${to}`;
    return [
      { nodes: [node.hostname], setting: "construct id", message, judgedBy: ["vmId", "Terraform name"] },
    ];
  });
}

/** Whether a value read from `cluster.json` has the form that a synth writes. */
export const isRecordedNode = (node: RecordedNode): boolean =>
  [node.id, node.hostname, node.terraformName].every((text) => typeof text === "string") &&
  Number.isSafeInteger(node.vmId);

/** Likewise, that it says where the node's VM is. */
export const isRecordedPlace = (
  node: RecordedNode,
): node is RecordedNode & { readonly vm: { readonly pveNode: string } } =>
  typeof (node as { readonly vm?: { readonly pveNode?: unknown } }).vm?.pveNode === "string";
