import type { FirewallMeasurement, RulesetMeasurement } from "./firewall";
import { median } from "./measure";
import type { Bar, Column } from "./report";

const cell =
  (of: "product" | "perPair", value: (ruleset: RulesetMeasurement) => string) =>
  (size: FirewallMeasurement): string => {
    const measured = size[of];
    return measured === undefined ? "-" : value(measured);
  };

const seconds = ({ loadSeconds }: RulesetMeasurement): string => loadSeconds.toFixed(3);
const microseconds = ({ latency }: RulesetMeasurement): string => (latency * 1e6).toFixed(1);

export const FIREWALL_COLUMNS: readonly Column<FirewallMeasurement>[] = [
  ["nodes", ({ nodes }) => `${nodes}`],
  ["rules", cell("product", ({ rules }) => `${rules}`)],
  ["per-pair", cell("perPair", ({ rules }) => `${rules}`)],
  ["load s", cell("product", seconds)],
  ["per-pair", cell("perPair", seconds)],
  ["no rules us", ({ bare }) => (bare * 1e6).toFixed(1)],
  ["connect us", cell("product", microseconds)],
  ["per-pair", cell("perPair", microseconds)],
  ["times", ({ product, perPair }) => (perPair ? (perPair.latency / product.latency).toFixed(1) : "-")],
];

/** The ratio of both times, round by round, since a disturbance of a round affects both. */
const timesARound = (one: RulesetMeasurement, other: RulesetMeasurement): number =>
  median(one.latencies.map((latency, round) => latency / (other.latencies[round] as number)));

export const FIREWALL_BARS: readonly Bar<FirewallMeasurement>[] = [
  {
    claim: "as many rules at every size",
    unit: "more at the largest",
    value: (...all) =>
      Math.max(...all.map(({ product }) => product.rules)) -
      Math.min(...all.map(({ product }) => product.rules)),
    met: (value) => value === 0,
  },
  {
    claim: "1000 nodes: loaded in under 0.2 s",
    unit: "s",
    sizes: [1000],
    value: ({ product }) => product.loadSeconds,
    met: (value) => value < 0.2,
  },
  {
    claim: "250 nodes: a new connection within 1.2 times that at 3",
    unit: "times",
    sizes: [3, 250],
    value: (small, large) => timesARound(large.product, small.product),
    met: (value) => value <= 1.2,
  },
  {
    claim: "250 nodes: a new connection at least 10 times as fast as by pairs",
    unit: "times",
    sizes: [250],
    value: ({ product, perPair }) => (perPair ? perPair.latency / product.latency : undefined),
    met: (value) => value >= 10,
  },
];
