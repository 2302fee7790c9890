/** A saved plan, as `tofu show -json` and `terraform show -json` write it: format version 1. */
import { Trouble } from "../preview/trouble";

export type Attributes = Readonly<Record<string, unknown>>;

export interface ResourceChange {
  readonly address: string;
  readonly previous_address?: string;
  readonly mode: string;
  readonly type: string;
  /** Of an object that a replacement left behind. */
  readonly deposed?: string;
  readonly action_reason?: string;
  readonly change: Change;
}

export interface Change {
  readonly actions: readonly string[];
  readonly before?: Attributes | null;
  readonly after?: Attributes | null;
  /** `true` in the places of values that are not known yet. */
  readonly after_unknown?: unknown;
  /** `true` in the places of values that nobody should see. */
  readonly before_sensitive?: unknown;
  readonly after_sensitive?: unknown;
  readonly replace_paths?: readonly (readonly (string | number)[])[];
  readonly importing?: unknown;
}

/** Of a `check` block, or of the conditions of a resource or an output. */
export interface Check {
  readonly address: { readonly kind: string; readonly to_display: string };
  readonly status: "pass" | "fail" | "error" | "unknown";
  readonly instances?: readonly { readonly problems?: readonly { readonly message: string }[] }[];
}

export interface Plan {
  readonly format_version: string;
  readonly resource_changes?: readonly ResourceChange[];
  readonly output_changes?: Readonly<Record<string, Change>>;
  readonly checks?: readonly Check[];
  /** Terraform before 1.6 does not say. */
  readonly errored?: boolean;
  /** OpenTofu does not say; of Terraform's it is false with `-target`, too. */
  readonly complete?: boolean;
  readonly deferred_changes?: readonly unknown[];
  /** The state, after it has been refreshed. */
  readonly prior_state?: { readonly values?: { readonly root_module?: Module } };
}

interface Module {
  readonly resources?: readonly { readonly address: string; readonly mode: string }[];
  readonly child_modules?: readonly Module[];
}

const HOW = "Save a plan by `tofu plan -out=plan.tfplan`, and write it by `tofu show -json plan.tfplan`.";

/** @throws {Trouble} where the text is no plan, or one that cannot be judged */
export function readPlan(text: string): Plan {
  const plan = parsed(text);
  if (!isPlan(plan)) throw new Trouble(`${whatItIs(plan)}. ${HOW}`);
  if (plan.format_version.split(".", 1)[0] !== "1")
    throw new Trouble(
      `This is a plan of format version ${plan.format_version}, and the gate knows version 1. ` +
        "Use OpenTofu 1.10 or Terraform 1.5, or later ones whose format is the same.",
    );
  const trouble = incompleteness(plan);
  if (trouble !== undefined) throw new Trouble(trouble);
  return plan;
}

function parsed(text: string): unknown {
  if (text.trim() === "") throw new Trouble(`This is empty, and no plan. ${HOW}`);
  if (text.startsWith("PK")) throw new Trouble(`This is the saved plan itself, and not its JSON. ${HOW}`);
  if (/^\s*\{"@level"/.test(text))
    throw new Trouble(`This is the log of \`plan -json\`, and no plan. ${HOW}`);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new Trouble(`This is no JSON, or JSON that was cut off. ${HOW}`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isPlan = (value: unknown): value is Plan =>
  isObject(value) &&
  typeof value.format_version === "string" &&
  ("planned_values" in value || "resource_changes" in value) &&
  ((value.resource_changes ?? []) as unknown[]).every(isResourceChange);

const isResourceChange = (value: unknown): boolean =>
  isObject(value) &&
  typeof value.address === "string" &&
  isObject(value.change) &&
  Array.isArray(value.change.actions);

function whatItIs(value: unknown): string {
  const isState = isObject(value) && ("values" in value || "serial" in value);
  return isState ? "This is a state, and no plan" : "This is JSON, but no plan";
}

/** Why a plan says less than what an apply would do. */
function incompleteness(plan: Plan): string | undefined {
  const failed = (plan.checks ?? []).filter(
    ({ status, address }) => status === "error" || (status === "fail" && address.kind !== "check"),
  );
  if (plan.errored === true || failed.length > 0) {
    const conditions = failed.map((check) => `${check.address.to_display}: ${problemsOf(check)}`);
    return [
      "Planning failed, so that the plan is not whole. Correct what `tofu plan` says, and plan again.",
      ...conditions,
    ].join("\n  ");
  }
  if ((plan.deferred_changes ?? []).length > 0)
    return "A part of the plan is deferred to a later one, and cannot be judged. Apply what it waits for first, and plan again.";
  if (plan.complete === false)
    return "The plan is not complete: it was made with `-target`, or defers a part. Plan again, for everything.";
  const missing = leftOut(plan);
  if (missing.length > 0)
    return (
      `The plan says nothing of ${missing.join(", ")}: planning failed, or it was made with \`-target\`. ` +
      "Correct what `terraform plan` says, and plan again, for everything."
    );
  return undefined;
}

/** Of resources on which planning failed Terraform before 1.6 says nothing, and not that it failed. */
function leftOut({ errored, prior_state, resource_changes = [] }: Plan): string[] {
  if (errored !== undefined) return [];
  const planned = new Set(resource_changes.flatMap((change) => [change.address, change.previous_address]));
  return addressesIn(prior_state?.values?.root_module).filter((address) => !planned.has(address));
}

const addressesIn = ({ resources = [], child_modules = [] }: Module = {}): string[] => [
  ...resources.filter(({ mode }) => mode === "managed").map(({ address }) => address),
  ...child_modules.flatMap(addressesIn),
];

export const problemsOf = ({ instances = [] }: Check): string => {
  const messages = instances.flatMap(({ problems = [] }) => problems.map(({ message }) => message));
  return messages.length > 0 ? messages.join("; ") : "its condition cannot be evaluated";
};
