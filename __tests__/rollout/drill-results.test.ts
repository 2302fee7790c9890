import {
  drillResultFaults,
  drillResultsIn,
  ownDrill,
  readDrillResults,
} from "../../src/rollout/drill-results";
import type { Host } from "../../src/rollout/host";
import { Report } from "../../src/rollout/script";
import { ALPHARD, HAMAL, REFERENCE } from "../fixture";
import { described, hosts } from "./plan-context";

const DAY = 86_400;
const NOW = Date.parse("2026-11-28T00:00:00Z");
const daysAgo = (days: number): number => NOW / 1000 - days * DAY;

const withDrill = (drill?: object) =>
  described([ALPHARD, HAMAL], { k3s: { ...REFERENCE.k3s, snapshots: { drill } } });

const record = (
  days: number,
  result = "succeeded",
  reason = "",
  snapshot = "etcd-snapshot-alphard-1",
): string =>
  [
    `begun ${daysAgo(days)}`,
    `snapshot ${snapshot}`,
    `taken ${daysAgo(days) - 3600}`,
    "rto 25",
    `result ${result}`,
    `reason ${reason}`,
    "",
  ].join("\n");

const reported = (since: number | "", last?: string, success?: string): Report =>
  new Report(
    [
      `@since ${since === "" ? "" : daysAgo(since)}`,
      ...(last === undefined ? [] : [`@last ${Buffer.from(last).toString("base64")}`]),
      ...(success === undefined ? [] : [`@success ${Buffer.from(success).toString("base64")}`]),
    ].join("\n"),
  );

const faults = (report: Report, drill = {}): string[] =>
  drillResultFaults(withDrill(drill), drillResultsIn(report), NOW);

test("a drill that failed is a fault with how it ended, and why", () => {
  const last = record(2, "not-restored", "expected sha256 [1 2], got [3 4]");
  expect(faults(reported(90, last, record(32)))).toEqual([
    "its drill 2 d 0 h ago has not shown that etcd-snapshot-alphard-1 restores (not-restored, expected sha256 [1 2], got [3 4]): " +
      "see journalctl -u k3s-rollout-drill on it",
  ]);
  expect(faults(reported(90, record(0, "no-snapshot", "", "")))).toEqual([
    expect.stringContaining("has not shown that a snapshot restores (no-snapshot)"),
  ]);
});

test("one that was ended is one that failed, and one that may still run is none", () => {
  expect(faults(reported(90, record(0.5, "unfinished")))).toEqual([expect.stringContaining("(unfinished)")]);
  expect(faults(reported(90, record(0.01, "unfinished"), record(31)))).toEqual([]);
});

test("the last that succeeded may be as old as two months, or as main.ts says, and no older", () => {
  const after = (days: number): string[] => faults(reported(500, record(days), record(days)));
  expect(after(63)).toEqual([]);
  expect(after(64)).toEqual([
    "no snapshot on it was seen to restore for 64 days, and 63 is the limit: see journalctl -u k3s-rollout-drill on it",
  ]);
  expect(faults(reported(500, record(41), record(41)), { maxAgeDays: 40 })).toHaveLength(1);
});

test("a server that has had the time and never did it is named, and a new one is not", () => {
  expect(faults(reported(64))).toHaveLength(1);
  expect(faults(reported(3))).toEqual([]);
  // The setting was not rolled out yet.
  expect(faults(reported(""))).toEqual([]);
});

test("what a host makes up is no record, and is named", () => {
  for (const text of [
    record(1, "fine"),
    record(1, "succeeded", "", "../../etc/passwd\u001b[2J"),
    "begun soon\n",
    "x".repeat(2000),
  ]) {
    expect(drillResultsIn(reported(1, text)).last).toBeUndefined();
    const fault =
      "its record of drills in /var/lib/k3s-rollout-drill is none: update this program, or see the files there";
    expect(faults(reported(1, text, record(1)))).toEqual([fault]);
    expect(faults(reported(1, record(1), text))).toEqual([fault]);
  }
});

test("a verification shows when a snapshot was seen to restore, how old it was then and how long it took", () => {
  expect(ownDrill(drillResultsIn(reported(90, record(2, "no-room", "little"), record(33))), NOW)).toEqual({
    last: {
      begun: "2026-11-26T00:00:00.000Z",
      snapshot: "etcd-snapshot-alphard-1",
      result: "no-room",
      reason: "little",
    },
    success: {
      begun: "2026-10-26T00:00:00.000Z",
      snapshot: "etcd-snapshot-alphard-1",
      days: 33,
      rpoSeconds: 3600,
      rtoSeconds: 25,
    },
  });
});

test("no host is asked that main.ts asks for none, and no agent", async () => {
  for (const host of [...hosts(withDrill()), ...hosts(withDrill({})).slice(1)])
    await expect(readDrillResults(host as Host)).resolves.toBeUndefined();
});
