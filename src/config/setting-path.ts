/** Where a setting stands among others: names, and numbers in lists. */
export type Path = readonly PropertyKey[];

export const valueAt = (settings: unknown, path: Path): unknown =>
  path.reduce<unknown>((group, key) => (group as Readonly<Record<PropertyKey, unknown>>)[key], settings);

/** A path as `main.ts` has it, such as `network.lanCidrs[0]`; a disk is known by its interface, wherever it stands. */
export const formatPath = (path: Path, settings: unknown): string =>
  path.reduce<string>((text, key, index) => {
    if (typeof key === "number")
      return `${text}[${labelOf(valueAt(settings, path.slice(0, index + 1)), key)}]`;
    if (path[index - 1] === "nodeLabels") return `${text}[${String(key)}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");

function labelOf(entry: unknown, index: number): string {
  const named = (entry as { readonly interface?: unknown } | null)?.interface;
  return typeof named === "string" && /^[a-z]{2,6}\d{1,2}$/.test(named) ? named : String(index);
}
