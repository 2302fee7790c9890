/** `npm run check`: are the committed host files what `main.ts` says? Prints what is not, and fails then. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { explain } from "./faults";

const outdir = mkdtempSync(join(tmpdir(), "k3s-check-"));
process.on("exit", () => rmSync(outdir, { recursive: true, force: true }));
process.env.CDKTF_OUTDIR = outdir;
process.env.HOST_FILES_CHECK = "1";

import(join(process.cwd(), "main.ts")).then(
  () => console.log("The host files are what main.ts says."),
  (error: unknown) => {
    console.error(`${explain(error)}\n\nTo write the files anew: npm run synth`);
    process.exitCode = 1;
  },
);
