/** Tables whose columns are as wide as their widest cell, or as a terminal has room for. */
import { displayWidth, wrappedCell } from "./wrap";

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

/** Between columns. */
const GAP = 2;

/** No column is made narrower for the sake of its words. */
const BROAD_ENOUGH = 20;

/** For a terminal of so many columns: cells of columns that are too wide go on in the lines below. */
export function fittedTable(rows: Rows, columns: number): string[] {
  const widths = fittedWidths(rows, columns);
  return rows.flatMap((row) => {
    const cells = row.map((cell, column) => wrappedCell(cell, widths[column] ?? 0));
    const height = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((lines, column) => padded(lines[line] ?? "", widths[column] ?? 0, "left"))
        .join(" ".repeat(GAP))
        .trimEnd(),
    );
  });
}

/** Takes columns from the widest, and breaks words only where there is no other way. */
function fittedWidths(rows: Rows, columns: number): number[] {
  const widths = widthsOf(rows);
  const words = widthsOf(rows.map((row) => row.map(longestWord)));
  // One column at least: a cell of blanks alone has no word, and would be taken for the one that can give.
  const least = words.map((width) => Math.min(Math.max(width, 1), BROAD_ENOUGH));
  const room = columns - GAP * (widths.length - 1);
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const able = widths.map((width, at) => (width > (least[at] ?? 0) ? width : 0));
    const from = able.some((width) => width > 0) ? able : widths;
    const widest = from.indexOf(Math.max(...from));
    if (from[widest] === 1) break;
    widths[widest] = (from[widest] ?? 0) - 1;
  }
  return widths;
}

const longestWord = (cell: string): string =>
  cell.split(" ").reduce((longest, word) => (displayWidth(word) > displayWidth(longest) ? word : longest));

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
