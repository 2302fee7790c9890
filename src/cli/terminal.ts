/** What the terminal of this process can show. */
import { styleText } from "node:util";
import { wrappedLines } from "../base/wrap";
import type { Style } from "../preview/terminal";

/** Tables need some room. A narrower terminal breaks the lines itself. */
const LEAST_COLUMNS = 80;

/** Its width, at least 80; `undefined` for a pipe and a file. */
export const terminalColumns = (stream: NodeJS.WriteStream): number | undefined =>
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- not all terminals know their size
  stream.isTTY ? Math.max(LEAST_COLUMNS, stream.columns ?? 0) : undefined;

/** Writes prose: to a terminal in lines of its width, to a pipe as it is. */
export function say(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  stream.write(`${fitted(text, stream)}\n`);
}

/** Prose as `say` writes it. */
export function fitted(text: string, stream: NodeJS.WriteStream): string {
  const columns = terminalColumns(stream);
  return columns === undefined ? text : wrappedLines(text, columns);
}

/** Colors of standard output, unless it or a variable such as NO_COLOR wants none. */
export const paint = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stdout });
