import { virtualMachine } from "../provider/virtual-machine";
import type { Node } from "../config/model";
import { readCluster, type Emitted } from "./emitted";

/**
 * Reads a tree's committed `nix/` instead of running its app. It has no OpenTofu JSON, so the VMs are what this version's
 * constructs make of its nodes.
 */
export function readEmitted(tree: string): Emitted {
  const cluster = readCluster(tree);
  const emitted = { stacks: [], emitsHosts: false, tree };
  return cluster === undefined ? emitted : withVmsOf({ ...emitted, cluster });
}

/** Does the same for a side whose app runs, so that both sides are comparable. */
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
