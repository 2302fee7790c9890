import fs from "node:fs";

/** The lines between which a document of people is HostFiles'. Each stands alone on its line. */
export const START = "<!-- k3s-nodes:start -->";
export const END = "<!-- k3s-nodes:end -->";

/** A document, cut at its marks. */
export interface Region {
  /** Up to and with the start mark's line. */
  readonly before: string;
  readonly there: string;
  /** From the end mark's line on. */
  readonly after: string;
  /** The document's own, by its start mark. */
  readonly lineEnd: "\n" | "\r\n";
}

/** Why a document has no region that could be written, and what to do. */
export interface NoRegion {
  /** Continues a sentence that starts with the document's path. */
  readonly why: string;
  readonly remedy: string;
}

export function readRegion(file: string): Region | NoRegion {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    return { why: "does not exist", remedy: `Write it, with ${MARKS}, or take it out of 'documents'` };
  }
  if (!stat.isFile()) return { why: "is not a file", remedy: "Take it out of 'documents'" };
  const bytes = fs.readFileSync(file);
  const text = bytes.toString();
  // What is not UTF-8 would come back as something else.
  return Buffer.from(text).equals(bytes) ? cut(text) : { why: "is not UTF-8", remedy: "Save it as UTF-8" };
}

const MARKS = `one line ${START} and, below, one line ${END}`;

function cut(text: string): Region | NoRegion {
  const starts = linesOf(text, START);
  const ends = linesOf(text, END);
  const wrong = [...complaint(START, text, starts), ...complaint(END, text, ends)];
  const [start, end] = [starts[0], ends[0]];
  if (wrong.length === 0 && start && end && end.from < start.to) {
    wrong.push(`has ${END} in line ${numberOf(text, end)} above ${START} in line ${numberOf(text, start)}`);
  }
  if (wrong.length > 0 || !start || !end) return { why: wrong.join(" and "), remedy: `It needs ${MARKS}` };
  return {
    before: text.slice(0, start.to),
    there: text.slice(start.to, end.from),
    after: text.slice(end.from),
    lineEnd: text.slice(0, start.to).endsWith("\r\n") ? "\r\n" : "\n",
  };
}

interface Line {
  readonly from: number;
  /** After its line end. */
  readonly to: number;
}

const linesOf = (text: string, mark: string): Line[] =>
  [...text.matchAll(new RegExp(`^[ \\t]*${mark}[ \\t]*(\\r?\\n|$)`, "gm"))].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
  }));

function complaint(mark: string, text: string, lines: readonly Line[]): string[] {
  if (lines.length === 1) return [];
  if (lines.length === 0) return [`has no ${mark}`];
  return [`has ${mark} in lines ${lines.map((line) => numberOf(text, line)).join(", ")}`];
}

const numberOf = (text: string, { from }: Line): number => text.slice(0, from).split("\n").length;
