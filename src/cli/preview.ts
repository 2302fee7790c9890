import { synthTree, type Emitted } from "../preview/emitted";
import { comparePair, pairClusters, type ClusterPair } from "../preview/clusters";
import { isEmpty, type Preview } from "../preview/preview";
import { failureReport, reportOf, reportOfClusters } from "../preview/report";
import { basePackages } from "../preview/packages";
import { findBase, Trees, type Base } from "../preview/trees";
import { mustHave } from "../base/programs";
import { since, StatusLine } from "../base/status-line";
import { UserError } from "../base/user-error";
import type { ClusterOptions } from "./cluster";
import { drawn } from "./drawn";
import { ExitCode, exitCodeOf } from "./exit-code";
import { failureDocument } from "./failure";
import { interruptible } from "./interruption";
import { documentOf } from "./json-document";

interface Options extends ClusterOptions {
  readonly base: string;
  readonly json: boolean;
  /** Also on a terminal. */
  readonly markdown: boolean;
  readonly failOnDanger: boolean;
}

const noHosts = (folder: string): string =>
  `The app emits no \`${folder}/\`, so nothing is known about nodes, hosts and firewalls.`;

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
  const { previews, notes } = await compared(base, options.cluster, stop);
  const [only] = previews;
  if (options.json) console.log(JSON.stringify(documentIn(previews, base, notes), null, 2));
  else if (only !== undefined && previews.length === 1)
    console.log(drawn(reportOf(only.preview, base, notes, only.folder), options));
  else console.log(drawn(reportOfClusters(previews, base, notes), options));
  const isDangerous = previews.some(({ preview }) => preview.dangers.length > 0);
  return options.failOnDanger && isDangerous ? ExitCode.Refused : ExitCode.Done;
}

/** The preview of a cluster, by its name in the app and the folder of its hosts. */
interface NamedPreview {
  readonly name: string;
  readonly folder: string;
  readonly preview: Preview;
}

/** The JSON document; see schemas/preview.schema.json. */
export const previewDocument = (preview: Preview, base: Base, notes: readonly string[]): object =>
  documentOf("preview", { base, notes, unchanged: isEmpty(preview), ...preview });

const documentIn = (previews: readonly NamedPreview[], base: Base, notes: readonly string[]): object => {
  const [only] = previews;
  return only !== undefined && previews.length === 1
    ? previewDocument(only.preview, base, notes)
    : previewsDocument(previews, base, notes);
};

/** The JSON document for several clusters; see schemas/preview.schema.json. */
export const previewsDocument = (
  previews: readonly Omit<NamedPreview, "folder">[],
  base: Base,
  notes: readonly string[],
): object =>
  documentOf("preview", {
    base,
    notes,
    unchanged: previews.every(({ preview }) => isEmpty(preview)),
    clusters: previews.map(({ name, preview }) => ({ name, unchanged: isEmpty(preview), ...preview })),
  });

interface Compared {
  readonly previews: readonly NamedPreview[];
  readonly notes: readonly string[];
}

/** @param name - of the one cluster that is asked for. @default - all */
async function compared(base: Base, name: string | undefined, stop: AbortSignal): Promise<Compared> {
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
      ...(emitsHosts ? [] : [noHosts(now.folder)]),
    ];
    if (former.status === "fulfilled")
      return { previews: previewsOf(pairClusters(former.value, now), name), notes };
    return await withoutApp(trees, now, name, [...notes, noApp(former.reason)]);
  } finally {
    status.hide();
    await trees.remove();
  }
}

/** Compares with the files that the base committed, since its app does not run. */
async function withoutApp(
  trees: Trees,
  working: Emitted,
  name: string | undefined,
  notes: readonly string[],
): Promise<Compared> {
  await trees.restoreBase();
  // Loaded lazily: it loads CDKTF, which nothing else here needs.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { readEmitted, withVmsOf } = require("../preview/committed") as typeof import("../preview/committed");
  const former = readEmitted(trees.base);
  const pairs = pairClusters(former, working).map(({ name: each, before, after }) =>
    before?.cluster === undefined
      ? { name: each, before, after }
      : { name: each, before: withVmsOf(before), after: after && withVmsOf(after) },
  );
  const note =
    former.cluster === undefined
      ? `It has no \`${former.folder}/\` either: everything is shown as new.`
      : `Its committed \`${former.folder}/\` is compared instead; for OpenTofu, only the VMs are compared.`;
  return { previews: previewsOf(pairs, name), notes: [...notes, note] };
}

/** @throws UserError `usage` where there is no cluster of that name */
function previewsOf(pairs: readonly ClusterPair[], name: string | undefined): NamedPreview[] {
  const wanted = pairs.filter((pair) => name === undefined || pair.name === name);
  if (name !== undefined && wanted.length === 0) {
    const names = pairs.map((pair) => pair.name).join(", ");
    throw new UserError("usage", `No such cluster in main.ts: ${name}. There are ${names}`);
  }
  return wanted.map((pair) => ({
    name: pair.name,
    folder: (pair.after ?? pair.before)?.folder ?? "",
    preview: comparePair(pair),
  }));
}

const noApp = (reason: unknown): string => {
  const [first = ""] = (reason as Error).message.trim().split("\n");
  return `The base's app does not run: ${first.replaceAll("`", "'")}`;
};
