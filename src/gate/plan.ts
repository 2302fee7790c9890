/** A saved plan, as `tofu show -json` and `terraform show -json` write it: format version 1. */
import { UserError } from "../base/user-error";

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
  /** What a refresh has found to be other than the state said. */
  readonly resource_drift?: readonly ResourceChange[];
  readonly configuration?: { readonly root_module?: { readonly resources?: readonly Stated[] } };
  /** The state, after it has been refreshed, and the data that was read. */
  readonly prior_state?: { readonly values?: { readonly root_module?: Module } };
}

/** A resource of the configuration. */
interface Stated {
  readonly address: string;
  readonly mode: string;
  readonly count_expression?: unknown;
  readonly for_each_expression?: unknown;
}

export interface KnownResource {
  readonly address: string;
  readonly mode: string;
  readonly type?: string;
  readonly values?: Attributes;
}

interface Module {
  readonly resources?: readonly KnownResource[];
  readonly child_modules?: readonly Module[];
}

/** Resources and data of the state, after a refresh, of all modules. */
export const knownResources = ({ prior_state }: Plan): KnownResource[] =>
  resourcesIn(prior_state?.values?.root_module);

const resourcesIn = ({ resources = [], child_modules = [] }: Module = {}): KnownResource[] => [
  ...resources,
  ...child_modules.flatMap(resourcesIn),
];

const HOW = "Save a plan by `tofu plan -out=plan.tfplan`, and write it by `tofu show -json plan.tfplan`.";

/** @throws {UserError} where the text is not a plan, or one that cannot be judged */
export function readPlan(text: string): Plan {
  const plan = parsed(text);
  if (!isPlan(plan)) throw new UserError("invalid", `${whatItIs(plan)}. ${HOW}`);
  if (plan.format_version.split(".", 1)[0] !== "1")
    throw new UserError(
      "invalid",
      `This is a plan of format version ${plan.format_version}, and the gate knows version 1. ` +
        "Use OpenTofu 1.10 or Terraform 1.5, or later ones whose format is the same.",
    );
  const problem = incompleteness(plan);
  if (problem !== undefined) throw new UserError("invalid", problem);
  return plan;
}

function parsed(text: string): unknown {
  if (text.trim() === "") throw new UserError("invalid", `This is empty, and no plan. ${HOW}`);
  if (text.startsWith("PK"))
    throw new UserError("invalid", `This is the saved plan itself, and not its JSON. ${HOW}`);
  if (/^\s*\{"@level"/.test(text))
    throw new UserError("invalid", `This is the log of \`plan -json\`, and no plan. ${HOW}`);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new UserError("invalid", `This is not JSON, or JSON that was cut off. ${HOW}`);
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
  if (missing.length > 0 && !isRefreshOnly(plan))
    return (
      `The plan says nothing of ${missing.join(", ")}: it was made with \`-target\` or \`-exclude\`, or planning failed. ` +
      "Plan again, for everything; where planning failed, correct first what it says."
    );
  return undefined;
}

/**
 * What is in the state or in the configuration and not in the plan, which has each resource, also those that stay.
 * OpenTofu does not say that `-target` or `-exclude` left something out, and Terraform before 1.6 not that planning
 * failed.
 */
function leftOut(plan: Plan): string[] {
  const planned = new Set(
    (plan.resource_changes ?? []).flatMap((change) => [change.address, change.previous_address]),
  );
  const all = [...knownResources(plan), ...stated(plan)].filter(({ mode }) => mode === "managed");
  return [...new Set(all.map(({ address }) => address))].filter((address) => !planned.has(address));
}

/** Of `count` and `for_each` there may be none. */
const stated = ({ configuration }: Plan): readonly Stated[] =>
  (configuration?.root_module?.resources ?? []).filter(
    ({ count_expression, for_each_expression }) => !count_expression && !for_each_expression,
  );

/** Such a plan has no changes at all, and evaluates the checks, which `-exclude` leaves out with their resources. */
export const isRefreshOnly = ({ resource_changes, checks = [], prior_state }: Plan): boolean =>
  resource_changes === undefined &&
  prior_state !== undefined &&
  !checks.some(({ status }) => status === "unknown");

export const problemsOf = ({ instances = [] }: Check): string => {
  const messages = instances.flatMap(({ problems = [] }) => problems.map(({ message }) => message));
  return messages.length > 0 ? messages.join("; ") : "its condition cannot be evaluated";
};
