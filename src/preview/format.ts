/** Formats values and changes in Markdown. */

const MOST_CHARACTERS = 120;

/** A value as in `main.ts`, truncated if it is long. */
export function formatValue(value: unknown): string {
  if (value === undefined) return "not set";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
  const safe = cut.replace(/[`\r\n]+/g, " ");
  return safe.trim() === "" ? '`""`' : `\`${safe}\``;
}

interface Sides {
  readonly before: unknown;
  readonly after: unknown;
}

/** The old and the new value; for lists, the removed and the added items. */
export function formatChange({ before, after }: Sides): string {
  if (!Array.isArray(before) || !Array.isArray(after))
    return `${formatValue(before)} → ${formatValue(after)}`;
  const gone = difference(before, after).map((item) => `− ${formatValue(item)}`);
  const come = difference(after, before).map((item) => `+ ${formatValue(item)}`);
  return [...gone, ...come].join(", ") || "reordered";
}

export function difference<T>(items: readonly T[], others: readonly T[]): T[] {
  const same = new Set(others.map((item) => JSON.stringify(item)));
  return items.filter((item) => !same.has(JSON.stringify(item)));
}
