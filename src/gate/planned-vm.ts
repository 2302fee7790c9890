/** Changes that a plan makes to one VM. */
import { changesBetween, type AttributeChange } from "../provider/attributes";
import { impactOf, type Impact, worstImpactOf } from "../provider/impact";
import type { Attributes, Change } from "./plan";
import { isSensitive } from "./sensitive";

export interface PlannedChange extends AttributeChange {
  readonly impact: Impact;
  /** Whether the new value is known only at apply; `impact` is then the worst possible one. */
  readonly unknown: boolean;
  /** `cpu.cores 4 → 8`, without sensitive values. */
  readonly words: string;
}

/** Stands for an unknown value. */
const UNKNOWN = "(known after apply)";

/** Attributes that only the provider sets, from what the guest reports. */
const READ = new Set(["id", "ipv4_addresses", "ipv6_addresses", "mac_addresses", "network_interface_names"]);

export function plannedChanges(change: Change): PlannedChange[] {
  const after = withUnknown(change.after ?? {}, change.after_unknown) as Attributes;
  const namesDisks = !isSensitive(change, "disk.interface");
  return changesBetween(change.before ?? {}, after)
    .filter(({ attribute, before, after }) => !READ.has(attribute) && !(isZero(before) && isZero(after)))
    .map((one) => {
      const unknown = one.after === UNKNOWN;
      const impact = impactIn(change, one, unknown ? worstImpactOf(one.attribute) : impactOf(one));
      const named = { ...one, where: namesDisks ? one.where : one.attribute };
      return { ...named, impact, unknown, words: describeChange(named, isSensitive(change, one.attribute)) };
    });
}

/** Whether the last refresh found the VM off. */
export const isOff = ({ before }: Change): boolean => before?.started === false;

/** The provider cannot read the source of a clone, so an imported VM has no `clone`. */
const isImported = ({ before }: Change): boolean =>
  !Array.isArray(before?.clone) || before.clone.length === 0;

/** Impacts on a VM that is off: Proxmox VE applies everything at once. */
const WHEN_OFF: Readonly<Partial<Record<Impact, Impact>>> = {
  "power-off later": "nothing",
  "live interface": "nothing",
  "live device": "nothing",
  "detached disk later": "detached disk",
  "needs off": "nothing",
};

function impactIn(change: Change, { attribute, before }: AttributeChange, impact: Impact): Impact {
  if (attribute === "disk" && before !== undefined && DETACHED.has(impact))
    return refusedDetachment(change, before as Attributes) ?? (isOff(change) ? "detached disk" : impact);
  if (isOff(change)) return WHEN_OFF[impact] ?? impact;
  // The drive of an imported VM has no `aio`. Setting it is a change that waits for a power-off, and delays every other
  // change of that drive (`disk.Update`, `vmconfig_update_disk`).
  if (isImported(change) && attribute.startsWith("disk.") && impact === "nothing")
    return attribute === "disk.size" ? "second apply" : "power-off later";
  return impact;
}

const DETACHED: ReadonlySet<Impact> = new Set(["detached disk", "detached disk later"]);

function refusedDetachment({ before, after }: Change, disk: Attributes): Impact | undefined {
  const order = Array.isArray(after?.boot_order) ? after.boot_order : [];
  if (order.includes(disk.interface)) return "boot disk";
  return before?.protection === true ? "protected disk" : undefined;
}

/** Changes listed in `replace_paths`, such as `["disk", 0, "file_id"]`. */
export function replacingChanges(change: Change): PlannedChange[] {
  const attributes = (change.replace_paths ?? []).map((path) =>
    path.filter((step) => typeof step === "string").join("."),
  );
  return plannedChanges(change).filter(({ attribute }) =>
    attributes.some((path) => path === attribute || path.startsWith(`${attribute}.`)),
  );
}

/** The provider's SDK does not distinguish a zero value from an unset one: its plans contain either null or zero. */
export const isZero = (value: unknown): boolean =>
  value === undefined ||
  value === "" ||
  value === false ||
  value === 0 ||
  (Array.isArray(value) && value.length === 0);

function withUnknown(value: unknown, unknown: unknown): unknown {
  if (unknown === true) return UNKNOWN;
  if (Array.isArray(unknown)) {
    const items = Array.isArray(value) ? value : [];
    const length = Math.max(items.length, unknown.length);
    return Array.from({ length }, (_, index) => withUnknown(items[index], unknown[index]));
  }
  if (typeof unknown !== "object" || unknown === null) return value;
  const fields = (value ?? {}) as Attributes;
  const filled = Object.entries(unknown).map(([name, inner]) => [name, withUnknown(fields[name], inner)]);
  return { ...fields, ...Object.fromEntries(filled) };
}

function describeChange({ where, before, after }: AttributeChange, sensitive: boolean): string {
  if (isBlock(before) && after === undefined) return `${where} is removed`;
  if (before === undefined && isBlock(after)) return `${where} is added`;
  return sensitive ? `${where} (sensitive)` : `${where} ${formatValue(before)} → ${formatValue(after)}`;
}

const isBlock = (value: unknown): boolean => typeof value === "object" && !Array.isArray(value);

const MOST_CHARACTERS = 100;

function formatValue(value: unknown): string {
  if (value === UNKNOWN) return UNKNOWN;
  if (value === undefined) return "not set";
  const text = JSON.stringify(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}
