/** Schedules of cron as K3s reads them: five fields (github.com/robfig/cron, ParseStandard), here with numbers only. */
import { describeActual } from "./fault";

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

const FIELDS: readonly Field[] = [
  { name: "minute", least: 0, most: 59 },
  { name: "hour", least: 0, most: 23 },
  { name: "day of the month", least: 1, most: 31 },
  { name: "month", least: 1, most: 12 },
  { name: "day of the week", least: 0, most: 6 },
];

const EXAMPLE = "a cron schedule of five fields with numbers, such as 0 0,6,12,18 * * *";

/** Completes a sentence on the setting; `undefined` for a valid schedule. */
export function cronProblem(text: string): string | undefined {
  const fields = text.split(" ");
  if (fields.length !== FIELDS.length) return `should be ${EXAMPLE}${describeActual(text)}`;
  const wrong = FIELDS.find((field, at) => valuesOf(fields[at] as string, field) === undefined);
  if (wrong !== undefined) {
    return `should have as its ${wrong.name} numbers from ${wrong.least} to ${wrong.most}${describeActual(text)}`;
  }
  return longestGapHours(text) === undefined
    ? `has no day on which it ever comes${describeActual(text)}`
    : undefined;
}

/** Numbers that a field names; `undefined` if it is none. */
function valuesOf(text: string, { least, most }: Field): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [, range = "", , , step = "1"] = /^(\*|(\d{1,2})(-\d{1,2})?)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const [from, to] = boundsOf(range, part.includes("/"), { least, most });
    if (!(from >= least && to <= most && from <= to && Number(step) > 0)) return undefined;
    for (let value = from; value <= to; value += Number(step)) values.add(value);
  }
  return values;
}

/** A single number with a step goes on to the end (robfig/cron, parser.go, getRange). */
function boundsOf(
  range: string,
  stepped: boolean,
  { least, most }: Pick<Field, "least" | "most">,
): [number, number] {
  if (range === "*") return [least, most];
  const [from, to] = range.split("-").map((digits) => (digits === "" ? NaN : Number(digits)));
  return [from ?? NaN, to ?? (stepped ? most : (from ?? NaN))];
}

const DAY_MINUTES = 24 * 60;
/** Any five years, in which there is a 29 February. */
const FIRST_DAY = Date.UTC(2027, 0, 1);
const DAYS = 5 * 366;

/** The longest time between two moments of a valid schedule, in hours; `undefined` if it never comes. */
export function longestGapHours(schedule: string): number | undefined {
  const texts = schedule.split(" ");
  const [minutes, hours, days, months, weekdays] = FIELDS.map(
    (field, at) => valuesOf(texts[at] as string, field) ?? new Set<number>(),
  ) as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];
  // Where both are restricted, one of them is enough (cron, crontab(5)).
  const anyDay = texts[2]?.startsWith("*") === true;
  const anyWeekday = texts[4]?.startsWith("*") === true;
  const isDay = (date: Date): boolean => {
    const [day, weekday] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())];
    return months.has(date.getUTCMonth() + 1) && (anyDay || anyWeekday ? day && weekday : day || weekday);
  };
  const inDay = [...hours]
    .flatMap((hour) => [...minutes].map((minute) => hour * 60 + minute))
    .sort((a, b) => a - b);
  let last: number | undefined;
  let gap: number | undefined;
  for (let day = 0; day < DAYS; day++) {
    if (!isDay(new Date(FIRST_DAY + day * DAY_MINUTES * 60_000))) continue;
    for (const minute of inDay) {
      const now = day * DAY_MINUTES + minute;
      if (last !== undefined) gap = Math.max(gap ?? 0, now - last);
      last = now;
    }
  }
  return gap === undefined ? undefined : gap / 60;
}
