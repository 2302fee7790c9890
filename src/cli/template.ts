/** The commands of `template`. */
import { mustHave } from "../base/programs";
import { StatusLine } from "../base/status-line";
import type { Node } from "../config/model";
import type { Check } from "../doctor/check";
import { progressPrinter } from "../rollout/format";
import type { Listener } from "../rollout/log";
import { pathsOf } from "../rollout/session";
import type { Trust } from "../rollout/commands";
import { nodesOfTemplate } from "../template/choice";
import { withImage, type Image } from "../template/image";
import type { Made } from "../template/make";
import { Making, type Maker, type MakingOptions, type MakingPlan } from "../template/making";
import { percentTeller } from "../base/percent";
import { scan as scanned } from "../template/scan";
import { chosenCluster, type ClusterOptions } from "./cluster";
import { askForConsent } from "./consent";
import { inWords, isHealthy } from "./doctor";
import { ExitCode, exitCodeOf } from "./exit-code";
import { failureDocument } from "./failure";
import { checkFreshness } from "./freshness";
import { interruptible, left } from "./interruption";
import { documentOf } from "./json-document";
import { say, terminalColumns } from "./terminal";

interface Options extends ClusterOptions {
  readonly json: boolean;
}

const asJson = (document: object): string => JSON.stringify(documentOf("template", document));

/** Reports a failure. @returns the exit code */
function failed(error: unknown, json: boolean): ExitCode {
  const document = failureDocument(error);
  if (json) console.log(asJson(document));
  else say(document.error, process.stderr);
  return exitCodeOf(error);
}

/** `template scan`: looks for identities and secrets on a template's disk. */
export const scan = (
  path: string,
  { json, vmId, ...options }: Options & Pick<MakingOptions, "vmId">,
): Promise<ExitCode> =>
  interruptible(async ({ stop }) => {
    try {
      const nodes = nodesOfTemplate(chosenCluster(options).folder, vmId);
      const checks = await withImage(path, (image) => scannedWithStatus(image, nodes, stop));
      const clean = isHealthy(checks);
      console.log(json ? asJson({ clean, checks }) : inWords(checks, terminalColumns(process.stdout)));
      return clean ? ExitCode.Done : ExitCode.Failed;
    } catch (error) {
      return failed(error, json);
    }
  });

async function scannedWithStatus(image: Image, nodes: readonly Node[], stop: AbortSignal): Promise<Check[]> {
  const status = new StatusLine(process.stderr);
  const onRead = percentTeller(image.size, (words) => status.show(() => `Reading ${image.path}: ${words}`));
  try {
    return await scanned(image, nodes, { stop, onRead });
  } finally {
    status.hide();
  }
}

/** `template plan`: shows what an apply would do. */
export const plan = (options: Options & MakingOptions): Promise<ExitCode> =>
  run(options, true, (making, maker) => making.plan(maker));

/** `template apply`: makes the template. */
export const apply = (options: Options & MakingOptions & Trust): Promise<ExitCode> =>
  run(options, options.yes, async (making, maker) => {
    const made = await making.apply(options, maker);
    const { template, recipe } = making;
    if (options.json)
      console.log(asJson({ made: { vmId: template.vmId, pveNode: recipe.pveNode, ...made } }));
    else say(madeInWords(making, made));
  });

/** @param yes - consent was given beforehand */
const run = (
  options: Options & MakingOptions,
  yes: boolean,
  action: (making: Making, maker: Maker) => Promise<void>,
): Promise<ExitCode> =>
  interruptible(async ({ stop, leave }) => {
    const { json } = options;
    const status = new StatusLine(process.stderr);
    const told: Listener = (event) => process.stderr.write(`${asJson(event)}\n`);
    const maker: Maker = {
      showPlan: (shown) => console.log(json ? asJson(shown) : planInWords(shown)),
      askForConsent: (question) => askForConsent(question, { yes, stop }),
      stop,
    };
    let making: Making | undefined;
    try {
      const { folder } = chosenCluster(options);
      mustHave("ssh", "the making of a template");
      const listener = json ? told : progressPrinter(status, process.stderr.isTTY);
      const started = new Making(pathsOf(folder), listener, process.env, options);
      making = started;
      const compare = (): Promise<void> => checkFreshness(stop);
      await (json ? compare() : status.during(`Comparing ${folder}/ with main.ts`, compare));
      await Promise.race([action(started, maker), left(leave, () => started.remains)]);
      return ExitCode.Done;
    } catch (error) {
      status.hide();
      return failed(error, json);
    } finally {
      making?.stop();
    }
  });

function planInWords({ vmId, pveNode, image, checks, notes, commands }: MakingPlan): string {
  return [
    `Template VM ${vmId} on ${pveNode}, of ${image.path}`,
    ...notes.map((note) => `  - ${note}`),
    "",
    inWords(checks, terminalColumns(process.stdout)),
    "",
    `The copy, and what runs on ${pveNode}:`,
    ...commands.map((command) => `  ${command}`),
  ].join("\n");
}

function madeInWords({ template: { vmId }, recipe }: Making, { sizeGib, isBase }: Made): string {
  const size =
    sizeGib === undefined ? "" : ` Its disk has ${sizeGib} GiB: state templateDiskGib: ${sizeGib}.`;
  const clones = isBase ? "" : ` ${recipe.datastore} has no base images: its clones are full ones.`;
  return `VM ${vmId} on ${recipe.pveNode} is a template.${size}${clones}`;
}
