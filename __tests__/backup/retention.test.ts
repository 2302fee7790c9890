import { overdue } from "../../src/backup/retention";

const OWN = "own";
const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.parse("2026-11-28T00:00:00Z");

const taken = (daysAgo: number, clusterUid = OWN) => ({
  manifest: { takenAt: new Date(NOW - daysAgo * DAY).toISOString(), clusterUid },
});
const ages = (backups: readonly { manifest: { takenAt: string } }[]): number[] =>
  backups.map(({ manifest }) => (NOW - Date.parse(manifest.takenAt)) / DAY);

test("what is more than is kept is over, the oldest first to go", () => {
  expect(ages(overdue([taken(3), taken(1), taken(2)], OWN, { keep: 2 }, NOW))).toEqual([3]);
});

test("what is too old is over, even where fewer are there than are kept", () => {
  expect(ages(overdue([taken(40), taken(1), taken(31)], OWN, { keep: 9, keepDays: 30 }, NOW))).toEqual([
    31, 40,
  ]);
});

test("the newest is never over, whatever its age", () => {
  expect(overdue([taken(400)], OWN, { keep: 1, keepDays: 30 }, NOW)).toEqual([]);
  expect(ages(overdue([taken(500), taken(400)], OWN, { keep: 1, keepDays: 30 }, NOW))).toEqual([500]);
});

test("backups of another cluster are neither counted nor over", () => {
  const others = [taken(50, "other"), taken(60, "other")];
  expect(ages(overdue([...others, taken(1), taken(2)], OWN, { keep: 2 }, NOW))).toEqual([]);
});
