import { HOSTS_FOLDER } from "../emit/place";
import { synthTree, type Emitted } from "../preview/emitted";
import { toMarkdown } from "../preview/markdown";
import { compare, isEmpty, type Preview } from "../preview/preview";
import { failureReport, reportOf, type Block } from "../preview/report";
import { toTerminal } from "../preview/terminal";
import { basePackages } from "../preview/packages";
import { findBase, Trees, type Base } from "../preview/trees";
import { mustHave } from "../base/programs";
import { since, StatusLine } from "../base/status-line";
import { UserError } from "../base/user-error";
import { ExitCode, exitCodeOf } from "./exit-code";
import { failureDocument } from "./failure";
import { interruptible } from "./interruption";
import { documentOf } from "./json-document";
import { paint, terminalColumns } from "./terminal";

interface Options {
  readonly base: string;
  readonly json: boolean;
  /** Also on a terminal. */
  readonly markdown: boolean;
  readonly failOnDanger: boolean;
}

const NO_HOSTS = `The app emits no \`${HOSTS_FOLDER}/\`, so nothing is known about nodes, hosts and firewalls.`;

/** `preview`: describes what the working tree would change. */
export function preview(options: Options): Promise<ExitCode> {
  return interruptible(async ({ stop }) => {
    try {
      return await previewed(options, stop);
    } catch (error) {
      const document = failureDocument(error);
      console.log(
        options.json
          ? JSON.stringify(documentOf("preview", document))
          : drawn(failureReport("There is no preview.", document.error), options),
      );
      return exitCodeOf(error);
    }
  });
}

async function previewed(options: Options, stop: AbortSignal): Promise<ExitCode> {
  mustHave("git", "a preview");
  const base = await findBase(process.cwd(), options.base);
  const { preview, notes } = await compared(base, stop);
  console.log(
    options.json
      ? JSON.stringify(previewDocument(preview, base, notes), null, 2)
      : drawn(reportOf(preview, base, notes), options),
  );
  return options.failOnDanger && preview.dangers.length > 0 ? ExitCode.Refused : ExitCode.Done;
}

/** For the person at a terminal, or as Markdown for what reads a pipe. */
function drawn(report: readonly Block[], { markdown }: Options): string {
  const columns = terminalColumns(process.stdout);
  const text =
    columns === undefined || markdown ? toMarkdown(report) : toTerminal(report, { columns, paint });
  return text.trimEnd();
}

/** The JSON document; see schemas/preview.schema.json. */
export const previewDocument = (preview: Preview, base: Base, notes: readonly string[]): object =>
  documentOf("preview", { base, notes, unchanged: isEmpty(preview), ...preview });

async function compared(base: Base, stop: AbortSignal): Promise<{ preview: Preview; notes: string[] }> {
  const trees = await Trees.of(process.cwd(), base);
  const status = new StatusLine(process.stderr);
  try {
    // It takes seconds, once for each lock file.
    const showInstall = (): void => status.show(since("Installing the packages of the base"));
    const packages = await basePackages(trees, showInstall, stop);
    if (packages.modules !== undefined) trees.linkBaseModules(packages.modules);
    const [working, former] = await status.during(`Running main.ts here and at ${base.ref}`, () =>
      Promise.allSettled([
        synthTree(trees.working, trees.output("working"), stop),
        synthTree(trees.base, trees.output("base"), stop),
      ]),
    );
    if (stop.aborted) throw new UserError("interrupted", "Interrupted");
    if (working.status === "rejected") throw working.reason;
    const { emitsHosts } = working.value;
    const now = emitsHosts ? working.value : { ...working.value, cluster: undefined };
    const notes = [
      ...(packages.note === undefined ? [] : [packages.note]),
      ...(emitsHosts ? [] : [NO_HOSTS]),
    ];
    if (former.status === "fulfilled") return { preview: compare(former.value, now), notes };
    return await withoutApp(trees, now, [...notes, noApp(former.reason)]);
  } finally {
    status.hide();
    await trees.remove();
  }
}

/** Compares with the files that the base committed, since its app does not run. */
async function withoutApp(
  trees: Trees,
  working: Emitted,
  notes: readonly string[],
): Promise<{ preview: Preview; notes: string[] }> {
  await trees.restoreBase();
  // Loaded lazily: it loads CDKTF, which nothing else here needs.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { readEmitted, withVmsOf } = require("../preview/committed") as typeof import("../preview/committed");
  const former = readEmitted(trees.base);
  if (former.cluster !== undefined) {
    const note = `Its committed \`${HOSTS_FOLDER}/\` is compared instead; for OpenTofu, only the VMs are compared.`;
    return { preview: compare(former, withVmsOf(working)), notes: [...notes, note] };
  }
  return {
    preview: compare(former, working),
    notes: [...notes, `It has no \`${HOSTS_FOLDER}/\` either: everything is shown as new.`],
  };
}

const noApp = (reason: unknown): string => {
  const [first = ""] = (reason as Error).message.trim().split("\n");
  return `The base's app does not run: ${first.replaceAll("`", "'")}`;
};
