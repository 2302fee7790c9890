import type { Line } from "./screen";

/** Lines that appear at the same time. */
export interface Beat {
  readonly lines: readonly Line[];
  /** Seconds after the beat before. */
  readonly after: number;
}

export interface Take {
  readonly caption: string;
  readonly beats: readonly Beat[];
}

/** Lines on an empty screen, with the time at which they appear, in seconds from the beginning of the whole. */
export interface Shot {
  readonly caption: string;
  readonly from: number;
  readonly to: number;
  readonly appearances: readonly {
    readonly lines: readonly Line[];
    /** Of the first line, from 0. */
    readonly row: number;
    readonly at: number;
  }[];
}

/** After the last line of a screen, so that one can read it. */
const HOLD_SECONDS = 4;
const LAST_HOLD_SECONDS = 8;

export function timeline(takes: readonly Take[]): readonly Shot[] {
  const shots: Shot[] = [];
  for (const [index, { caption, beats }] of takes.entries()) {
    const from = shots.at(-1)?.to ?? 0;
    let [at, row] = [from, 0];
    const appearances = beats.map(({ lines, after }) => {
      const appearance = { lines, row, at: (at += after) };
      row += lines.length;
      return appearance;
    });
    const hold = index === takes.length - 1 ? LAST_HOLD_SECONDS : HOLD_SECONDS;
    shots.push({ caption, from, to: at + hold, appearances });
  }
  return shots;
}
