import type * as z from "zod";
import { cronProblem } from "../cron";
import { boolean, checkedText, group, integer, matching } from "./kinds";
import { secretFile } from "./secret-file";

const SCHEDULE = "a cron schedule of five fields with numbers, such as 0 0,6,12,18 * * *";

const ENDPOINT = "a hostname or address with or without a port, such as s3.example.org, and without https://";

export const SnapshotsS3Schema = group(
  {
    /** Host of the S3 service, which K3s asks over HTTPS. */
    endpoint: matching(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/, ENDPOINT, "s3.example.org"),
    /** Bucket. It has to exist. */
    bucket: matching(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      "the name of a bucket: 3 to 63 of a-z, 0-9, - and .",
      "snapshots",
    ),
    /** Folder in the bucket; state another for each cluster. @default - none */
    folder: matching(
      /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/,
      "a path such as clusters/home",
      "home",
    ).optional(),
    /** Region. @default - K3s' own: us-east-1 */
    region: matching(
      /^[A-Za-z0-9][A-Za-z0-9-]*$/,
      "a region such as eu-central-1",
      "eu-central-1",
    ).optional(),
    /**
     * Absolute path, on the servers, of a file with the lines `AWS_ACCESS_KEY_ID=…` and `AWS_SECRET_ACCESS_KEY=…`. It is
     * delivered as the join token is, and K3s waits for it on servers; agents never get it.
     */
    secretFile: secretFile("/var/lib/k3s-secrets/s3"),
  },
  { endpoint: "s3.example.org", bucket: "snapshots", secretFile: "/var/lib/k3s-secrets/s3" },
);

/** A bucket to which K3s also copies its snapshots. */
export interface SnapshotsS3Settings extends Readonly<z.input<typeof SnapshotsS3Schema>> {}

export const DrillSchema = group(
  {
    /**
     * When, by the clock of each server: once a month, the first server in `main.ts` on the 1st, and each other one on a day of its own.
     * A server that is off then waits for its next month. @default "03:30"
     */
    time: matching(/^([01]\d|2[0-3]):[0-5]\d$/, "a time such as 03:30", "04:15").default("03:30"),
    /** Age of the last drill that succeeded, in days, beyond which `verify` fails. @default 63 */
    maxAgeDays: integer(32, 3660, { unit: "days", example: 40 }).default(63),
  },
  { time: "04:15" },
);

/** A drill that each server carries out by itself, once a month: does its newest snapshot restore? */
export interface DrillSettings extends Readonly<z.input<typeof DrillSchema>> {}

export const SnapshotsSchema = group(
  {
    /** When each server takes a snapshot, by its own clock: minute, hour, day of the month, month, day of the week. @default "0 0,12 * * *" */
    schedule: checkedText(cronProblem, SCHEDULE, "0 0,6,12,18 * * *").default("0 0,12 * * *"),
    /** Number of scheduled snapshots that each place keeps. @default 5 */
    keep: integer(1, 1000, { example: 8 }).default(5),
    /** Compress them. @default false */
    compress: boolean().default(false),
    /**
     * Age of the newest snapshot in each place, in hours, beyond which `verify` fails.
     * @default - twice the longest time between two snapshots, and an hour: 25 for K3s' own schedule
     */
    maxAgeHours: integer(1, 87_600, { unit: "hours", example: 25 }).optional(),
    /**
     * Each server restores its newest snapshot once a month, aside of the cluster, and tells `verify` and `nixos.monitoring` how it ended.
     * State `{}` for all defaults. It takes 1 GiB of free memory for a minute, and disk space for four times the snapshot and half a gigabyte.
     * @default - none does
     */
    drill: DrillSchema.readonly().optional(),
    /** Bucket to which K3s also copies them. @default - only the servers' own disks have them */
    s3: SnapshotsS3Schema.readonly().optional(),
  },
  { schedule: "0 0,6,12,18 * * *", keep: 8 },
);

/** Snapshots of etcd that K3s takes by itself. */
export interface SnapshotsSettings extends Readonly<z.input<typeof SnapshotsSchema>> {}
