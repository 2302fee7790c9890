import type { Bar, Column } from "./report";
import type { Rollout } from "./rollout";

const ideal = ({ chain, stepSeconds }: Rollout): number => chain * stepSeconds;

export const ROLLOUT_COLUMNS: readonly Column<Rollout>[] = [
  ["nodes", ({ nodes }) => `${nodes}`],
  ["steps in a row", ({ chain }) => `${chain}`],
  ["step s", ({ stepSeconds }) => `${stepSeconds}`],
  ["ideal s", (size) => ideal(size).toFixed(1)],
  ["rollout s", ({ seconds }) => seconds.toFixed(1)],
  ["x ideal", (size) => (size.seconds / ideal(size)).toFixed(2)],
];

const within = (what: string, times: number): readonly Bar<Rollout>[] => [
  {
    claim: `${what} within ${times} times the ideal of its order`,
    unit: "times",
    value: (...all) => Math.max(...all.map((size) => size.seconds / ideal(size))),
    met: (value) => value <= times,
  },
];

export const ROLLOUT_BARS = within("a rollout", 1.15);

export const UPGRADE_BARS = within("an upgrade", 1.25);
