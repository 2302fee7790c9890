/** Text in Markdown: words, code, and lists in a sentence. */

/** Words of a person, on one line: what Markdown or HTML would take for its own is escaped. */
export const plain = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[\\`*_[\]<>|#&~]/g, "\\$&");

/**
 * A name as code, also in a table, where a bar would end the cell. Code ends at the next run of as many backticks as it
 * began with (CommonMark, "Code spans"), so it begins with as many as the name has nowhere in a row. Renderers differ on
 * a backslash before a bar in code, and not in words.
 */
export function code(text: string): string {
  if (text.includes("\\|")) return plain(text);
  const safe = text.replace(/\s+/g, " ").replaceAll("|", "\\|");
  const runs = new Set((safe.match(/`+/g) ?? []).map((run) => run.length));
  let length = 1;
  while (runs.has(length)) length++;
  const fence = "`".repeat(length);
  const gap = safe.startsWith("`") || safe.endsWith("`") ? " " : "";
  return `${fence}${gap}${safe}${gap}${fence}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function enumerated(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
