import { homedir } from "node:os";
import { displayWidth, textTable } from "../base/table";
import type { Check } from "../doctor/check";
import { diagnose } from "../doctor/doctor";
import { ExitCode, exitCodeOf } from "./exit-code";
import { failureDocument, reportFailure } from "./failure";

interface Options {
  readonly json: boolean;
}

/** Raised when a program that reads the JSON would misread a newer one. */
const FORMAT_VERSION = 1;

const COLUMNS = 80;

/** `doctor`: is all there that a cluster needs? */
export async function doctor({ json }: Options): Promise<ExitCode> {
  try {
    const checks = await diagnose({ env: process.env, folder: process.cwd(), home: homedir() });
    console.log(json ? JSON.stringify(doctorDocument(checks), null, 2) : inWords(checks));
    return isHealthy(checks) ? ExitCode.Done : ExitCode.Failed;
  } catch (error) {
    if (!json) return reportFailure(error);
    console.log(JSON.stringify({ formatVersion: FORMAT_VERSION, ...failureDocument(error) }));
    return exitCodeOf(error);
  }
}

const isHealthy = (checks: readonly Check[]): boolean => checks.every(({ state }) => state !== "problem");

/** For a program; see schemas/doctor.schema.json. */
export const doctorDocument = (checks: readonly Check[]): object => ({
  formatVersion: FORMAT_VERSION,
  healthy: isHealthy(checks),
  checks,
});

/** A line for each check, and below them in full what is to be done, in lines of at most 80 columns. */
export function inWords(checks: readonly Check[]): string {
  const rows = textTable(checks.map(({ name, state, found }) => [name, state, found]));
  const details = (["problem", "unknown"] as const).flatMap((state) =>
    checks
      .filter((check) => check.state === state)
      .flatMap((check) => detail(check, rows[checks.indexOf(check)] ?? "")),
  );
  const end = isHealthy(checks) ? "Nothing that was looked at is a problem." : "There are problems.";
  return [...rows.map(cut), ...details, "", end].join("\n");
}

function detail({ name, found, remedy = "" }: Check, row: string): string[] {
  const whole = displayWidth(row) > COLUMNS ? `${found}. ` : "";
  const text = `${whole}${remedy}`.trim();
  return text === "" ? [] : ["", ...wrapped(`${name}: ${text}`)];
}

const cut = (row: string): string => {
  if (displayWidth(row) <= COLUMNS) return row;
  let short = row;
  while (displayWidth(short) > COLUMNS - 1) short = short.slice(0, -1);
  return `${short}…`;
};

/** In lines of at most 80 columns where words allow it; all but the first are indented. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && displayWidth(`${line} ${word}`) <= COLUMNS)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(line === undefined ? word : `  ${word}`);
  }
  return lines;
}
