import { lostResources } from "./creation";
import type { Plan, ResourceChange } from "./plan";
import { VM_TYPE } from "./subject";

/** Counts what a plan does: `1 VM is created; 2 VMs are changed`. */
export function summaryOf(plan: Plan): string {
  const { resource_changes = [], output_changes = {} } = plan;
  const lost = lostResources(plan);
  const vms = resource_changes.filter(({ type }) => type === VM_TYPE);
  const others = resource_changes.filter(({ type }) => type !== VM_TYPE);
  const outputs = Object.values(output_changes).filter(({ actions }) => !actions.includes("no-op")).length;
  const parts = [
    ...counted(vms, "VM"),
    ...counted(others, "other resource"),
    ...(lost.length > 0 ? [`${count(lost.length, "resource")} lost`] : []),
    ...(outputs > 0 ? [`${count(outputs, "output")} changed`] : []),
  ];
  return parts.length > 0 ? `${parts.join("; ")}.` : "Nothing changes.";
}

const ACTIONS: readonly [string, (resource: ResourceChange) => boolean][] = [
  ["created", ({ change }) => is(change.actions, "create")],
  ["changed", ({ change }) => is(change.actions, "update")],
  ["REPLACED", ({ change }) => change.actions.includes("delete") && change.actions.includes("create")],
  ["DESTROYED", ({ change }) => is(change.actions, "delete")],
  ["forgotten", ({ change }) => change.actions.includes("forget")],
  ["imported", ({ change }) => Boolean(change.importing)],
  ["moved", ({ previous_address }) => previous_address !== undefined],
  ["read", ({ change }) => is(change.actions, "read")],
];

const is = (actions: readonly string[], action: string): boolean =>
  actions.length === 1 && actions[0] === action;

const counted = (resources: readonly ResourceChange[], noun: string): string[] =>
  ACTIONS.flatMap(([participle, matches]) => {
    const some = resources.filter(matches).length;
    return some > 0 ? [`${count(some, noun)} ${participle}`] : [];
  });

const count = (some: number, noun: string): string => (some === 1 ? `1 ${noun} is` : `${some} ${noun}s are`);
