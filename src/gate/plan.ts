/** A saved plan as `tofu show -json` and `terraform show -json` print it: format version 1. */
import { UserError } from "../base/user-error";

export type Attributes = Readonly<Record<string, unknown>>;

export interface ResourceChange {
  readonly address: string;
  readonly previous_address?: string;
  readonly mode: string;
  readonly type: string;
  /** Key of an object that a replacement left behind. */
  readonly deposed?: string;
  readonly action_reason?: string;
  readonly change: Change;
}

export interface Change {
  readonly actions: readonly string[];
  readonly before?: Attributes | null;
  readonly after?: Attributes | null;
  /** Has `true` in place of values that are not known yet. */
  readonly after_unknown?: unknown;
  /** Has `true` in place of sensitive values. */
  readonly before_sensitive?: unknown;
  readonly after_sensitive?: unknown;
  readonly replace_paths?: readonly (readonly (string | number)[])[];
  readonly importing?: unknown;
}

/** Result of a `check` block, or of the conditions of a resource or an output. */
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
  /** Missing before Terraform 1.6. */
  readonly errored?: boolean;
  /** Missing in OpenTofu's plans. In Terraform's it is also false with `-target`. */
  readonly complete?: boolean;
  readonly deferred_changes?: readonly unknown[];
  /** Differences between the state and what a refresh found. */
  readonly resource_drift?: readonly ResourceChange[];
  readonly configuration?: { readonly root_module?: { readonly resources?: readonly ConfiguredResource[] } };
  /** The refreshed state and the data sources that were read. */
  readonly prior_state?: { readonly values?: { readonly root_module?: Module } };
}

/** A resource of the configuration. */
interface ConfiguredResource {
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

/** Resources and data sources of all modules in the refreshed state. */
export const knownResources = ({ prior_state }: Plan): KnownResource[] =>
  resourcesIn(prior_state?.values?.root_module);

const resourcesIn = ({ resources = [], child_modules = [] }: Module = {}): KnownResource[] => [
  ...resources,
  ...child_modules.flatMap(resourcesIn),
];

const HOW = "Save a plan with `tofu plan -out=plan.tfplan`, and print it with `tofu show -json plan.tfplan`.";

/** @throws {UserError} if the text is not a plan, or not one that can be checked */
export function readPlan(text: string): Plan {
  const plan = parsed(text);
  if (!isPlan(plan)) throw new UserError("invalid", `${describeInput(plan)}. ${HOW}`);
  if (plan.format_version.split(".", 1)[0] !== "1")
    throw new UserError(
      "invalid",
      `The plan has format version ${plan.format_version}, but the gate supports only version 1. ` +
        "Use OpenTofu 1.10 or Terraform 1.5, or a later version with the same format.",
    );
  const problem = incompleteness(plan);
  if (problem !== undefined) throw new UserError("invalid", problem);
  return plan;
}

function parsed(text: string): unknown {
  if (text.trim() === "") throw new UserError("invalid", `The input is empty. ${HOW}`);
  if (text.startsWith("PK"))
    throw new UserError("invalid", `The input is the saved plan itself, not its JSON. ${HOW}`);
  if (/^\s*\{"@level"/.test(text))
    throw new UserError("invalid", `The input is the log of \`plan -json\`, not a plan. ${HOW}`);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new UserError("invalid", `The input is not JSON, or truncated. ${HOW}`);
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

function describeInput(value: unknown): string {
  const isState = isObject(value) && ("values" in value || "serial" in value);
  return isState ? "The input is a state, not a plan" : "The input is JSON, but not a plan";
}

/** Why a plan does not show everything that an apply would do. */
function incompleteness(plan: Plan): string | undefined {
  const failed = (plan.checks ?? []).filter(
    ({ status, address }) => status === "error" || (status === "fail" && address.kind !== "check"),
  );
  if (plan.errored === true || failed.length > 0) {
    const conditions = failed.map((check) => `${check.address.to_display}: ${problemsOf(check)}`);
    return [
      "Planning failed, so the plan is incomplete. Fix what `tofu plan` reports, and plan again.",
      ...conditions,
    ].join("\n  ");
  }
  if ((plan.deferred_changes ?? []).length > 0)
    return "A part of the plan is deferred and cannot be checked. Apply what it waits for first, and plan again.";
  if (plan.complete === false)
    return "The plan is incomplete: it was made with `-target`, or a part is deferred. Plan everything again.";
  const missing = missingResources(plan);
  if (missing.length > 0 && !isRefreshOnly(plan))
    return (
      `The plan does not cover ${missing.join(", ")}: it was made with \`-target\` or \`-exclude\`, or planning failed. ` +
      "Fix any errors of the planning, and plan everything again."
    );
  return undefined;
}

/**
 * Resources of the state or the configuration that are not in the plan. A complete plan has every resource, even
 * unchanged ones. OpenTofu does not mark plans made with `-target` or `-exclude`, and Terraform before 1.6 does not mark
 * failed ones.
 */
function missingResources(plan: Plan): string[] {
  const planned = new Set(
    (plan.resource_changes ?? []).flatMap((change) => [change.address, change.previous_address]),
  );
  const all = [...knownResources(plan), ...configuredResources(plan)].filter(
    ({ mode }) => mode === "managed",
  );
  return [...new Set(all.map(({ address }) => address))].filter((address) => !planned.has(address));
}

/** Resources of the configuration, without those whose `count` or `for_each` may be empty. */
const configuredResources = ({ configuration }: Plan): readonly ConfiguredResource[] =>
  (configuration?.root_module?.resources ?? []).filter(
    ({ count_expression, for_each_expression }) => !count_expression && !for_each_expression,
  );

/** A `-refresh-only` plan has no changes but evaluated checks. `-exclude` would leave the checks of its resources unknown. */
export const isRefreshOnly = ({ resource_changes, checks = [], prior_state }: Plan): boolean =>
  resource_changes === undefined &&
  prior_state !== undefined &&
  !checks.some(({ status }) => status === "unknown");

export const problemsOf = ({ instances = [] }: Check): string => {
  const messages = instances.flatMap(({ problems = [] }) => problems.map(({ message }) => message));
  return messages.length > 0 ? messages.join("; ") : "its condition cannot be evaluated";
};
