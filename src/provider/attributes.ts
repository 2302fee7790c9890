/**
 * Compares two versions of a VM as OpenTofu knows them: attributes and blocks of `proxmox_virtual_environment_vm`, by
 * their names in the provider's schema, from synthesized JSON or from a plan.
 */

/** An attribute that differs, or a block that only one version has. */
export interface AttributeChange {
  /** Path in the provider's schema, such as `disk.size`, or `disk` for a whole disk. */
  readonly attribute: string;
  /** The same path with the list element: `disk[scsi0].size`. */
  readonly where: string;
  /** `undefined` if not set. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Attribute that identifies the elements of a list. Elements of other lists are identified by index. */
const KEYS: Record<string, string> = { disk: "interface" };

type Attributes = Readonly<Record<string, unknown>>;

/** Every attribute that differs, sorted by name. `null` and a missing attribute count as equal. */
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

/** CDKTF writes a single block as an object, a plan writes it as a list of one. */
const blocks = (value: unknown): Attributes[] =>
  Array.isArray(value) ? (value as Attributes[]) : value === undefined ? [] : [value as Attributes];

const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const areBlocks = (value: unknown): boolean =>
  isObject(value) || (Array.isArray(value) && value.length > 0 && value.every(isObject));

/** False for blocks that a plan does not know yet. */
const mayBeBlocks = (value: unknown): boolean =>
  value === undefined || areBlocks(value) || (Array.isArray(value) && value.length === 0);

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
