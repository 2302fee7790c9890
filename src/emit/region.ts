import fs from "node:fs";

/** Marker lines around HostFiles' region in an owner's document. */
export const START = "<!-- k3s-nodes:start -->";
export const END = "<!-- k3s-nodes:end -->";

/** A document, split at its markers. */
export interface Region {
  /** Everything up to and including the line of the start marker. */
  readonly before: string;
  readonly current: string;
  /** Everything from the line of the end marker. */
  readonly after: string;
  /** The document's line ending, as at its start marker. */
  readonly lineEnd: "\n" | "\r\n";
}

/** Why a document has no valid region, and what to do. */
export interface RegionProblem {
  /** Continues a sentence that starts with the document's path. */
  readonly why: string;
  readonly remedy: string;
}

export function readRegion(file: string): Region | RegionProblem {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    return { why: "does not exist", remedy: `Create it, with ${MARKERS}, or remove it from 'documents'` };
  }
  if (!stat.isFile()) return { why: "is not a file", remedy: "Remove it from 'documents'" };
  const bytes = fs.readFileSync(file);
  const text = bytes.toString();
  // Invalid UTF-8 would be written back changed.
  return Buffer.from(text).equals(bytes)
    ? splitAtMarkers(text)
    : { why: "is not UTF-8", remedy: "Save it as UTF-8" };
}

const MARKERS = `one line ${START} and, below, one line ${END}`;

function splitAtMarkers(text: string): Region | RegionProblem {
  const starts = linesOf(text, START);
  const ends = linesOf(text, END);
  const wrong = [...markerProblem(START, text, starts), ...markerProblem(END, text, ends)];
  const [start, end] = [starts[0], ends[0]];
  if (wrong.length === 0 && start && end && end.from < start.to) {
    wrong.push(`has ${END} in line ${numberOf(text, end)} above ${START} in line ${numberOf(text, start)}`);
  }
  if (wrong.length > 0 || !start || !end) return { why: wrong.join(" and "), remedy: `It needs ${MARKERS}` };
  return {
    before: text.slice(0, start.to),
    current: text.slice(start.to, end.from),
    after: text.slice(end.from),
    lineEnd: text.slice(0, start.to).endsWith("\r\n") ? "\r\n" : "\n",
  };
}

interface Line {
  readonly from: number;
  /** Position after the line ending. */
  readonly to: number;
}

const linesOf = (text: string, mark: string): Line[] =>
  [...text.matchAll(new RegExp(`^[ \\t]*${mark}[ \\t]*(\\r?\\n|$)`, "gm"))].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
  }));

function markerProblem(mark: string, text: string, lines: readonly Line[]): string[] {
  if (lines.length === 1) return [];
  if (lines.length === 0) return [`has no ${mark}`];
  return [`has ${mark} in lines ${lines.map((line) => numberOf(text, line)).join(", ")}`];
}

const numberOf = (text: string, { from }: Line): number => text.slice(0, from).split("\n").length;
