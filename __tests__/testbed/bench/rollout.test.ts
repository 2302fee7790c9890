import { longestChain } from "../../../testbed/bench/rollout";
import { bars } from "../../../testbed/bench/report";
import { UPGRADE_BARS } from "../../../testbed/bench/rollout-report";

test("steps of several machines at once count once, and one that is recorded twice too", () => {
  const steps = ["1000 alphard", "1200 hamal", "1210 mizar", "1400 alphard", "1400 alphard", "1650 hamal"];
  expect(longestChain(`${steps.join("\n")}\n`, 2)).toBe(4);
});

test("an upgrade that waits between its steps misses the bar", () => {
  const upgrade = (seconds: number) => [{ nodes: 30, chain: 100, stepSeconds: 2, seconds }];
  expect(bars(UPGRADE_BARS, upgrade(240))).toMatch(/^pass {2}an upgrade within 1.25 times/);
  expect(bars(UPGRADE_BARS, upgrade(260))).toMatch(/^MISS/);
});
