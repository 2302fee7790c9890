/** The app that the CDKTF CLI and a preview run (`cdktf.json`): `main.ts`, with faults shown as text instead of a trace. */
import { explain } from "./faults";
import { importMain } from "./main-ts";

importMain().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
