import { median, type Measurement } from "../../../testbed/bench/measure";
import { bars as barsOf, table as tableOf } from "../../../testbed/bench/report";
import { SYNTH_BARS, SYNTH_COLUMNS } from "../../../testbed/bench/synth-report";

const bars = (all: readonly Measurement[]): string => barsOf(SYNTH_BARS, all);
const table = (all: readonly Measurement[]): string => tableOf(SYNTH_COLUMNS, all);

const size = (nodes: number, floor: number, first: number, more: Partial<Measurement> = {}): Measurement => ({
  nodes,
  floor: { seconds: floor, memory: 100 },
  first: { seconds: first, memory: 200 },
  again: { seconds: first, memory: 200 },
  byCli: 3 * first,
  files: 4 * nodes + 1,
  bytes: 10_240 * nodes,
  rewritten: 0,
  ...more,
});

test("a median is the middle one, or lies between the two", () => {
  expect(median([3, 100, 1])).toBe(3);
  expect(median([4, 1, 2, 100])).toBe(3);
});

test("bars that are met", () => {
  const lines = bars([size(3, 1, 1.2), size(250, 2, 2.3), size(1000, 4, 4.4)]).split("\n");
  expect(lines).toEqual([
    "pass  3 nodes: a first run within 1.2 times the floor: 1.2 times",
    "pass  1000 nodes: a first run within 1.1 times the floor: 1.1 times",
    "pass  1000 nodes: under 512 MiB: 200 MiB",
    "pass  1000 nodes: a further node costs within 1.5 times one at 250: 0.7207 times",
    "pass  an unchanged second run writes nothing under nix/: 0 files and folders",
  ]);
});

test("bars that are missed", () => {
  const thousand = { again: { seconds: 9, memory: 512 }, rewritten: 1 };
  const lines = bars([size(3, 1, 1.4), size(250, 2, 2.4), size(1000, 4, 8.1, thousand)]).split("\n");
  expect(lines.map((line) => line.slice(0, 4))).toEqual(Array(5).fill("MISS"));
});

test("a bar whose sizes were not measured is neither met nor missed", () => {
  expect(bars([size(3, 1, 1)])).toContain("1000 nodes: under 512 MiB: not measured, needs --nodes 1000");
});

test("the columns of the table are aligned", () => {
  const lines = table([size(3, 1, 1), size(1000, 4, 8)]).split("\n");
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});
