import { inMib, transferSeconds } from "../../src/base/bytes";

test("a copy may take a minute, and as long as the slowest connection needs", () => {
  expect([0, 1, 50_000, 8 * 1024 ** 3].map(transferSeconds)).toEqual([60, 61, 61, 171_859]);
});

test("a size is in MiB", () => {
  expect([0, 1024 ** 2, 12_900_000].map(inMib)).toEqual(["0.0 MiB", "1.0 MiB", "12.3 MiB"]);
});
