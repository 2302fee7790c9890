/** A terminal without a person, for what is written to one. */

export interface Screen {
  readonly stream: NodeJS.WriteStream;
  readonly written: readonly string[];
  /** The lines that it shows; the cursor is in the last one. */
  readonly shown: () => string[];
}

export function screen(columns = 80, isTTY = true): Screen {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) > 0 };
  return { stream: stream as never, written, shown: () => shownOf(written.join("")) };
}

/** What is left of a text after what erases a line. */
export const shownOf = (written: string): string[] =>
  written.split("\n").map((line) => line.split("\r\u001b[K").at(-1) ?? "");
