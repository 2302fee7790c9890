/** Values and counts for people, in Markdown. */

const MOST_CHARACTERS = 120;

/** As `main.ts` would have it, cut when it is long. */
export function shown(value: unknown): string {
  if (value === undefined) return "not stated";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
  const safe = cut.replace(/[`\r\n]+/g, " ");
  return safe.trim() === "" ? '`""`' : `\`${safe}\``;
}

interface Sides {
  readonly before: unknown;
  readonly after: unknown;
}

/** What was, and what will be; of lists, what leaves them and what comes. */
export function between({ before, after }: Sides): string {
  if (!Array.isArray(before) || !Array.isArray(after)) return `${shown(before)} → ${shown(after)}`;
  const gone = withoutSame(before, after).map((item) => `− ${shown(item)}`);
  const come = withoutSame(after, before).map((item) => `+ ${shown(item)}`);
  return [...gone, ...come].join(", ") || "in another order";
}

export function withoutSame<T>(items: readonly T[], others: readonly T[]): T[] {
  const same = new Set(others.map((item) => JSON.stringify(item)));
  return items.filter((item) => !same.has(JSON.stringify(item)));
}
