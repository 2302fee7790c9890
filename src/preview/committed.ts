import { virtualMachine } from "../provider/virtual-machine";
import type { Node } from "../config/model";
import { firstCluster, type Emitted } from "./emitted";

/** Reads a tree's committed files instead of running its app. There is no OpenTofu JSON. */
export function readEmitted(tree: string): Emitted {
  return { stacks: [], ...firstCluster(tree), emitsHosts: false, tree };
}

/** With the VMs that this version's constructs make of its nodes instead of OpenTofu JSON, so that both sides are comparable. */
export const withVmsOf = (emitted: Emitted): Emitted => ({
  ...emitted,
  stacks: [
    { name: "", json: { resource: { proxmox_virtual_environment_vm: vmsOf(emitted.cluster?.nodes ?? []) } } },
  ],
});

const vmsOf = (nodes: readonly Node[]): Record<string, unknown> =>
  Object.fromEntries(nodes.map((node) => [node.terraformName, inSchemaNames(virtualMachine(node))]));

/** `networkDevice` → `network_device`, like the generated bindings. */
function inSchemaNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSchemaNames);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      inSchemaNames(item),
    ]),
  );
}
