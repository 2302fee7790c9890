/** Why the creation of a VM cannot succeed, or makes anew what should be there. */
import { shellWord } from "../base/escape";
import { changesBetween } from "../provider/attributes";
import { IMPACT_LABELS, impactOf, rightFor, type Impact } from "../provider/impact";
import { guestsOf, templatesAreSeen, type Guest } from "./inventory";
import { problemsOf, type Attributes, type Check, type Plan, type ResourceChange } from "./plan";
import { isZero } from "./planned-vm";
import { reasonFor, type Reason } from "./reason";
import type { Subject } from "./subject";

export function creationReasons(resource: ResourceChange, subject: Subject, plan: Plan): Reason[] {
  return [
    ...collision(resource, subject, plan),
    ...unseenTemplate(resource, subject, plan),
    ...forRootAlone(resource, subject),
    ...loss(resource, subject, plan),
  ];
}

/** The check by which the constructs hold a node's VM ID against the inventory. */
export const checkOf = ({ address }: ResourceChange, { checks = [] }: Plan): Check | undefined =>
  checks.find(({ address: { to_display } }) => to_display === `check.${address.split(".").at(-1)}_vm_id`);

function collision(resource: ResourceChange, subject: Subject, plan: Plan): Reason[] {
  const { before, after } = resource.change;
  if (before?.vm_id === after?.vm_id) return [];
  const holder = guestsOf(plan).find(({ vmId }) => vmId === after?.vm_id);
  if (holder !== undefined) return [held(resource, subject, holder)];
  const check = checkOf(resource, plan);
  if (check?.status !== "fail") return [];
  const remedy = "State another vmId";
  return [reasonFor(subject, "fail", ` cannot be made: ${problemsOf(check)}`, { remedy })];
}

function held(
  { address, change }: ResourceChange,
  subject: Subject,
  { kind, name, vmId, pveNode }: Guest,
): Reason {
  if (kind === "VM" && name === change.after?.name) {
    const words = " cannot be made: it is there already, and not in the state";
    const remedy = `Import it: npm run tofu -- import ${shellWord(address)} ${pveNode}/${vmId} (of a clone that was cut off see README, "A clone that failed half-way")`;
    return reasonFor(subject, "fail", words, { remedy });
  }
  const words = ` cannot be made: VM ID ${vmId} is held by the ${kind} ${name} on ${pveNode}`;
  return reasonFor(subject, "fail", words, { remedy: "State another vmId" });
}

/** A token without rights sees no guest at all, and its plan looks like that of an empty Proxmox VE. */
function unseenTemplate({ change }: ResourceChange, subject: Subject, plan: Plan): Reason[] {
  const [clone] = (change.after?.clone ?? []) as Attributes[];
  const id = clone?.vm_id;
  if (typeof id !== "number" || !templatesAreSeen(plan)) return [];
  if (guestsOf(plan).some(({ vmId }) => vmId === id)) return [];
  const words = ` cannot be made: its template, VM ${id}, is not there, or the token may not see it`;
  const remedy = `Give the token VM.Audit and VM.Clone on /vms/${id}, or state another templateVmId`;
  return [reasonFor(subject, "fail", words, { remedy })];
}

const FOR_ROOT: ReadonlySet<Impact> = new Set(["root only", "failing replacement"]);

/** The clone succeeds, and the provider's first write to it is refused. */
function forRootAlone({ change }: ResourceChange, subject: Subject): Reason[] {
  const after = change.after ?? {};
  // Of these blocks each attribute counts, and not that the block is there.
  const none = { cpu: [{}], memory: [{}] };
  return changesBetween(none, { ...none, ...after })
    .filter((one) => !isZero(one.after) && FOR_ROOT.has(impactOf(one)))
    .map(({ where }) => {
      const words = `: ${where} ${IMPACT_LABELS["root only"]} with the VM half-made`;
      return reasonFor(subject, "fail", words, { attribute: where });
    });
}

/** What no plan tells: the clone is there when the provider's next write is refused to a token that lacks a right. */
export function creationNotes({ change }: ResourceChange): string[] {
  return changesBetween({}, change.after ?? {}).flatMap((one) => {
    const right = rightFor(one.attribute);
    if (right === undefined || isZero(one.after) || FOR_ROOT.has(impactOf(one))) return [];
    return [`${one.where}: ${right}, without which the VM is left half-made`];
  });
}

function loss({ address }: ResourceChange, subject: Subject, plan: Plan): Reason[] {
  if (!lostOf(plan).some((drift) => drift.address === address)) return [];
  const words = " is made anew: it is in the state, and gone from Proxmox VE, or the token may not see it";
  return [reasonFor(subject, "create", words, { remedy: WHETHER_IT_RUNS })];
}

/** What was in the state, and a refresh has not found. */
export const lostOf = ({ resource_drift = [] }: Plan): ResourceChange[] =>
  resource_drift.filter(({ mode, change }) => mode === "managed" && change.actions.includes("delete"));

export const WHETHER_IT_RUNS =
  "See on the PVE nodes whether it runs, by `qm list`, and give the token VM.Audit";
