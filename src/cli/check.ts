/** `npm run check`: are the committed host files what `main.ts` says? Prints what is not, and fails then. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { explain } from "./faults";

const outdir = mkdtempSync(join(tmpdir(), "k3s-check-"));
process.on("exit", () => rmSync(outdir, { recursive: true, force: true }));
process.env.CDKTF_OUTDIR = outdir;
process.env.HOST_FILES_CHECK = "1";
const list = join(outdir, "folders");
process.env.HOST_FILES_LIST = list;

import(pathToFileURL("main.ts").href).then(
  () => {
    if (existsSync(list)) return console.log("The host files are what main.ts says.");
    console.error("main.ts emits no host files: it has no HostFiles, or does not end with app.synth()");
    process.exitCode = 1;
  },
  (error: unknown) => {
    const problems = explain(error);
    console.error(problems);
    if (problems.includes("Not what main.ts says")) console.error("\nTo write the files anew: npm run synth");
    process.exitCode = 1;
  },
);
