import { unsafeUpgrades } from "../../src/preview/dangers";

const releases = (from: string, to: string): [string, string][] => [
  [from, to],
  [from, to],
];

test("a jump over a minor of K3s or a release of NixOS is a danger, with the next step", () => {
  expect(unsafeUpgrades(["k3s_1_33", "k3s_1_35"], releases("25.11", "26.11"))).toEqual([
    "**K3s** goes one minor at a time: from 1.33 to 1.34 first (`k3s_1_34`)",
    "**NixOS** goes one release at a time: from 25.11 to 26.05 first",
  ]);
});

test("so is a way back", () => {
  expect(unsafeUpgrades(["k3s_1_35", "k3s_1_34"], releases("26.05", "25.11"))).toEqual([
    "**K3s** 1.35 becomes 1.34: it has no way back to an older minor but a backup of it",
    "**NixOS** 26.05 becomes 25.11: what its services have stored may be too new for it",
  ]);
});

test("one step is none, and neither is a package that pins no minor", () => {
  expect(unsafeUpgrades(["k3s_1_34", "k3s_1_35"], releases("25.11", "26.05"))).toEqual([]);
  expect(unsafeUpgrades(["k3s", "k3s_1_35"], releases("25.11", "25.11"))).toEqual([]);
});
