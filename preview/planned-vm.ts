/** What a plan changes in one VM. */
import { changesBetween, type AttributeChange } from "./attributes";
import { costOf, worstCostOf, type Cost } from "./costs";
import type { Attributes, Change, ResourceChange } from "./plan";

export const VM_TYPE = "proxmox_virtual_environment_vm";

export interface PlannedChange extends AttributeChange {
  readonly cost: Cost;
  /** What it becomes is known at the apply alone; the cost is the worst that it can come to. */
  readonly unknown: boolean;
  /** `cpu.cores 4 → 8`, without values that nobody should see. */
  readonly words: string;
}

/** In the place of a value. */
const UNKNOWN = "(known after apply)";

/** Attributes that only the provider sets, from what the guest says. */
const READ = new Set(["id", "ipv4_addresses", "ipv6_addresses", "mac_addresses", "network_interface_names"]);

export function plannedChanges(change: Change): PlannedChange[] {
  const after = withUnknown(change.after ?? {}, change.after_unknown) as Attributes;
  return changesBetween(change.before ?? {}, after)
    .filter(({ attribute, before, after }) => !READ.has(attribute) && !(isZero(before) && isZero(after)))
    .map((one) => {
      const unknown = one.after === UNKNOWN;
      const cost = unknown ? worstCostOf(one.attribute) : costOf(one);
      return { ...one, cost, unknown, words: worded(one, isSensitive(change, one.attribute)) };
    });
}

/** By `replace_paths`, such as `["disk", 0, "file_id"]`. */
export function replacingChanges(change: Change): PlannedChange[] {
  const attributes = (change.replace_paths ?? []).map((path) =>
    path.filter((step) => typeof step === "string").join("."),
  );
  return plannedChanges(change).filter(({ attribute }) =>
    attributes.some((path) => path === attribute || path.startsWith(`${attribute}.`)),
  );
}

/** A plugin SDK of the provider's kind takes what is not stated for the zero of its type, and plans write both. */
const isZero = (value: unknown): boolean =>
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

/** Of one element of a list as of all of them, and of a block as of what is in it. */
const isSensitive = ({ before_sensitive, after_sensitive }: Change, attribute: string): boolean =>
  [...marked(before_sensitive), ...marked(after_sensitive)].some(
    (path) => path === "" || `${attribute}.`.startsWith(`${path}.`) || path.startsWith(`${attribute}.`),
  );

/** The attributes that have `true` in a tree of marks. */
function marked(marks: unknown, path = ""): string[] {
  if (marks === true) return [path];
  if (Array.isArray(marks)) return marks.flatMap((mark) => marked(mark, path));
  if (typeof marks !== "object" || marks === null) return [];
  return Object.entries(marks).flatMap(([name, mark]) =>
    marked(mark, path === "" ? name : `${path}.${name}`),
  );
}

function worded({ where, before, after }: AttributeChange, sensitive: boolean): string {
  if (isBlock(before) && after === undefined) return `${where} is removed`;
  if (before === undefined && isBlock(after)) return `${where} is added`;
  return sensitive ? `${where} (sensitive)` : `${where} ${shown(before)} → ${shown(after)}`;
}

const isBlock = (value: unknown): boolean => typeof value === "object" && !Array.isArray(value);

const MOST_CHARACTERS = 100;

function shown(value: unknown): string {
  if (value === UNKNOWN) return UNKNOWN;
  const text = JSON.stringify(value) ?? "not stated";
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}

/** A VM, or any other resource, as a person knows it. */
export interface Subject {
  readonly address: string;
  readonly hostname?: string;
  readonly vmId?: number;
  /** Every name by which it can be allowed. */
  readonly names: readonly string[];
}

export function subjectOf({ address, previous_address, type, change }: ResourceChange): Subject {
  const addresses = previous_address === undefined ? [address] : [address, previous_address];
  if (type !== VM_TYPE) return { address, names: addresses };
  const visible = (name: string): unknown[] =>
    isSensitive(change, name) ? [] : [change.before?.[name], change.after?.[name]];
  const hostnames = visible("name").filter((name) => typeof name === "string" && name !== "") as string[];
  const vmIds = visible("vm_id").filter((id) => typeof id === "number");
  return { address, hostname: hostnames[0], vmId: vmIds[0], names: [...addresses, ...hostnames] };
}

/** `hamal, VM 135 (proxmox_virtual_environment_vm.k3s_agent)` */
export function subjectInWords({ address, hostname, vmId }: Subject): string {
  const name = [hostname, vmId === undefined ? undefined : `VM ${vmId}`].filter((part) => part !== undefined);
  return name.length > 0 ? `${name.join(", ")} (${address})` : address;
}
