/** Reasons why a VM cannot be created, or is created again although it should exist. */
import { npmRun } from "../base/command-line";
import { documentOn } from "../base/documents";
import { shellWord } from "../base/escape";
import { changesBetween } from "../provider/attributes";
import { IMPACT_LABELS, impactOf, privilegeFor, type Impact } from "../provider/impact";
import { guestsOf, templatesAreSeen, type Guest } from "./inventory";
import { problemsOf, type Attributes, type Check, type Plan, type ResourceChange } from "./plan";
import { isZero } from "./planned-vm";
import { reasonFor, type Reason } from "./reason";
import type { Subject } from "./subject";

export function creationReasons(resource: ResourceChange, subject: Subject, plan: Plan): Reason[] {
  return [
    ...collision(resource, subject, plan),
    ...unseenTemplate(resource, subject, plan),
    ...rootOnlySettings(resource, subject),
    ...loss(resource, subject, plan),
  ];
}

/** The check with which the constructs compare a node's VM ID with the inventory. */
export const checkOf = ({ address }: ResourceChange, { checks = [] }: Plan): Check | undefined =>
  checks.find(({ address: { to_display } }) => to_display === `check.${address.split(".").at(-1)}_vm_id`);

function collision(resource: ResourceChange, subject: Subject, plan: Plan): Reason[] {
  const { before, after } = resource.change;
  if (before?.vm_id === after?.vm_id) return [];
  const holder = guestsOf(plan).find(({ vmId }) => vmId === after?.vm_id);
  if (holder !== undefined) return [idCollision(resource, subject, holder)];
  const check = checkOf(resource, plan);
  if (check?.status !== "fail") return [];
  const remedy = "Set another vmId";
  return [reasonFor(subject, "fail", ` cannot be created: ${problemsOf(check)}`, { remedy })];
}

function idCollision(
  { address, change }: ResourceChange,
  subject: Subject,
  { kind, name, vmId, pveNode }: Guest,
): Reason {
  if (kind === "VM" && name === change.after?.name) {
    const words = " cannot be created: it already exists, but is not in the state";
    const remedy = `Import it: ${npmRun(`tofu -- import ${shellWord(address)} ${pveNode}/${vmId}`)} (for an interrupted clone see ${documentOn("interruptedClone")})`;
    return reasonFor(subject, "fail", words, { remedy });
  }
  const words = ` cannot be created: the ${kind} ${name} on ${pveNode} already has VM ID ${vmId}`;
  return reasonFor(subject, "fail", words, { remedy: "Set another vmId" });
}

/** A token without privileges sees no guests, and its plan looks like that of an empty Proxmox VE. */
function unseenTemplate({ change }: ResourceChange, subject: Subject, plan: Plan): Reason[] {
  const [clone] = (change.after?.clone ?? []) as Attributes[];
  const id = clone?.vm_id;
  if (typeof id !== "number" || !templatesAreSeen(plan)) return [];
  if (guestsOf(plan).some(({ vmId }) => vmId === id)) return [];
  const words = ` cannot be created: its template, VM ${id}, does not exist, or the token may not see it`;
  const remedy = `Give the token VM.Audit and VM.Clone on /vms/${id}, or set another templateVmId`;
  return [reasonFor(subject, "fail", words, { remedy })];
}

const FOR_ROOT: ReadonlySet<Impact> = new Set(["root only", "failing replacement"]);

/** The clone succeeds, but PVE refuses the provider's first write to it. */
function rootOnlySettings({ change }: ResourceChange, subject: Subject): Reason[] {
  const after = change.after ?? {};
  // In these blocks only the attributes count, not the block itself.
  const none = { cpu: [{}], memory: [{}] };
  return changesBetween(none, { ...none, ...after })
    .filter((one) => !isZero(one.after) && FOR_ROOT.has(impactOf(one)))
    .map(({ where }) => {
      const words = `: ${where} ${IMPACT_LABELS["root only"]} and leaves the VM half-made`;
      return reasonFor(subject, "fail", words, { attribute: where });
    });
}

/** Privileges that a plan does not show: without them, PVE refuses the provider's write after the clone was made. */
export function creationNotes({ change }: ResourceChange): string[] {
  return changesBetween({}, change.after ?? {}).flatMap((one) => {
    const right = privilegeFor(one.attribute);
    if (right === undefined || isZero(one.after) || FOR_ROOT.has(impactOf(one))) return [];
    return [`${one.where}: ${right}, without which the VM is left half-made`];
  });
}

function loss({ address }: ResourceChange, subject: Subject, plan: Plan): Reason[] {
  if (!lostResources(plan).some((drift) => drift.address === address)) return [];
  const words =
    " is created again: it is in the state, but gone from Proxmox VE, or the token may not see it";
  return [reasonFor(subject, "create", words, { remedy: WHETHER_IT_RUNS })];
}

/** Resources of the state that a refresh did not find. */
export const lostResources = ({ resource_drift = [] }: Plan): ResourceChange[] =>
  resource_drift.filter(({ mode, change }) => mode === "managed" && change.actions.includes("delete"));

export const WHETHER_IT_RUNS =
  "Check with `qm list` on the PVE nodes whether it runs, and give the token VM.Audit";
