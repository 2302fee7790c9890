import { virtualMachine } from "../provider/virtual-machine";
import type { Node } from "../config/model";
import { describedIn, type Emitted } from "./emitted";

/**
 * What a tree's committed `nix/` says, where its app does not run. It knows no OpenTofu JSON: the VMs are what this
 * version's constructs make of its nodes.
 */
export function committedIn(tree: string): Emitted {
  const cluster = describedIn(tree);
  const emitted = { stacks: [], emitsHosts: false, tree };
  return cluster === undefined ? emitted : withVmsOf({ ...emitted, cluster });
}

/** The same for a side whose app runs, so that like is compared with like. */
export const withVmsOf = (emitted: Emitted): Emitted => ({
  ...emitted,
  stacks: [
    { name: "", json: { resource: { proxmox_virtual_environment_vm: vmsOf(emitted.cluster?.nodes ?? []) } } },
  ],
});

const vmsOf = (nodes: readonly Node[]): Record<string, unknown> =>
  Object.fromEntries(nodes.map((node) => [node.terraformName, inSchemaNames(virtualMachine(node))]));

/** `networkDevice` → `network_device`, as the generated bindings do it. */
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
