import { cronProblem, longestGapHours } from "../../src/config/cron";
import { resolveK3s } from "../../src/config/k3s";
import {
  snapshotBucket,
  snapshotFlags,
  snapshotLimitHours,
  type SnapshotBucket,
} from "../../src/config/snapshots";
import type { K3sSettings } from "../../src/config/settings";
import { REFERENCE } from "../fixture";

test.each<[string, number]>([
  ["0 0,12 * * *", 12],
  ["0 */12 * * *", 12],
  ["*/10 * * * *", 1 / 6],
  ["30 1 * * *", 24],
  ["0 3 * * 0", 7 * 24],
  ["0 9-17/4 * * *", 16],
  ["0 0 1 * *", 31 * 24],
  // Both days are restricted: either is enough.
  ["0 0 1 * 1", 7 * 24],
  ["0 5/6 * * *", 6],
])("between two snapshots of %s there are at most %d hours", (schedule, hours) => {
  expect(cronProblem(schedule)).toBeUndefined();
  expect(longestGapHours(schedule)).toBeCloseTo(hours, 6);
});

test.each([
  "",
  "daily",
  "@daily",
  "0 0 * *",
  "0 0 * * * *",
  "60 0 * * *",
  "0 24 * * *",
  "0 0 0 * *",
  "0 0 * 13 *",
  "0 0 * * 7",
  "5-1 0 * * *",
  "*/0 0 * * *",
  "0 0 30 2 *",
  "0  0 * * *",
  '0 0 * * *"',
])("a schedule that K3s would not take, or that never comes, is refused: %j", (schedule) => {
  expect(cronProblem(schedule)).toEqual(expect.any(String));
});

const limit = (more: Partial<K3sSettings>): number | undefined =>
  snapshotLimitHours({ k3s: resolveK3s({ ...REFERENCE.k3s, ...more }) });

test("a snapshot is too old after two missed ones, unless main.ts says when", () => {
  expect(limit({})).toBe(25);
  expect(limit({ snapshots: {} })).toBe(25);
  expect(limit({ snapshots: { schedule: "30 1 * * *" } })).toBe(49);
  expect(limit({ snapshots: { schedule: "30 1 * * *", maxAgeHours: 30 } })).toBe(30);
});

test("where K3s is told to take none, none is missed", () => {
  expect(limit({ serverFlags: ["--etcd-disable-snapshots"] })).toBeUndefined();
});

describe("the bucket is reached as K3s reaches it", () => {
  const s3 = { endpoint: "s3.example.org", bucket: "etcd", secretFile: "/var/lib/k3s-secrets/s3" };
  const bucket = (more: Partial<K3sSettings>): SnapshotBucket | undefined =>
    snapshotBucket({ k3s: resolveK3s({ ...REFERENCE.k3s, ...more }), nodes: [] });

  test("where main.ts states none there is none", () => {
    expect(bucket({ snapshots: {} })).toBeUndefined();
  });

  test("by K3s' own defaults", () => {
    expect(bucket({ snapshots: { s3 } })).toEqual({
      endpoint: "s3.example.org",
      bucket: "etcd",
      folder: "",
      region: "us-east-1",
      scheme: "https",
      isVerified: true,
      lookup: "auto",
    });
  });

  test.each<readonly [flag: string, expected: Partial<SnapshotBucket>]>([
    ["--etcd-s3-insecure", { scheme: "http" }],
    ["--etcd-s3-insecure=false", { scheme: "https" }],
    ["--etcd-s3-skip-ssl-verify=true", { isVerified: false }],
    ["--etcd-s3-bucket-lookup-type=DNS", { lookup: "dns" }],
    ["--etcd-s3-bucket-lookup-type=path", { lookup: "path" }],
  ])("with %s", (flag, expected) => {
    const snapshots = { s3: { ...s3, folder: "home", region: "eu-central-1" } };
    expect(bucket({ snapshots, serverFlags: [flag] })).toMatchObject({
      folder: "home",
      region: "eu-central-1",
      ...expected,
    });
  });
});

test("servers get the flags of what is stated, and no others", () => {
  const s3 = { endpoint: "s3.example.org", bucket: "etcd", secretFile: "/var/lib/k3s-secrets/s3" };
  const flagsOf = (snapshots?: object) =>
    snapshotFlags(resolveK3s({ ...REFERENCE.k3s, snapshots } as K3sSettings));
  expect(flagsOf()).toEqual([]);
  expect(flagsOf({ keep: 3 })).toEqual([
    "--etcd-snapshot-schedule-cron=0 0,12 * * *",
    "--etcd-snapshot-retention=3",
  ]);
  expect(flagsOf({ compress: true, s3 }).slice(2)).toEqual([
    "--etcd-snapshot-compress",
    "--etcd-s3",
    "--etcd-s3-endpoint=s3.example.org",
    "--etcd-s3-bucket=etcd",
  ]);
  expect(flagsOf({ s3: { ...s3, folder: "home", region: "eu" } }).slice(5)).toEqual([
    "--etcd-s3-folder=home",
    "--etcd-s3-region=eu",
  ]);
});
