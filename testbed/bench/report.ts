import { textTable } from "../../src/base/table";

/** Heading and content of a column. */
export type Column<Row> = readonly [head: string, cell: (row: Row) => string];

/** One line per size, under the headings. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const head = columns.map(([name]) => name);
  const lines = [head, ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  return textTable(lines, "right").join("\n");
}

/** A limit that the project promises. */
export interface Bar<Row> {
  readonly claim: string;
  readonly unit: string;
  /** Sizes for which it holds, in nodes. @default - all that were measured */
  readonly sizes?: readonly number[];
  readonly value: (...rows: readonly Row[]) => number | undefined;
  readonly met: (value: number) => boolean;
}

/** One line a bar, with what was measured. */
export const bars = <Row extends { readonly nodes: number }>(
  promises: readonly Bar<Row>[],
  all: readonly Row[],
): string =>
  promises
    .map(({ claim, unit, sizes, value, met }) => {
      const rows = sizes?.flatMap((nodes) => all.find((row) => row.nodes === nodes) ?? []) ?? all;
      if (sizes && rows.length < sizes.length)
        return `-     ${claim}: not measured, needs --nodes ${sizes.join(",")}`;
      const measured = value(...rows);
      if (measured === undefined) return `-     ${claim}: not measured on this machine`;
      return `${met(measured) ? "pass" : "MISS"}  ${claim}: ${Number(measured.toFixed(4))} ${unit}`;
    })
    .join("\n");
