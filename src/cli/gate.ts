import { readFileSync } from "node:fs";
import { checkPlan, type Verdict } from "../gate/gate";
import { readPlan, type Plan } from "../gate/plan";
import type { Reason } from "../gate/reason";
import { subjectOf } from "../gate/subject";
import { namingCluster } from "../base/command-line";
import { shellWord } from "../base/escape";
import { UserError } from "../base/user-error";
import { emittedClusters } from "../emit/clusters";
import { readCluster } from "../preview/emitted";
import { nameAmongSeveral } from "./cluster";
import { ExitCode, exitCodeOf } from "./exit-code";
import { failureDocument } from "./failure";
import { documentOf } from "./json-document";
import { say } from "./terminal";

interface Options {
  readonly allow: readonly string[];
  readonly json: boolean;
}

/** `gate`: refuses a plan that does something to a node without consent. */
// eslint-disable-next-line @typescript-eslint/require-await -- every command of the program is asynchronous
export async function judge(path: string, { allow, json }: Options): Promise<ExitCode> {
  try {
    const plan = readPlan(contentOf(path));
    const verdict = namingCluster(clusterOf(plan), () => checkPlan(plan, allow));
    if (json) console.log(JSON.stringify(documentOf("gate", verdict), null, 2));
    else say(formatVerdict(verdict));
    return verdict.passes ? ExitCode.Done : ExitCode.Refused;
  } catch (error) {
    const failure = failureDocument(error);
    const complaint = error instanceof UserError ? `${path}: ${failure.error}` : failure.error;
    if (json) console.log(JSON.stringify(documentOf("gate", { ...failure, error: complaint })));
    else say(complaint, process.stderr);
    return exitCodeOf(error);
  }
}

/** The cluster whose hosts a plan has, where there are several. */
function clusterOf({ resource_changes = [] }: Plan): string | undefined {
  const hosts = new Set(resource_changes.map((resource) => subjectOf(resource).hostname));
  return nameAmongSeveral(emittedClusters().find(({ folder }) => hasAny(folder, hosts))?.stack);
}

function hasAny(folder: string, hosts: ReadonlySet<string | undefined>): boolean {
  try {
    return readCluster(".", folder)?.nodes.some(({ hostname }) => hosts.has(hostname)) ?? false;
  } catch {
    return false; // a damaged one: the plan is judged all the same, and remedies name no cluster
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError("invalid", `cannot be read: ${(error as Error).message}`);
  }
}

function formatVerdict({ passes, summary, reasons, allowed, notes, unmatched }: Verdict): string {
  return [
    summary,
    ...notes.map((note) => `  ${note}`),
    ...allowed.map(({ words }) => `  allowed: ${words}`),
    ...unmatched.map((words) => `  ${words}`),
    passes ? "The plan passes." : "The plan does NOT pass:",
    ...reasons.map(withRemedy),
  ].join("\n");
}

function withRemedy({ words, kind, remedy, allow }: Reason): string {
  const option = `--allow ${shellWord(allow)}`;
  if (kind === "fail") return `  ${words}. ${remedy ?? "Take it back"}; to let it fail: ${option}`;
  return `  ${words}. ${remedy === undefined ? "If that is meant" : `${remedy}; then`}: ${option}`;
}
