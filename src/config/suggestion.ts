/** Suggestion for a misspelt name, such as `; did you mean cores?`; empty if no known name is similar. */
export function suggestion(name: string, known: readonly string[]): string {
  const same = known.filter((each) => normalized(each) === normalized(name));
  const near = same.length > 0 ? same : nearest(name, known);
  return near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "";
}

/**
 * The name that another one plainly is, with a letter missed or mistaken; two in a long one. `undefined` for what may be
 * a name of its own.
 */
export function misspelt(name: string, known: readonly string[]): string | undefined {
  const most = normalized(name).length < 4 ? 0 : normalized(name).length < 12 ? 1 : 2;
  return known.find((each) => each !== name && distance(normalized(name), normalized(each)) <= most);
}

const normalized = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The names with the fewest differences, at most one in three letters; otherwise those with the same beginning. */
function nearest(name: string, known: readonly string[]): readonly string[] {
  const mistakes = known.map((each) => distance(normalized(name), normalized(each)));
  const fewest = Math.min(...mistakes);
  if (fewest <= Math.max(1, Math.floor(normalized(name).length / 3))) {
    return known.filter((_, index) => mistakes[index] === fewest);
  }
  const start = normalized(name).slice(0, 3);
  return known.filter((each) => normalized(each).startsWith(start));
}

/**
 * Edits that turn one text into the other: insert, delete or replace a letter, or swap two neighbours (optimal string
 * alignment).
 */
function distance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= one.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= other.length; j++) {
      const replaced = at(i - 1, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const exchanged =
        one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      rows[i]?.push(Math.min(replaced, exchanged, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(one.length, other.length);
}
