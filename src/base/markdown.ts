/** Text in Markdown: words, code, and lists in a sentence. */

/** Free text on one line, with the characters escaped that Markdown or HTML would interpret. */
export const plain = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[\\`*_[\]<>|#&~]/g, "\\$&");

/**
 * A name as a code span, safe in a table too, where a bar would end the cell. A code span ends at the next run of the same
 * number of backticks as it began with (CommonMark, "Code spans"), so the fence is a run length that the name does not
 * contain. Renderers disagree about a backslash before a bar in code, but agree in plain text.
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

/** A code span, an escaped character, and the marks of bold text. */
const MARKS = /(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)|\\([\\`*_[\]<>|#&~])|\*\*/g;

/** What inline Markdown says, without its marks: the inverse of `code` and `plain`. */
export const unmarked = (markdown: string): string =>
  markdown.replace(MARKS, (_, fence?: string, inside?: string, escaped?: string) =>
    fence === undefined ? (escaped ?? "") : (inside ?? "").replace(/^ (.*) $/, "$1").replaceAll("\\|", "|"),
  );

/** The anchor that GitHub gives to a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, "")
    .replaceAll(" ", "-");

/** `a`, `a and b`, `a, b and c`. */
export function enumerated(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
