import { homedir } from "node:os";
import { textTable } from "../base/table";
import { cutToLine, displayWidth, wrapped } from "../base/wrap";
import type { Check } from "../doctor/check";
import { diagnose } from "../doctor/doctor";
import { chosenCluster, type ClusterOptions } from "./cluster";
import { ExitCode, exitCodeOf } from "./exit-code";
import { failureDocument, reportFailure } from "./failure";
import { documentOf } from "./json-document";
import { terminalColumns } from "./terminal";

interface Options extends ClusterOptions {
  readonly json: boolean;
}

/** `doctor`: checks that a cluster has everything that it needs. */
export async function doctor({ json, ...options }: Options): Promise<ExitCode> {
  try {
    const { folder: hosts } = chosenCluster(options);
    const checks = await diagnose({ env: process.env, folder: process.cwd(), home: homedir(), hosts });
    console.log(
      json
        ? JSON.stringify(doctorDocument(checks), null, 2)
        : inWords(checks, terminalColumns(process.stdout)),
    );
    return isHealthy(checks) ? ExitCode.Done : ExitCode.Failed;
  } catch (error) {
    if (!json) return reportFailure(error);
    console.log(JSON.stringify(documentOf("doctor", failureDocument(error))));
    return exitCodeOf(error);
  }
}

export const isHealthy = (checks: readonly Check[]): boolean =>
  checks.every(({ state }) => state !== "problem");

/** The JSON document; see schemas/doctor.schema.json. */
export const doctorDocument = (checks: readonly Check[]): object =>
  documentOf("doctor", { healthy: isHealthy(checks), checks });

/**
 * A line for each check, then what to do.
 *
 * @param columns - width of the terminal. @default - lines are as long as they are
 */
export function inWords(checks: readonly Check[], columns = Infinity): string {
  const rows = textTable(checks.map(({ name, state, found }) => [name, state, found]));
  const details = (["problem", "warning", "unknown"] as const).flatMap((state) =>
    checks
      .filter((check) => check.state === state)
      .flatMap((check) => detail(check, rows[checks.indexOf(check)] ?? "", columns)),
  );
  const end = isHealthy(checks) ? "No problem found." : "There are problems.";
  return [...rows.map((row) => cutToLine(row, columns)), ...details, "", end].join("\n");
}

function detail({ name, found, remedy = "" }: Check, row: string, columns: number): string[] {
  const whole = displayWidth(row) > columns ? `${found}. ` : "";
  const text = `${whole}${remedy}`.trim();
  return text === "" ? [] : ["", ...wrapped(`${name}: ${text}`, columns, "  ")];
}
