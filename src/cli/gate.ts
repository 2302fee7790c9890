/** `npm run gate -- plan.json`: does the plan do to a node what nobody agreed to? */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { gate, type Verdict } from "../gate/gate";
import { KINDS } from "../gate/kinds";
import { readPlan } from "../gate/plan";
import type { Reason } from "../gate/reason";
import { Trouble } from "../base/trouble";

interface Options {
  readonly allow: readonly string[];
  readonly json: boolean;
}

/** Raised when a program that reads the JSON would misread a newer one. */
const FORMAT_VERSION = 2;

const [FAILS, NO_VERDICT] = [1, 2];

new Command("gate")
  .description(
    "Fails on a plan that destroys or replaces a resource, or that powers a VM off, cuts it from its network, " +
      "takes a disk from it or waits for its next power-off, unless that is allowed.",
  )
  .usage("<plan.json> [options], as npm run gate -- <plan.json> [options]")
  .argument("<plan.json>", "what tofu show -json, or terraform show -json, says of a saved plan")
  .option(
    "--allow <node:kind>",
    "what may be done to a node, by its hostname or resource address; as often as you like",
    (permission: string, before: string[]) => [...before, permission],
    [],
  )
  .option("--json", "print JSON", false)
  .showHelpAfterError()
  .addHelpText(
    "after",
    `\nThe kinds:\n${Object.entries(KINDS)
      .map(([kind, words]) => `  ${kind.padEnd(12)} ${words}\n`)
      .join("")}` +
      "\nThe exit code is 0 when the plan passes, 1 when something has to be allowed, and 2 when there is no verdict.",
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : NO_VERDICT))
  .action(main)
  .parse();

function main(path: string, { allow, json }: Options): void {
  try {
    const verdict = gate(readPlan(contentOf(path)), allow);
    console.log(
      json ? JSON.stringify({ formatVersion: FORMAT_VERSION, ...verdict }, null, 2) : inWords(verdict),
    );
    process.exitCode = verdict.passes ? 0 : FAILS;
  } catch (error) {
    process.exitCode = NO_VERDICT;
    const complaint = error instanceof Trouble ? `${path}: ${error.message}` : String((error as Error).stack);
    if (json) console.log(JSON.stringify({ formatVersion: FORMAT_VERSION, error: complaint }));
    else console.error(complaint);
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Trouble(`It cannot be read: ${(error as Error).message}`);
  }
}

function inWords({ passes, summary, reasons, allowed, notes, unmatched }: Verdict): string {
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
  const option = `--allow ${/^[\w.:-]+$/.test(allow) ? allow : `'${allow}'`}`;
  if (kind === "fail") return `  ${words}. ${remedy ?? "Take it back"}; to let it fail: ${option}`;
  return `  ${words}. ${remedy === undefined ? "If that is meant" : `${remedy}; then`}: ${option}`;
}
