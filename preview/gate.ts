/** Holds a saved plan against what nobody agreed to: a VM destroyed, replaced, powered off, cut off from its network. */
import { COST_WORDS, restartsVm, type Cost } from "./costs";
import { problemsOf, type Change, type Plan, type ResourceChange } from "./plan";
import {
  plannedChanges,
  replacingChanges,
  subjectInWords,
  subjectOf,
  VM_TYPE,
  type PlannedChange,
  type Subject,
} from "./planned-vm";
import { summaryOf } from "./plan-summary";

/** What somebody has to agree to. */
export interface Reason {
  readonly address: string;
  readonly hostname?: string;
  readonly vmId?: number;
  /** Where one attribute is the reason: `cpu.cores`. */
  readonly attribute?: string;
  readonly kind: Cost | "power cycle" | "destruction" | "unknown action";
  /** One sentence, without what to do. */
  readonly words: string;
  /** What `--allow` has to name. */
  readonly allow: string;
}

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

/** Costs for which somebody has to be asked: they interrupt the node, take from it, or fail half-way. */
const ASKS: ReadonlySet<Cost> = new Set([
  "power-off later",
  "power-off now",
  "replacement",
  "refused",
  "detached disk",
  "live interface",
]);

/** Actions that take nothing away. A `forget` leaves the VM where it is. */
const HARMLESS = new Set(["no-op", "read", "create", "forget"]);

function reasonsOf(resource: ResourceChange): Reason[] {
  const { actions } = resource.change;
  const subject = subjectOf(resource);
  if (actions.includes("delete")) return [destruction(resource, subject)];
  if (actions.length === 1 && HARMLESS.has(actions[0] ?? "")) return [];
  if (actions.length !== 1 || actions[0] !== "update") {
    const words = `${subjectInWords(subject)}: the gate does not know what the action ${actions.join(", ")} does`;
    return [reason(subject, "unknown action", words)];
  }
  return resource.type === VM_TYPE ? updateReasons(resource, subject) : [];
}

const reason = (subject: Subject, kind: Reason["kind"], words: string, attribute?: string): Reason => ({
  address: subject.address,
  hostname: subject.hostname,
  vmId: subject.vmId,
  attribute,
  kind,
  words,
  allow: subject.hostname ?? subject.address,
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
    attributes.length > 0 ? `${attributes.join(", ")} cannot be changed in place` : WHY[action_reason],
  ].filter((part) => part !== undefined);
  const words = [`${what}${disks}`, ...why].join("; ");
  return reason(subject, replaced ? "replacement" : "destruction", words);
}

function updateReasons({ change }: ResourceChange, subject: Subject): Reason[] {
  const reboots = rebootsAfterUpdate(change);
  const changes = plannedChanges(change);
  const costly = changes
    .filter((one) => asks(one, reboots))
    .map((one) => {
      const kind = powerCycles(one, reboots) ? "power cycle" : one.cost;
      const words = `${subjectInWords(subject)}: ${one.words}: ${one.unknown ? "at worst " : ""}${effect(one, kind)}`;
      return reason(subject, kind, words, one.where);
    });
  return [...costly, ...(reboots ? [] : blockedGrowth(changes, subject))];
}

/** The provider's default is true. */
const rebootsAfterUpdate = ({ after }: Change): boolean => after?.reboot_after_update !== false;

const asks = (change: PlannedChange, reboots: boolean): boolean =>
  ASKS.has(change.cost) || powerCycles(change, reboots);

/** The apply itself does; of what no power cycle makes good, it does not. */
const powerCycles = ({ attribute, cost }: PlannedChange, reboots: boolean): boolean =>
  reboots && restartsVm(attribute) && cost !== "replacement";

function effect({ attribute, cost }: PlannedChange, kind: Reason["kind"]): string {
  if (kind === "power cycle")
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
    return reason(subject, "refused", `${subjectInWords(subject)}: ${words}: ${why}`, where);
  });
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
    .filter((one) => !asks(one, rebootsAfterUpdate(change)))
    .map(({ words, cost }) => `${words}: ${COST_WORDS[cost]}`);

const notesOfPlan = ({ checks = [] }: Plan): string[] =>
  checks
    .filter(({ status }) => status === "fail")
    .map((check) => `${check.address.to_display} fails: ${problemsOf(check)}`);
