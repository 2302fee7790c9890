/** Why somebody has to agree to what a plan does to a resource. */
import {
  describeImpact,
  IMPACT_LABELS,
  DETACHES,
  restartsVm,
  touchesDisks,
  blockedGrowth,
  rebootsAfterUpdate,
} from "../provider/impact";
import { creationReasons, lostOf, WHETHER_IT_RUNS } from "./creation";
import { ASKED, REMEDIES, type Kind } from "./kinds";
import type { Change, Plan, ResourceChange } from "./plan";
import { isOff, plannedChanges, replacingChanges, type PlannedChange } from "./planned-vm";
import { reasonFor, type Reason } from "./reason";
import { subjectOf, VM_TYPE, type Subject } from "./subject";

/** Actions that take nothing away. A `forget` leaves the VM where it is. */
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

/** What leaves the state because a refresh has not found it, as with `-refresh-only`. */
export function forgotten(plan: Plan): ResourceChange[] {
  const planned = new Set(plan.resource_changes?.map(({ address }) => address));
  return lostOf(plan).filter(({ address }) => !planned.has(address));
}

export function forgottenReason(lost: ResourceChange): Reason {
  const words = " is dropped from the state: it is gone, or the token may not see it";
  return reasonFor(subjectOf(lost), "forget", words, { remedy: WHETHER_IT_RUNS });
}

/** `action_reason` of the plan, where it says more than the attributes do. */
const WHY: Readonly<Record<string, string>> = {
  delete_because_no_resource_config: "it is not in the configuration any more",
  delete_because_no_module: "its module is not in the configuration any more",
  delete_because_wrong_repetition: "`count` or `for_each` of it has been added or removed",
  delete_because_count_index: "`count` is lower than it was",
  delete_because_each_key: "`for_each` does not have it any more",
  delete_because_no_move_target: "the place to which it was moved is not in the configuration",
  replace_because_tainted: "it is tainted: an apply failed half-way, and `tofu untaint` keeps it",
  replace_by_request: "`-replace` asks for it",
  replace_by_triggers: "`replace_triggered_by` asks for it",
};

function destruction(
  { type, change, deposed, action_reason = "" }: ResourceChange,
  subject: Subject,
): Reason {
  const replaced = change.actions.includes("create");
  const what = ` is ${replaced ? "REPLACED" : "DESTROYED"}`;
  const disks = type === VM_TYPE ? ", and its disks with it" : "";
  const replacing = type === VM_TYPE ? replacingChanges(change) : [];
  const attributes = replacing.map(({ words }) => words).join(", ");
  const fails = replacing.some(({ impact }) => impact === "failing replacement");
  const why = [
    change.actions[0] === "create" ? "another is made first" : undefined,
    deposed === undefined ? undefined : `a replacement left it behind (deposed ${deposed})`,
    attributes === "" ? WHY[action_reason] : `${attributes}: not possible in place`,
    fails ? `it ${IMPACT_LABELS["failing replacement"]}` : undefined,
  ].filter((part) => part !== undefined);
  const words = [`${what}${disks}`, ...why].join("; ");
  return reasonFor(subject, replaced ? "replace" : "destroy", words);
}

function updateReasons({ change }: ResourceChange, subject: Subject): Reason[] {
  const changes = plannedChanges(change);
  const affecting = changes.flatMap((one) => {
    const kind = askedFor(one, change);
    if (kind === undefined) return [];
    const words = `: ${one.words}: ${one.unknown ? "at worst " : ""}${effect(one, change)}`;
    return [reasonFor(subject, kind, words, { attribute: one.where, remedy: REMEDIES[one.impact] })];
  });
  return [...affecting, ...growthReasons(changes, change, subject), ...unseenDisks(changes, subject)];
}

/** What somebody has to be asked for it in an update, if anything. */
export function askedFor(one: PlannedChange, change: Change): Kind | undefined {
  const kind = ASKED[one.impact];
  const fails = kind === "fail" && one.impact !== "needs off";
  return powerCycles(one, change) && !fails ? "power-cycle" : kind;
}

/** Whether the apply itself does. */
const powerCycles = ({ attribute }: PlannedChange, change: Change): boolean =>
  reboots(change) && restartsVm(attribute);

/** A VM that is off is not powered off. */
const reboots = (change: Change): boolean => !isOff(change) && rebootsAfterUpdate(change.after);

const effect = (one: PlannedChange, change: Change): string =>
  askedFor(one, change) === "power-cycle" && one.impact !== "power-off now"
    ? "powers the VM off and on in the apply itself, since reboot_after_update is true"
    : describeImpact(one.impact, one.attribute);

function growthReasons(changes: readonly PlannedChange[], change: Change, subject: Subject): Reason[] {
  if (isOff(change)) return [];
  const { growing, waiting } = blockedGrowth(changes, reboots(change));
  return growing.map(({ words, where }) => {
    const why = `does not grow in one apply with ${waiting.join(", ")}, and the apply fails half-way`;
    const remedy = "Apply it by itself, first";
    return reasonFor(subject, "fail", `: ${words}: ${why}`, { attribute: where, remedy });
  });
}

/**
 * As soon as one disk changes, vmUpdate detaches every disk that it is not told of, and a refresh reads back no disk
 * that the state has not (`disk.Read`): no plan shows them.
 */
function unseenDisks(changes: readonly PlannedChange[], subject: Subject): Reason[] {
  const changed = changes.filter(({ attribute }) => touchesDisks(attribute)).map(({ where }) => where);
  if (changed.length === 0) return [];
  const what = `: with ${changed.join(", ")} ${DETACHES}, also those that no plan shows`;
  const remedy = `See in \`qm config ${subject.vmId ?? "…"}\` that every disk is stated`;
  return [reasonFor(subject, "disk", what, { attribute: "disk", remedy })];
}
