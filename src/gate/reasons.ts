/** Reasons why a planned change of a resource needs consent. */
import {
  describeImpact,
  IMPACT_LABELS,
  DETACHES_OTHERS,
  restartsVm,
  touchesDisks,
  blockedGrowth,
  rebootsAfterUpdate,
} from "../provider/impact";
import { creationReasons, lostResources, WHETHER_IT_RUNS } from "./creation";
import { CONSENT, REMEDIES, type Kind } from "./kinds";
import type { Change, Plan, ResourceChange } from "./plan";
import { isOff, plannedChanges, replacingChanges, type PlannedChange } from "./planned-vm";
import { reasonFor, type Reason } from "./reason";
import { subjectOf, VM_TYPE, type Subject } from "./subject";

/** Actions that remove nothing. A `forget` does not touch the VM. */
const HARMLESS = new Set(["no-op", "read", "create", "forget"]);

export function reasonsOf(resource: ResourceChange, plan: Plan): Reason[] {
  const { actions } = resource.change;
  const subject = subjectOf(resource);
  const isVm = resource.type === VM_TYPE;
  const creation = isVm && actions.includes("create") ? creationReasons(resource, subject, plan) : [];
  if (actions.includes("delete")) return [destruction(resource, subject), ...creation];
  if (actions.length === 1 && HARMLESS.has(actions[0] ?? "")) return creation;
  if (actions.length !== 1 || actions[0] !== "update")
    return [
      reasonFor(subject, "unknown", `: the gate does not know what the action ${actions.join(", ")} does`),
    ];
  return isVm ? updateReasons(resource, subject) : [];
}

/** Resources that leave the state because a refresh did not find them, as with `-refresh-only`. */
export function forgotten(plan: Plan): ResourceChange[] {
  const planned = new Set(plan.resource_changes?.map(({ address }) => address));
  return lostResources(plan).filter(({ address }) => !planned.has(address));
}

export function forgottenReason(lost: ResourceChange): Reason {
  const words = " is removed from the state: it is gone, or the token may not see it";
  return reasonFor(subjectOf(lost), "forget", words, { remedy: WHETHER_IT_RUNS });
}

/** Explanations of the plan's `action_reason`, where they add to the attributes. */
const WHY: Readonly<Record<string, string>> = {
  delete_because_no_resource_config: "it is no longer in the configuration",
  delete_because_no_module: "its module is no longer in the configuration",
  delete_because_wrong_repetition: "its `count` or `for_each` was added or removed",
  delete_because_count_index: "`count` is lower than before",
  delete_because_each_key: "`for_each` no longer contains it",
  delete_because_no_move_target: "the address to which it was moved is not in the configuration",
  replace_because_tainted: "it is tainted, since an apply failed half-way; `tofu untaint` keeps it",
  replace_by_request: "`-replace` asks for it",
  replace_by_triggers: "`replace_triggered_by` asks for it",
};

function destruction(
  { type, change, deposed, action_reason = "" }: ResourceChange,
  subject: Subject,
): Reason {
  const replaced = change.actions.includes("create");
  const what = ` is ${replaced ? "REPLACED" : "DESTROYED"}`;
  const disks = type === VM_TYPE ? ", with its disks" : "";
  const replacing = type === VM_TYPE ? replacingChanges(change) : [];
  const attributes = replacing.map(({ words }) => words).join(", ");
  const fails = replacing.some(({ impact }) => impact === "failing replacement");
  const why = [
    change.actions[0] === "create" ? "another is created first" : undefined,
    deposed === undefined ? undefined : `a replacement left it behind (deposed ${deposed})`,
    attributes === "" ? WHY[action_reason] : `${attributes}: cannot change in place`,
    fails ? `it ${IMPACT_LABELS["failing replacement"]}` : undefined,
  ].filter((part) => part !== undefined);
  const words = [`${what}${disks}`, ...why].join("; ");
  return reasonFor(subject, replaced ? "replace" : "destroy", words);
}

function updateReasons({ change }: ResourceChange, subject: Subject): Reason[] {
  const changes = plannedChanges(change);
  const affecting = changes.flatMap((one) => {
    const kind = consentFor(one, change);
    if (kind === undefined) return [];
    const words = `: ${one.words}: ${one.unknown ? "at worst " : ""}${effect(one, change)}`;
    return [reasonFor(subject, kind, words, { attribute: one.where, remedy: REMEDIES[one.impact] })];
  });
  return [...affecting, ...growthReasons(changes, change, subject), ...unseenDisks(changes, subject)];
}

/** The consent that a change needs in an update, if any. */
export function consentFor(one: PlannedChange, change: Change): Kind | undefined {
  const kind = CONSENT[one.impact];
  const fails = kind === "fail" && one.impact !== "needs off";
  return powerCycles(one, change) && !fails ? "power-cycle" : kind;
}

/** Whether the apply itself power-cycles the VM. */
const powerCycles = ({ attribute }: PlannedChange, change: Change): boolean =>
  reboots(change) && restartsVm(attribute);

/** Whether the apply may reboot the VM. */
const reboots = (change: Change): boolean => !isOff(change) && rebootsAfterUpdate(change.after);

const effect = (one: PlannedChange, change: Change): string =>
  consentFor(one, change) === "power-cycle" && one.impact !== "power-off now"
    ? "powers the VM off and on during the apply, since reboot_after_update is true"
    : describeImpact(one.impact, one.attribute);

function growthReasons(changes: readonly PlannedChange[], change: Change, subject: Subject): Reason[] {
  if (isOff(change)) return [];
  const { growing, waiting } = blockedGrowth(changes, reboots(change));
  return growing.map(({ words, where }) => {
    const why = `cannot grow in the same apply as ${waiting.join(", ")}, so the apply fails half-way`;
    const remedy = "Apply the growth first, in a separate apply";
    return reasonFor(subject, "fail", `: ${words}: ${why}`, { attribute: where, remedy });
  });
}

/**
 * As soon as one disk changes, vmUpdate detaches every disk that is not in the configuration. A refresh does not read
 * disks that are not in the state (`disk.Read`), so no plan shows them.
 */
function unseenDisks(changes: readonly PlannedChange[], subject: Subject): Reason[] {
  const changed = changes.filter(({ attribute }) => touchesDisks(attribute)).map(({ where }) => where);
  if (changed.length === 0) return [];
  const what = `: with ${changed.join(", ")} ${DETACHES_OTHERS}, even those that no plan shows`;
  const remedy = `Compare \`qm config ${subject.vmId ?? "…"}\` with main.ts: it must contain every disk`;
  return [reasonFor(subject, "disk", what, { attribute: "disk", remedy })];
}
