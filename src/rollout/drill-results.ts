/** What a server says of the drills that it carries out by itself (`remote/drill-newest.sh`). */
import * as z from "zod";
import { inWords } from "../base/status-line";
import { DRILL_FOLDER, DRILL_SECONDS, DRILL_UNIT, drillOf } from "../config/drill";
import type { Description } from "./description";
import type { Host } from "./host";
import type { Report } from "./script";

const seconds = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform(Number);

const RECORD = z.object({
  begun: seconds,
  taken: seconds,
  rto: seconds,
  snapshot: z.string().regex(/^[\w.-]{0,253}$/),
  result: z.enum([
    "succeeded",
    "unfinished",
    "no-snapshot",
    "no-token",
    "no-room",
    "not-restored",
    "other-cluster",
    "other-content",
  ]),
  reason: z.string().max(1000),
});
type Drilled = z.output<typeof RECORD>;

/** Times are in seconds since 1970, by the server's clock. */
export interface DrillResults {
  /** Since when they are expected. @default - the setting was not rolled out yet */
  readonly since?: number;
  /** @default - there was none yet */
  readonly last?: Drilled;
  /** The last one that succeeded. @default - none has */
  readonly success?: Drilled;
  /** Whether there is one that this program does not write. */
  readonly isUnreadable: boolean;
}

/** @returns `undefined` where `main.ts` asks for none */
export async function readDrillResults(host: Host): Promise<DrillResults | undefined> {
  if (host.node.role !== "server" || drillOf(host.description) === undefined) return undefined;
  return drillResultsIn(await host.call("drill-results", { folder: DRILL_FOLDER }));
}

export function drillResultsIn(report: Report): DrillResults {
  const record = (name: string): Drilled | undefined =>
    RECORD.safeParse(
      Object.fromEntries(
        report
          .text(name)
          .split("\n")
          .map((line) => [line.split(" ", 1)[0], line.slice(line.indexOf(" ") + 1)]),
      ),
    ).data;
  const [last, success] = [record("last"), record("success")];
  return {
    since: seconds.safeParse(report.one("since")).data,
    last,
    success,
    isUnreadable:
      (last === undefined && report.one("last") !== "") ||
      (success === undefined && report.one("success") !== ""),
  };
}

const DAY_SECONDS = 86_400;

/** What a verification shows of them. */
export interface OwnDrill {
  /** The last one. @default - there was none yet */
  readonly last?: {
    readonly begun: string;
    readonly snapshot: string;
    readonly result: Drilled["result"];
    readonly reason: string;
  };
  /** The last one that succeeded. @default - none has */
  readonly success?: {
    readonly begun: string;
    readonly snapshot: string;
    /** Whole days since. */
    readonly days: number;
    /** Age of the snapshot then, in seconds. */
    readonly rpoSeconds: number;
    /** From the snapshot to a server that answered, in seconds. */
    readonly rtoSeconds: number;
  };
}

/** @param now - in milliseconds since 1970 */
export function ownDrill({ last, success }: DrillResults, now: number): OwnDrill {
  const base = ({ begun, snapshot }: Drilled) => ({
    begun: new Date(begun * 1000).toISOString(),
    snapshot,
  });
  return {
    ...(last === undefined ? {} : { last: { ...base(last), result: last.result, reason: last.reason } }),
    ...(success === undefined
      ? {}
      : {
          success: {
            ...base(success),
            days: daysSince(success.begun, now),
            rpoSeconds: Math.max(0, success.begun - success.taken),
            rtoSeconds: success.rto,
          },
        }),
  };
}

const daysSince = (time: number, now: number): number =>
  Math.max(0, Math.floor((now / 1000 - time) / DAY_SECONDS));

const REMEDY = `see journalctl -u ${DRILL_UNIT} on it`;

/** @param now - in milliseconds since 1970 */
export function drillResultFaults(
  description: Description,
  results: DrillResults | undefined,
  now: number,
): string[] {
  const limit = drillOf(description)?.maxAgeDays;
  if (limit === undefined || results === undefined) return [];
  const { since, last, success, isUnreadable } = results;
  if (isUnreadable)
    return [`its record of drills in ${DRILL_FOLDER} is none: update this program, or see the files there`];
  if (last !== undefined && last.result !== "succeeded" && !mayRun(last, now)) {
    const age = inWords(Math.max(0, now / 1000 - last.begun), 0);
    const why = last.reason === "" ? last.result : `${last.result}, ${last.reason}`;
    return [
      `its drill ${age} ago has not shown that ${last.snapshot || "a snapshot"} restores (${why}): ${REMEDY}`,
    ];
  }
  const from = success?.begun ?? since;
  const days = from === undefined ? 0 : daysSince(from, now);
  return days > limit
    ? [`no snapshot on it was seen to restore for ${days} days, and ${limit} is the limit: ${REMEDY}`]
    : [];
}

/** One that runs says that it is not finished. */
const mayRun = ({ result, begun }: Drilled, now: number): boolean =>
  result === "unfinished" && now / 1000 - begun < DRILL_SECONDS;
