import type { FirewallMeasurement } from "../../../testbed/bench/firewall";
import { FIREWALL_BARS, FIREWALL_COLUMNS } from "../../../testbed/bench/firewall-report";
import { median } from "../../../testbed/bench/measure";
import { bars, table } from "../../../testbed/bench/report";

const size = (nodes: number, latency: number, perPair?: number, rules = 28): FirewallMeasurement => ({
  nodes,
  bare: 1e-5,
  product: { rules, loadSeconds: 0.1, latency, latencies: [latency] },
  perPair:
    perPair === undefined
      ? undefined
      : { rules: nodes * (nodes - 1) + 1, loadSeconds: 1, latency: perPair, latencies: [perPair] },
});

test("bars that are met", () => {
  const lines = bars(FIREWALL_BARS, [size(3, 2e-5, 1e-5), size(250, 2e-5, 2e-4), size(1000, 2e-5)]).split(
    "\n",
  );
  expect(lines).toEqual([
    "pass  as many rules at every size: 0 more at the largest",
    "pass  1000 nodes: loaded in under 0.2 s: 0.1 s",
    "pass  250 nodes: a new connection within 1.2 times that at 3: 1 times",
    "pass  250 nodes: a new connection at least 10 times as fast as by pairs: 10 times",
  ]);
});

test("bars that are missed", () => {
  const slow = { ...size(1000, 2e-5), product: { rules: 29, loadSeconds: 0.2, latency: 1, latencies: [1] } };
  const lines = bars(FIREWALL_BARS, [size(3, 2e-5), size(250, 3e-5, 2e-4), slow]).split("\n");
  expect(lines.map((line) => line.slice(0, 4))).toEqual(Array(4).fill("MISS"));
});

test("rounds on a busy machine do not favour one size over another", () => {
  const during = (nodes: number, latencies: number[]): FirewallMeasurement => {
    const { product, ...rest } = size(nodes, median(latencies));
    return { ...rest, product: { ...product, latencies } };
  };
  const [small, large] = [during(3, [1, 1, 1, 3, 3]), during(250, [1.1, 1.1, 3.3, 3.3, 3.3])];
  expect(large.product.latency / small.product.latency).toBeGreaterThan(3);
  expect(bars(FIREWALL_BARS, [small, large])).toContain(
    "pass  250 nodes: a new connection within 1.2 times that at 3: 1.1 times",
  );
});

test("a bar that the machine cannot measure is neither met nor missed", () => {
  expect(bars(FIREWALL_BARS, [size(250, 1e-5)])).toContain("by pairs: not measured on this machine");
});

test("columns are aligned, also where nothing was measured", () => {
  const lines = table(FIREWALL_COLUMNS, [size(3, 1e-5, 1e-5), size(1000, 1e-5)]).split("\n");
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});
