import {
  minorOfPackage,
  minorsAfter,
  minorSteps,
  packageOfMinor,
  releasesAfter,
  releaseSteps,
} from "../../src/config/version-steps";

test("a package of nixpkgs pins a minor of K3s, or none", () => {
  expect(["k3s_1_34", "k3s"].map(minorOfPackage)).toEqual(["1.34", undefined]);
  expect(packageOfMinor("1.35")).toBe("k3s_1_35");
});

test("each minor and each release between two is a step", () => {
  expect(minorsAfter("1.33", "1.35")).toEqual(["1.34", "1.35"]);
  expect(minorsAfter("1.35", "1.34")).toEqual([]);
  expect(releasesAfter("25.05", "26.05")).toEqual(["25.11", "26.05"]);
  expect(releasesAfter("26.05", "26.05")).toEqual([]);
});

test("a step back is negative, and 1.9 is before 1.10", () => {
  expect([minorSteps("1.35", "1.34"), minorSteps("1.9", "1.10")]).toEqual([-1, 1]);
  expect([releaseSteps("26.05", "25.11"), releaseSteps("25.11", "26.05")]).toEqual([-1, 1]);
});
