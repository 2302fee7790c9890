import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hasCode } from "../base/user-error";
import { appOf, CONTEXT_VARIABLE, contextJson, contextOfProcess } from "../emit/app";
import { ExitCode, exitCodeOf } from "./exit-code";
import { explain } from "./faults";

/** `check`: are the committed host files what `main.ts` says? Prints what is not. */
export async function check(): Promise<ExitCode> {
  const outdir = mkdtempSync(join(tmpdir(), "k3s-check-"));
  process.on("exit", () => rmSync(outdir, { recursive: true, force: true }));
  process.env.CDKTF_OUTDIR = outdir;
  const report = join(outdir, "report");
  const context = { ...contextOfProcess(), ...appOf(".").context };
  process.env[CONTEXT_VARIABLE] = contextJson(context, { check: true, report });
  try {
    await import(pathToFileURL("main.ts").href);
  } catch (error) {
    console.error(explain(error));
    if (hasCode(error, "stale")) console.error("\nTo write the files anew: npm run synth");
    return exitCodeOf(error);
  }
  if (existsSync(report)) {
    console.log("The host files are what main.ts says.");
    return ExitCode.Done;
  }
  console.error("main.ts emits no host files: it has no HostFiles, or does not end with app.synth()");
  return ExitCode.Failed;
}
