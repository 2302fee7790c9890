/** What the CDKTF CLI and a preview run (`cdktf.json`): `main.ts`, with its faults in words instead of a trace. */
import { explain } from "./faults";
import { importMain } from "./main-ts";

importMain().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
