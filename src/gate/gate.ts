/** Checks a saved plan for dangerous changes that nobody allowed: a VM destroyed, replaced, powered off or disconnected. */
import { describeImpact } from "../provider/impact";
import { KINDS, parsePermission, type Permission } from "./kinds";
import { checkOf, creationNotes } from "./creation";
import { isRefreshOnly, problemsOf, type Plan, type ResourceChange } from "./plan";
import { summaryOf } from "./plan-summary";
import { plannedChanges } from "./planned-vm";
import type { Reason } from "./reason";
import { consentFor, forgotten, forgottenReason, reasonsOf } from "./reasons";
import { subjectLabel, subjectOf, VM_TYPE } from "./subject";

export interface Verdict {
  readonly passes: boolean;
  readonly summary: string;
  /** Why the plan is refused. */
  readonly reasons: readonly Reason[];
  /** Reasons that were allowed. */
  readonly allowed: readonly Reason[];
  /** Remarks that need no consent. */
  readonly notes: readonly string[];
  /** Permissions that do not apply to this plan, each with what to write instead. */
  readonly unmatched: readonly string[];
}

/** @param allowed - `NODE:KIND`: a hostname or resource address, and one of `KINDS` */
export function checkPlan(plan: Plan, allowed: readonly string[]): Verdict {
  const resources = plan.resource_changes ?? [];
  const permissions = allowed.map(parsePermission);
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

/** Why a permission has no effect on the verdict. */
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
        ? `--allow ${text}: add the kind of change; to allow everything that the plan does: ${options}`
        : `--allow ${text}: write NODE:KIND, with one of ${Object.keys(KINDS).join(", ")}`,
    ];
  if (!resources.some((resource) => subjectOf(resource).names.includes(node)))
    return [`--allow ${text}: the plan has no such node`];
  return [`--allow ${text}: the plan has no change of this kind to it`];
}

function notesOf(resource: ResourceChange): string[] {
  const { actions, importing } = resource.change;
  const name = subjectLabel(subjectOf(resource));
  const isVm = resource.type === VM_TYPE;
  const updated = actions.length === 1 && actions[0] === "update";
  return [
    ...(resource.previous_address
      ? [`${name} is moved in the state, from ${resource.previous_address}`]
      : []),
    ...(importing ? [`${name} is imported into the state`] : []),
    ...(actions.includes("forget") ? [`${name} is removed from the state, and stays as it is`] : []),
    ...(updated && !isVm ? [`${name} changes; the gate knows the impact only for VMs`] : []),
    ...(updated && isVm ? harmlessChanges(resource).map((words) => `${name}: ${words}`) : []),
    ...(isVm && actions.includes("create")
      ? creationNotes(resource).map((words) => `${name}: ${words}`)
      : []),
  ];
}

/** Changes of a VM that need no consent. */
const harmlessChanges = ({ change }: ResourceChange): string[] =>
  plannedChanges(change)
    .filter((one) => consentFor(one, change) === undefined)
    .map(({ attribute, words, impact }) => `${words}: ${describeImpact(impact, attribute)}`);

function notesOfPlan(plan: Plan): string[] {
  // A failed check of a new VM is already a reason.
  const created = (plan.resource_changes ?? []).filter(({ change }) => change.actions.includes("create"));
  const reasons = new Set(created.map((resource) => checkOf(resource, plan)));
  const failed = (plan.checks ?? []).filter((check) => check.status === "fail" && !reasons.has(check));
  return [
    ...(isRefreshOnly(plan)
      ? ["the plan was made with `-refresh-only`, so it does not cover the configuration"]
      : []),
    ...failed.map((check) => `${check.address.to_display} fails: ${problemsOf(check)}`),
  ];
}
