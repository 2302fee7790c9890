import { join } from "node:path";
import { oneLine } from "../base/printable";
import { UserError } from "../base/user-error";
import { readCluster } from "../preview/emitted";
import type { Subject } from "../simulation/failure";
import { COSTS, nameOf, type Cost, type Outcome } from "../simulation/outcome";
import { simulate as simulated, type Simulation } from "../simulation/simulation";
import { documentOfLive, documentOfOutcome } from "../simulation/document";
import { simulateLive, type LiveSimulation } from "../simulation/live";
import { chosenCluster, type ClusterOptions } from "./cluster";
import { drawn } from "./drawn";
import { ExitCode, exitCodeOf } from "./exit-code";
import { failureDocument, reportFailure } from "./failure";
import { documentOf } from "./json-document";
import { liveReport } from "./live-report";
import { refusal, reportOf } from "./simulation-report";
import { say } from "./terminal";

interface Options extends ClusterOptions {
  readonly json: boolean;
  /** Also pairs that cost no more than each failure alone. */
  readonly pairs: boolean;
  /** What no failure may cost, such as `quorum,capacity`. @default - anything */
  readonly failOn?: string;
  /** Names of failures that may cost it all the same. */
  readonly allow: readonly string[];
  /** Also what each failure costs the pods that run, which it asks the cluster for. */
  readonly live: boolean;
}

/** `simulate`: says what each failure costs, and every two. */
export async function simulate(options: Options): Promise<ExitCode> {
  try {
    const asked = costsOf(options.failOn);
    const { folder } = chosenCluster(options);
    const subject = subjectIn(folder);
    const simulation = simulated(subject);
    const refused = refusedBy(simulation, subject, asked, options.allow);
    const live = options.live ? await liveOf(subject, simulation, folder, options.json) : undefined;
    if (options.json) console.log(JSON.stringify(simulationDocument(simulation, refused, live), null, 2));
    else {
      const pods = live === undefined ? [] : liveReport(live);
      console.log(drawn([...reportOf(subject, simulation, options.pairs), ...pods]));
    }
    if (refused.length === 0) return ExitCode.Done;
    if (!options.json) say(refusal(refused, asked), process.stderr);
    return ExitCode.Refused;
  } catch (error) {
    if (!options.json) return reportFailure(error);
    console.log(JSON.stringify(documentOf("simulate", failureDocument(error))));
    return exitCodeOf(error);
  }
}

async function liveOf(
  subject: Subject,
  { singles }: Simulation,
  folder: string,
  quiet: boolean,
): Promise<LiveSimulation> {
  const { runningCluster } = await import("./live.js");
  return simulateLive(subject, singles, await runningCluster(folder, quiet));
}

/** The cluster of the last synth. @param folder - of its hosts */
export function subjectIn(folder: string, project = "."): Subject {
  const json = readCluster(project, folder);
  if (json === undefined)
    throw new UserError("invalid", `${join(folder, "cluster.json")} is missing`, {
      remedy: "run npm run synth first",
    });
  return { ...json.cluster, nodes: json.nodes, flows: json.flows ?? [] };
}

/** @throws UserError for what cannot be judged, and for a failure that cannot be */
function refusedBy(
  { singles }: Simulation,
  { pve }: Subject,
  asked: readonly Cost[],
  allow: readonly string[],
): Outcome[] {
  const names = singles.map(nameOf);
  const unknown = allow.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new UserError(
      "usage",
      oneLine(`No such failure: ${unknown.join(", ")}. There are ${names.join(", ")}`),
    );
  if (asked.includes("capacity") && pve === undefined)
    throw new UserError("invalid", "Nothing is known of capacity", {
      remedy: "state in main.ts what the PVE nodes have: pve.nodes",
    });
  return singles.filter(
    (outcome) => !allow.includes(nameOf(outcome)) && outcome.costs.some((cost) => asked.includes(cost)),
  );
}

/** The JSON document; see schemas/simulate.schema.json. */
export const simulationDocument = (
  { singles, pairs }: Simulation,
  refused: readonly Outcome[],
  live?: LiveSimulation,
): object =>
  documentOf("simulate", {
    passes: refused.length === 0,
    refused: refused.map(nameOf),
    failures: singles.map(documentOfOutcome),
    pairs: [...pairs].map(documentOfOutcome),
    live: live && documentOfLive(live),
  });

/** @throws UserError `usage` for a word that is no cost */
function costsOf(words: string | undefined): Cost[] {
  return (words?.split(",") ?? []).map((word) => {
    const cost = COSTS.find((each) => each === word);
    if (cost !== undefined) return cost;
    const expected = `--fail-on takes some of ${COSTS.join(", ")}, with commas between them`;
    throw new UserError("usage", `${expected}, got ${oneLine(word)}`);
  });
}
