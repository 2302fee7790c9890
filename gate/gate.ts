/** Holds a saved plan against what nobody agreed to: a VM destroyed, replaced, powered off, cut off from its network. */
import { COST_WORDS } from "../preview/costs";
import { problemsOf, type Plan, type ResourceChange } from "./plan";
import { summaryOf } from "./plan-summary";
import { plannedChanges } from "./planned-vm";
import { asks, reasonsOf, type Reason } from "./reasons";
import { subjectInWords, subjectOf, VM_TYPE } from "./subject";

export interface Verdict {
  readonly passes: boolean;
  readonly summary: string;
  /** What stands against the plan. */
  readonly reasons: readonly Reason[];
  /** What would, had it not been allowed. */
  readonly allowed: readonly Reason[];
  /** What is good to know. */
  readonly notes: readonly string[];
  /** Names that were allowed and are not in the plan. */
  readonly unmatched: readonly string[];
}

export function gate(plan: Plan, allowed: readonly string[]): Verdict {
  const resources = plan.resource_changes ?? [];
  const names = new Map(resources.map((resource) => [resource, subjectOf(resource).names]));
  const isAllowed = (resource: ResourceChange): boolean =>
    allowed.some((name) => names.get(resource)?.includes(name));
  const agreed = resources.filter(isAllowed).flatMap(reasonsOf);
  const reasons = resources.filter((resource) => !isAllowed(resource)).flatMap(reasonsOf);
  return {
    passes: reasons.length === 0,
    summary: summaryOf(plan),
    reasons,
    allowed: agreed,
    notes: [...resources.flatMap(notesOf), ...notesOfPlan(plan)],
    unmatched: allowed.filter((name) => ![...names.values()].some((all) => all.includes(name))),
  };
}

function notesOf(resource: ResourceChange): string[] {
  const { actions, importing } = resource.change;
  const name = subjectInWords(subjectOf(resource));
  const isVm = resource.type === VM_TYPE;
  const updated = actions.length === 1 && actions[0] === "update";
  return [
    ...(resource.previous_address
      ? [`${name} is moved in the state, from ${resource.previous_address}`]
      : []),
    ...(importing ? [`${name} is imported into the state`] : []),
    ...(actions.includes("forget") ? [`${name} leaves the state, and stays as it is`] : []),
    ...(updated && !isVm ? [`${name} is changed; the gate knows what that costs of VMs alone`] : []),
    ...(updated && isVm ? quietChanges(resource).map((words) => `${name}: ${words}`) : []),
  ];
}

/** What changes in a VM without anybody being asked. */
const quietChanges = ({ change }: ResourceChange): string[] =>
  plannedChanges(change)
    .filter((one) => !asks(one, change))
    .map(({ words, cost }) => `${words}: ${COST_WORDS[cost]}`);

const notesOfPlan = ({ checks = [] }: Plan): string[] =>
  checks
    .filter(({ status }) => status === "fail")
    .map((check) => `${check.address.to_display} fails: ${problemsOf(check)}`);
