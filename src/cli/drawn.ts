import { toMarkdown } from "../preview/markdown";
import type { Block } from "../preview/report";
import { toTerminal } from "../preview/terminal";
import { paint, terminalColumns } from "./terminal";

/**
 * A report for the person at a terminal, or as Markdown for what reads a pipe.
 *
 * @param markdown - also on a terminal. @default false
 */
export function drawn(report: readonly Block[], { markdown = false } = {}): string {
  const columns = terminalColumns(process.stdout);
  const text =
    columns === undefined || markdown ? toMarkdown(report) : toTerminal(report, { columns, paint });
  return text.trimEnd();
}
