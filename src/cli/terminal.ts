/** What the terminal of this process can show. */
import { styleText } from "node:util";
import type { Style } from "../preview/terminal";

/** Tables need some room. A narrower terminal breaks the lines itself. */
const LEAST_COLUMNS = 80;

/** Its width, at least 80; `undefined` for a pipe and a file. */
export const terminalColumns = (stream: NodeJS.WriteStream): number | undefined =>
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- not all terminals know their size
  stream.isTTY ? Math.max(LEAST_COLUMNS, stream.columns ?? 0) : undefined;

/** Colors of standard output, unless it or a variable such as NO_COLOR wants none. */
export const paint = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stdout });
