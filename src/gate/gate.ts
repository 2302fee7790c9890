/** Holds a saved plan against what nobody agreed to: a VM destroyed, replaced, powered off, cut off from its network. */
import { describeImpact } from "../provider/impact";
import { KINDS, permissionOf, type Permission } from "./kinds";
import { checkOf, creationNotes } from "./creation";
import { isRefreshOnly, problemsOf, type Plan, type ResourceChange } from "./plan";
import { summaryOf } from "./plan-summary";
import { plannedChanges } from "./planned-vm";
import type { Reason } from "./reason";
import { askedFor, forgotten, forgottenReason, reasonsOf } from "./reasons";
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
  /** What was allowed and says nothing of this plan, each with what to write. */
  readonly unmatched: readonly string[];
}

/** @param allowed - `NODE:KIND`, by the hostname or the resource's address, and one of `KINDS` */
export function judgePlan(plan: Plan, allowed: readonly string[]): Verdict {
  const resources = plan.resource_changes ?? [];
  const permissions = allowed.map(permissionOf);
  const lost = forgotten(plan);
  const all = [
    ...resources.flatMap((resource) => named(resource, reasonsOf(resource, plan))),
    ...lost.flatMap((resource) => named(resource, [forgottenReason(resource)])),
  ];
  const isAllowed = ({ reason, names }: Named): boolean =>
    permissions.some(({ node, kind }) => kind === reason.kind && names.includes(node));
  const reasons = all.filter((one) => !isAllowed(one)).map(({ reason }) => reason);
  return {
    passes: reasons.length === 0,
    summary: summaryOf(plan),
    reasons,
    allowed: all.filter(isAllowed).map(({ reason }) => reason),
    notes: [...resources.flatMap(notesOf), ...notesOfPlan(plan)],
    unmatched: permissions.flatMap((permission) => unmatched(permission, [...resources, ...lost], all)),
  };
}

interface Named {
  readonly reason: Reason;
  readonly names: readonly string[];
}

function named(resource: ResourceChange, reasons: readonly Reason[]): Named[] {
  const { names } = subjectOf(resource);
  return reasons.map((reason) => ({ reason, names }));
}

/** Why a permission changes nothing of the verdict. */
function unmatched(
  { text, node, kind }: Permission,
  resources: readonly ResourceChange[],
  all: readonly Named[],
): string[] {
  const asked = all.filter(({ names }) => names.includes(node)).map(({ reason }) => reason);
  if (asked.some((reason) => reason.kind === kind)) return [];
  const options = [...new Set(asked.map(({ allow }) => `--allow ${allow}`))].join(" ");
  if (kind === undefined)
    return [
      options !== ""
        ? `--allow ${text}: say what may be done to it; for all that the plan does: ${options}`
        : `--allow ${text}: write NODE:KIND, with one of ${Object.keys(KINDS).join(", ")}`,
    ];
  if (!resources.some((resource) => subjectOf(resource).names.includes(node)))
    return [`--allow ${text}: there is no such node in the plan`];
  return [`--allow ${text}: the plan does nothing of this kind to it`];
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
    ...(isVm && actions.includes("create")
      ? creationNotes(resource).map((words) => `${name}: ${words}`)
      : []),
  ];
}

/** What changes in a VM without anybody being asked. */
const quietChanges = ({ change }: ResourceChange): string[] =>
  plannedChanges(change)
    .filter((one) => askedFor(one, change) === undefined)
    .map(({ attribute, words, impact }) => `${words}: ${describeImpact(impact, attribute)}`);

function notesOfPlan(plan: Plan): string[] {
  // A check that a new VM fails is a reason.
  const created = (plan.resource_changes ?? []).filter(({ change }) => change.actions.includes("create"));
  const reasons = new Set(created.map((resource) => checkOf(resource, plan)));
  const failed = (plan.checks ?? []).filter((check) => check.status === "fail" && !reasons.has(check));
  return [
    ...(isRefreshOnly(plan)
      ? ["the plan was made with `-refresh-only`, and says nothing of the configuration"]
      : []),
    ...failed.map((check) => `${check.address.to_display} fails: ${problemsOf(check)}`),
  ];
}
