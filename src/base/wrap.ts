/** Lines of a terminal: how wide a text is, and where it goes on in the next line. */

/**
 * Breaks a text at blanks into lines of at most so many columns. A word that is longer stays whole, so that it can be copied.
 *
 * @param hang - begins every line but the first
 */
export const wrapped = (text: string, columns: number, hang = ""): string[] =>
  filled(text, columns, hang, (word) => [word]);

/**
 * Breaks each line of a text, but for lines of files. What goes on in the next line hangs below its first word, after a
 * mark such as `! `.
 */
export function wrappedLines(text: string, columns: number): string {
  let isDiff = false;
  const lines = text.split("\n").flatMap((line) => {
    isDiff = line.startsWith("--- ") || (isDiff && line !== "");
    return isDiff || CHANGED_LINE.test(line) ? [line] : wrapped(line, columns, hangOf(line));
  });
  return lines.join("\n");
}

/** A line of a file, as a plan of a rollout shows what changes in it. */
const CHANGED_LINE = /^ {6}[+-] /;

function hangOf(line: string): string {
  const [, indent = "", mark = "  "] = /^( *)([!-] )?/.exec(line) ?? [];
  return indent + " ".repeat(mark.length);
}

/** For a cell of a table, whose width is a limit: breaks longer words anywhere. */
export const wrappedCell = (text: string, columns: number): string[] =>
  filled(text, columns, "", (word) => cutIntoLines(word, columns));

function filled(text: string, columns: number, hang: string, parts: (word: string) => string[]): string[] {
  const [, indent = "", rest = ""] = /^( *)(.*)$/s.exec(text) ?? [];
  const [first = "", ...words] = rest.split(" ");
  const lines = parts(`${indent}${first}`);
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`;
    if (displayWidth(line) <= columns) lines[lines.length - 1] = line;
    else lines.push(...parts(`${hang}${word}`));
  }
  return lines;
}

function cutIntoLines(line: string, columns: number): string[] {
  const lines = [""];
  for (const { segment } of charactersOf(line)) {
    const longer = `${lines.at(-1)}${segment}`;
    if (displayWidth(longer) <= columns || longer === segment) lines[lines.length - 1] = longer;
    else lines.push(segment);
  }
  return lines;
}

/** Its beginning, as one line. */
export function cutToLine(line: string, columns: number): string {
  if (displayWidth(line) <= columns) return line;
  return `${cutIntoLines(line, columns - 1)[0]}…`;
}

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for one character each. The segmenter takes 9 ms to make, which most runs need not pay. */
const charactersOf = (text: string): Intl.Segments => (segmenter ??= new Intl.Segmenter()).segment(text);

/** Scripts of East Asia, their punctuation and full-width forms, and emoji (Unicode, UAX #11). */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\u3000-\u303e\u30fb\u30fc\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;

/** Terminal columns that a text takes: two for a wide character, none for a combining mark. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return [...charactersOf(text)].reduce((width, { segment }) => width + (WIDE.test(segment) ? 2 : 1), 0);
}
