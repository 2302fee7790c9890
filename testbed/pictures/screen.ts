import { Terminal } from "@xterm/headless";

export const COLUMNS = 80;

/** Neighbours of one style in a line. */
export interface Run {
  readonly text: string;
  /** Of the first character, from 0. */
  readonly column: number;
  /** Of the 16 that a terminal has, 0 to 15; `undefined` is the terminal's own. */
  readonly colour: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

/** A line as a terminal shows it, without the blanks at its end. */
export type Line = readonly Run[];

/** What a terminal shows after it was sent that, down to the last line that is not empty. */
export async function linesOf(sent: string): Promise<readonly Line[]> {
  const terminal = new Terminal({ cols: COLUMNS, rows: 200, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(sent, resolve));
  const lines = Array.from({ length: terminal.rows }, (_, row) => lineOf(terminal, row));
  terminal.dispose();
  return lines.slice(0, lines.findLastIndex((line) => line.length > 0) + 1);
}

export const textOf = (line: Line): string =>
  line.reduce((text, run) => text.padEnd(run.column) + run.text, "");

function lineOf(terminal: Terminal, row: number): Line {
  const cells = terminal.buffer.active.getLine(row);
  const runs: Run[] = [];
  for (let column = 0; column < COLUMNS; column++) {
    const cell = cells?.getCell(column);
    const text = cell?.getChars() ?? "";
    if (cell === undefined || text === "" || text === " ") continue;
    const run = {
      text,
      column,
      colour: cell.isFgPalette() ? cell.getFgColor() : undefined,
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
    };
    const last = runs.at(-1);
    if (last !== undefined && continues(last, run)) {
      runs[runs.length - 1] = { ...last, text: last.text.padEnd(column - last.column) + text };
    } else runs.push(run);
  }
  return runs;
}

/** Blanks between two words do not part them; a wider gap does, so that columns stay where they are in any font. */
function continues(last: Run, next: Run): boolean {
  const gap = next.column - last.column - last.text.length;
  return gap <= 1 && last.colour === next.colour && last.bold === next.bold && last.dim === next.dim;
}
