/** Path of a setting: names, and indexes in lists. */
export type Path = readonly PropertyKey[];

export const valueAt = (settings: unknown, path: Path): unknown =>
  path.reduce<unknown>((group, key) => (group as Readonly<Record<PropertyKey, unknown>>)[key], settings);

/** A path as `main.ts` writes it, such as `network.lanCidrs[0]`. A disk is labelled by its interface instead of its index. */
export const formatPath = (path: Path, settings: unknown): string =>
  path.reduce<string>((text, key, index) => {
    if (typeof key === "number")
      return `${text}[${entryLabel(valueAt(settings, path.slice(0, index + 1)), key)}]`;
    if (path[index - 1] === "nodeLabels") return `${text}[${String(key)}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");

function entryLabel(entry: unknown, index: number): string {
  const named = (entry as { readonly interface?: unknown } | null)?.interface;
  return typeof named === "string" && /^[a-z]{2,6}\d{1,2}$/.test(named) ? named : String(index);
}
