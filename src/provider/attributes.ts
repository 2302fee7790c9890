/**
 * Two VMs compared as OpenTofu knows them: attributes and blocks of `proxmox_virtual_environment_vm`, by the names of
 * the provider's schema, from synthesized JSON or from a plan.
 */

/** One attribute that differs, or a whole block that is there on one side only. */
export interface AttributeChange {
  /** Its path in the provider's schema, such as `disk.size`, or `disk` for a whole disk. */
  readonly attribute: string;
  /** The same, with which element of a list it is: `disk[scsi0].size`. */
  readonly where: string;
  /** `undefined` where it is not stated. */
  readonly before: unknown;
  readonly after: unknown;
}

/** By what the elements of a list are told apart; of others by their place. */
const KEYS: Record<string, string> = { disk: "interface" };

type Attributes = Readonly<Record<string, unknown>>;

/** Every attribute that differs, sorted by name. What is `null` on one side and missing on the other is the same. */
export function changesBetween(before: Attributes, after: Attributes, prefix = ["", ""]): AttributeChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [attribute, where] = [`${prefix[0]}${name}`, `${prefix[1]}${name}`];
    const [old, now] = [before[name] ?? undefined, after[name] ?? undefined];
    if ((areBlocks(old) || areBlocks(now)) && mayBeBlocks(old) && mayBeBlocks(now))
      return changedBlocks(attribute, where, blocks(old), blocks(now));
    return same(old, now) ? [] : [{ attribute, where, before: old, after: now }];
  });
}

function changedBlocks(
  attribute: string,
  where: string,
  before: readonly Attributes[],
  after: readonly Attributes[],
): AttributeChange[] {
  const [old, now] = [byKey(attribute, before), byKey(attribute, after)];
  const single = before.length <= 1 && after.length <= 1 && KEYS[attribute] === undefined;
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const place = single ? where : `${where}[${key}]`;
    const [one, other] = [old.get(key), now.get(key)];
    if (one && other) return changesBetween(one, other, [`${attribute}.`, `${place}.`]);
    return [{ attribute, where: place, before: one, after: other }];
  });
}

const byKey = (attribute: string, all: readonly Attributes[]): Map<string, Attributes> =>
  new Map(
    all.map((block, index) => [String((block[KEYS[attribute] ?? ""] as string | undefined) ?? index), block]),
  );

/** CDKTF writes a block that there is once as an object, a plan as a list of one. */
const blocks = (value: unknown): Attributes[] =>
  Array.isArray(value) ? (value as Attributes[]) : value === undefined ? [] : [value as Attributes];

const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const areBlocks = (value: unknown): boolean =>
  isObject(value) || (Array.isArray(value) && value.length > 0 && value.every(isObject));

/** Not so of blocks that a plan does not know yet. */
const mayBeBlocks = (value: unknown): boolean =>
  value === undefined || areBlocks(value) || (Array.isArray(value) && value.length === 0);

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
