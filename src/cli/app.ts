/** What the CDKTF CLI runs (`cdktf.json`): `main.ts`, with its faults in words instead of a trace. */
import { pathToFileURL } from "node:url";
import { explain } from "./faults";

import(pathToFileURL("main.ts").href).catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
