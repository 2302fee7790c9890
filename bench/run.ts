/** `npm run bench`: what a synth costs beside bare CDKTF. */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measure, type Measurement } from "./measure";
import { bars, table } from "./report";

const USAGE = `npm run bench [-- --nodes 3,50,250,1000] [--runs 5]

--nodes   sizes of the cluster
--runs    how often each is measured, after a warm-up that does not count
TMPDIR=   folder in which the apps write, for another disk`;

/** Throws on words that are not as `USAGE` says. */
function options(): { sizes: number[]; runs: number } {
  const { values } = parseArgs({
    options: {
      nodes: { type: "string", default: "3,50,250,1000" },
      runs: { type: "string", default: "5" },
    },
  });
  const sizes = values.nodes.split(",").map(Number);
  const runs = Number(values.runs);
  if (![...sizes, runs].every((value) => Number.isSafeInteger(value) && value > 0)) throw new Error(USAGE);
  return { sizes, runs };
}

async function main(): Promise<void> {
  const { sizes, runs } = options();
  const folder = mkdtempSync(join(tmpdir(), "k3s-bench-"));
  // Again while the last files of a killed app appear.
  process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 9 }));
  const measurements: Measurement[] = [];
  for (const nodes of sizes) {
    const report = (done: number): void => console.error(`${nodes} nodes: ${done} of ${runs} runs done`);
    measurements.push(await measure(nodes, runs, folder, report));
  }
  console.log(`
Medians of ${runs} runs, floor and product in turn, on ${cpus().length} CPUs in ${tmpdir()}, Node ${process.version}.
floor: the same VMs in bare CDKTF. first: the product in an empty folder. again: the product, nothing changed.

${table(measurements)}

${bars(measurements)}`);
}

// By `exit`, so that the listeners which kill the app and remove the folder run.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
