/** Tables whose columns are as wide as their widest cell. */

type Rows = readonly (readonly string[])[];

/** For a terminal: one line per row, with two spaces between columns. */
export function textTable(rows: Rows, align: "left" | "right" = "left"): string[] {
  const widths = widthsOf(rows);
  return rows.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0, align))
      .join("  ")
      .trimEnd(),
  );
}

/**
 * In Markdown, formatted as prettier does, so that an owner's formatter does not change it: a reformatted region would look
 * edited by hand. The cells must be Markdown.
 */
export function markdownTable(head: readonly string[], rows: Rows): string {
  const widths = widthsOf([head, ...rows]).map((width) => Math.max(3, width));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => padded(cells[column] ?? "", width, "left")).join(" | ")} |\n`;
  return [head, widths.map((width) => "-".repeat(width)), ...rows].map(line).join("");
}

const widthsOf = (rows: Rows): number[] => {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
  return widths;
};

function padded(cell: string, width: number, align: "left" | "right"): string {
  const gap = " ".repeat(Math.max(0, width - displayWidth(cell)));
  return align === "left" ? cell + gap : gap + cell;
}

const CHARACTERS = new Intl.Segmenter();

/** Scripts of East Asia, their punctuation and full-width forms, and emoji (Unicode, UAX #11). */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\u3000-\u303e\u30fb\u30fc\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;

/** Terminal columns that a text takes: two for a wide character, none for a combining mark. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return [...CHARACTERS.segment(text)].reduce(
    (width, { segment }) => width + (WIDE.test(segment) ? 2 : 1),
    0,
  );
}
