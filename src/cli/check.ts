import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ExitCode } from "./exit-code";
import { explain } from "./faults";

/** `check`: are the committed host files what `main.ts` says? Prints what is not. */
export async function check(): Promise<ExitCode> {
  const outdir = mkdtempSync(join(tmpdir(), "k3s-check-"));
  process.on("exit", () => rmSync(outdir, { recursive: true, force: true }));
  process.env.CDKTF_OUTDIR = outdir;
  process.env.HOST_FILES_CHECK = "1";
  const list = join(outdir, "folders");
  process.env.HOST_FILES_LIST = list;
  const stale = join(outdir, "stale");
  process.env.HOST_FILES_STALE = stale;
  try {
    await import(pathToFileURL("main.ts").href);
  } catch (error) {
    const problems = explain(error);
    console.error(problems);
    if (!existsSync(stale)) return ExitCode.Failed;
    console.error("\nTo write the files anew: npm run synth");
    return ExitCode.Pending;
  }
  if (existsSync(list)) {
    console.log("The host files are what main.ts says.");
    return ExitCode.Done;
  }
  console.error("main.ts emits no host files: it has no HostFiles, or does not end with app.synth()");
  return ExitCode.Failed;
}
