/**
 * What the CDKTF CLI runs (`cdktf.json`): `main.ts`, with its faults in words instead of a trace. An argument is what
 * `synth` asks of `HostFiles`, as JSON: the CLI puts the context of `cdktf.json` in the place of what it was started with.
 */
import { pathToFileURL } from "node:url";
import { CONTEXT_VARIABLE, contextJson, contextOfProcess, type EmissionOptions } from "../emit/app";
import { explain } from "./faults";

const [options] = process.argv.slice(2);
if (options !== undefined)
  process.env[CONTEXT_VARIABLE] = contextJson(contextOfProcess(), JSON.parse(options) as EmissionOptions);

import(pathToFileURL("main.ts").href).catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
