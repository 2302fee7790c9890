/** Why somebody has to agree to what a plan does to a resource. */
import { COST_WORDS, restartsVm } from "../preview/costs";
import { ASKED, type Kind } from "./kinds";
import type { Change, ResourceChange } from "./plan";
import { plannedChanges, replacingChanges, type PlannedChange } from "./planned-vm";
import { subjectInWords, subjectOf, VM_TYPE, type Subject } from "./subject";

/** What somebody has to agree to. */
export interface Reason {
  readonly address: string;
  readonly hostname?: string;
  readonly vmId?: number;
  /** Where one attribute is the reason: `cpu.cores`. */
  readonly attribute?: string;
  readonly kind: Kind;
  /** One sentence, without what to do. */
  readonly words: string;
  /** What `--allow` has to say: `hamal:pending`. */
  readonly allow: string;
}

/** Actions that take nothing away. A `forget` leaves the VM where it is. */
const HARMLESS = new Set(["no-op", "read", "create", "forget"]);

export function reasonsOf(resource: ResourceChange): Reason[] {
  const { actions } = resource.change;
  const subject = subjectOf(resource);
  if (actions.includes("delete")) return [destruction(resource, subject)];
  if (actions.length === 1 && HARMLESS.has(actions[0] ?? "")) return [];
  if (actions.length !== 1 || actions[0] !== "update") {
    const words = `${subjectInWords(subject)}: the gate does not know what the action ${actions.join(", ")} does`;
    return [reason(subject, "unknown", words)];
  }
  return resource.type === VM_TYPE ? updateReasons(resource, subject) : [];
}

const reason = (subject: Subject, kind: Kind, words: string, attribute?: string): Reason => ({
  address: subject.address,
  hostname: subject.hostname,
  vmId: subject.vmId,
  attribute,
  kind,
  words,
  allow: `${subject.hostname ?? subject.address}:${kind}`,
});

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
  const what = `${subjectInWords(subject)} is ${replaced ? "REPLACED" : "DESTROYED"}`;
  const disks = type === VM_TYPE ? ", and its disks with it" : "";
  const attributes = type === VM_TYPE ? replacingChanges(change).map(({ words }) => words) : [];
  const why = [
    change.actions[0] === "create" ? "another is made first" : undefined,
    deposed === undefined ? undefined : `a replacement left it behind (deposed ${deposed})`,
    attributes.length > 0 ? `${attributes.join(", ")}: not possible in place` : WHY[action_reason],
  ].filter((part) => part !== undefined);
  const words = [`${what}${disks}`, ...why].join("; ");
  return reason(subject, replaced ? "replace" : "destroy", words);
}

function updateReasons({ change }: ResourceChange, subject: Subject): Reason[] {
  const changes = plannedChanges(change);
  const costly = changes.flatMap((one) => {
    const kind = askedFor(one, change);
    if (kind === undefined) return [];
    const words = `${subjectInWords(subject)}: ${one.words}: ${one.unknown ? "at worst " : ""}${effect(one, change)}`;
    return [reason(subject, kind, words, one.where)];
  });
  return [...costly, ...(reboots(change) ? [] : blockedGrowth(changes, subject))];
}

/** What somebody has to be asked for it in an update, if anything. */
export const askedFor = (one: PlannedChange, change: Change): Kind | undefined =>
  powerCycles(one, change) ? "power-cycle" : ASKED[one.cost];

/** Whether the apply itself does. */
const powerCycles = ({ attribute }: PlannedChange, change: Change): boolean =>
  reboots(change) && restartsVm(attribute);

/** The provider's default is true. */
const reboots = ({ after }: Change): boolean => after?.reboot_after_update !== false;

function effect(one: PlannedChange, change: Change): string {
  const { attribute, cost } = one;
  if (powerCycles(one, change))
    return "powers the VM off and on in the apply itself, since reboot_after_update is true";
  if (cost === "refused" && restartsVm(attribute))
    return "needs the VM to be off, which reboot_after_update = false forbids, and the apply fails";
  return COST_WORDS[cost];
}

/**
 * A disk does not grow while other changes wait for a reboot that the provider may not do: it fails when those have
 * been written (`pendingChangesBeforeResize` in vmUpdate).
 */
function blockedGrowth(changes: readonly PlannedChange[], subject: Subject): Reason[] {
  const growing = changes.filter(({ attribute, cost }) => attribute === "disk.size" && cost === "nothing");
  const waiting = changes.filter(({ attribute }) => restartsVm(attribute)).map(({ where }) => where);
  if (waiting.length === 0) return [];
  return growing.map(({ words, where }) => {
    const why = `does not grow in one apply with ${waiting.join(", ")}, and the apply fails half-way`;
    return reason(subject, "fail", `${subjectInWords(subject)}: ${words}: ${why}`, where);
  });
}
