import type { Measurement } from "./measure";

const overFloor = ({ first, floor }: Measurement): number => first.seconds / floor.seconds;

/** Head of a column, and what stands in it. */
const COLUMNS: readonly [head: string, cell: (size: Measurement) => string][] = [
  ["nodes", ({ nodes }) => `${nodes}`],
  ["floor s", ({ floor }) => floor.seconds.toFixed(2)],
  ["first s", ({ first }) => first.seconds.toFixed(2)],
  ["x floor", (size) => overFloor(size).toFixed(2)],
  ["again s", ({ again }) => again.seconds.toFixed(2)],
  ["x floor", ({ again, floor }) => (again.seconds / floor.seconds).toFixed(2)],
  ["floor MiB", ({ floor }) => floor.memory.toFixed(0)],
  ["first MiB", ({ first }) => first.memory.toFixed(0)],
  ["again MiB", ({ again }) => again.memory.toFixed(0)],
  ["nix/ files", ({ files }) => `${files}`],
  ["nix/ KiB", ({ bytes }) => (bytes / 1024).toFixed(0)],
  ["rewritten", ({ rewritten }) => `${rewritten}`],
];

/** One line a size, under heads as wide as they need to be. */
export function table(sizes: readonly Measurement[]): string {
  const heads = COLUMNS.map(([head]) => head);
  const lines = [heads, ...sizes.map((size) => COLUMNS.map(([, cell]) => cell(size)))];
  const width = (column: number): number => Math.max(...lines.map((line) => line[column]?.length ?? 0));
  return lines.map((line) => line.map((cell, column) => cell.padStart(width(column))).join("  ")).join("\n");
}

/** What the project promises of its synth. */
interface Bar {
  readonly claim: string;
  readonly unit: string;
  /** Sizes of which the value is taken, in nodes. */
  readonly sizes: readonly number[];
  readonly value: (...sizes: readonly Measurement[]) => number;
  readonly met: (value: number) => boolean;
}

const BARS: readonly Bar[] = [
  {
    claim: "3 nodes: a first run within 1.3 times the floor",
    unit: "times",
    sizes: [3],
    value: overFloor,
    met: (value) => value <= 1.3,
  },
  {
    claim: "1000 nodes: a first run within 2 times the floor",
    unit: "times",
    sizes: [1000],
    value: overFloor,
    met: (value) => value <= 2,
  },
  {
    claim: "1000 nodes: under 512 MiB",
    unit: "MiB",
    sizes: [1000],
    value: ({ first, again }) => Math.max(first.memory, again.memory),
    met: (value) => value < 512,
  },
  {
    // Without what 3 nodes take, which is mostly the start of Node and would flatter the larger cluster.
    claim: "1000 nodes: a further node costs within 1.5 times one at 250",
    unit: "times",
    sizes: [3, 250, 1000],
    value: (start, middle, end) => costPerNode(start, end) / costPerNode(start, middle),
    met: (value) => value <= 1.5,
  },
];

const costPerNode = (start: Measurement, end: Measurement): number =>
  (end.first.seconds - start.first.seconds) / (end.nodes - start.nodes);

/** One line a bar, with what was measured. */
export function bars(all: readonly Measurement[]): string {
  const lines = BARS.map(({ claim, unit, sizes, value, met }) => {
    const found = sizes.flatMap((nodes) => all.find((size) => size.nodes === nodes) ?? []);
    if (found.length < sizes.length) return `-     ${claim}: not measured, needs --nodes ${sizes.join(",")}`;
    const measured = value(...found);
    return `${verdict(met(measured))}  ${claim}: ${measured.toFixed(2)} ${unit}`;
  });
  const rewritten = Math.max(...all.map((size) => size.rewritten));
  const claim = "an unchanged second run writes nothing under nix/";
  return [...lines, `${verdict(rewritten === 0)}  ${claim}: ${rewritten} files and folders`].join("\n");
}

const verdict = (met: boolean): string => (met ? "pass" : "MISS");
