/** What the CDKTF CLI runs (`cdktf.json`): `main.ts`, with its faults in words instead of a trace. */
import { join } from "node:path";
import { explain } from "./faults";

import(join(process.cwd(), "main.ts")).catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
