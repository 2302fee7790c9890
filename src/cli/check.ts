import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StatusLine } from "../base/status-line";
import { hasCode } from "../base/user-error";
import { ExitCode, exitCodeOf } from "./exit-code";
import { explain } from "./faults";
import { runMain } from "./main-ts";
import { say } from "./terminal";

/** `check`: compares the committed host files with `main.ts`, and prints the differences. */
export async function check(): Promise<ExitCode> {
  const outdir = mkdtempSync(join(tmpdir(), "k3s-check-"));
  process.on("exit", () => rmSync(outdir, { recursive: true, force: true }));
  try {
    await new StatusLine(process.stderr).during("Running main.ts", () => runMain(outdir, { check: true }));
  } catch (error) {
    say(explain(error), process.stderr);
    if (hasCode(error, "stale")) console.error("\nTo rewrite the files: npm run synth");
    return exitCodeOf(error);
  }
  console.log("The host files match main.ts.");
  return ExitCode.Done;
}
