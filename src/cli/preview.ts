import { existsSync, readFileSync } from "node:fs";
import { HOSTS_FOLDER } from "../emit/place";
import { emittedBy, type Emitted } from "../preview/emitted";
import { failure, toMarkdown } from "../preview/markdown";
import { compare, isEmpty, type Preview } from "../preview/preview";
import { committed, findBase, Trees, type Base } from "../preview/trees";
import { UserError } from "../base/user-error";
import { ExitCode } from "./exit-code";
import { reasonOf } from "./failure";

interface Options {
  readonly base: string;
  readonly json: boolean;
  readonly failOnDanger: boolean;
}

/** Raised when a program that reads the JSON would misread a newer one. */
const FORMAT_VERSION = 1;

const NO_HOSTS = `The app emits no \`${HOSTS_FOLDER}/\`, so that nothing is known of nodes, hosts and firewalls.`;

const LOCK_FILE = "package-lock.json";

/** `preview`: says in words what the working tree would change. */
export async function preview({ base: ref, json, failOnDanger }: Options): Promise<ExitCode> {
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const base = findBase(process.cwd(), ref);
    const { preview, notes } = await previewed(base, interrupted.signal);
    console.log(
      json
        ? JSON.stringify(previewDocument(preview, base, notes), null, 2)
        : toMarkdown(preview, base, notes).trimEnd(),
    );
    return failOnDanger && preview.dangers.length > 0 ? ExitCode.Refused : ExitCode.Done;
  } catch (error) {
    const complaint = reasonOf(error);
    console.log(
      json
        ? JSON.stringify({ formatVersion: FORMAT_VERSION, error: complaint })
        : failure("There is no preview.", complaint).trimEnd(),
    );
    return interrupted.signal.aborted ? ExitCode.Interrupted : ExitCode.Failed;
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** For a program; see schemas/preview.schema.json. */
export const previewDocument = (preview: Preview, base: Base, notes: readonly string[]): object => ({
  formatVersion: FORMAT_VERSION,
  base,
  notes,
  unchanged: isEmpty(preview),
  ...preview,
});

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

async function previewed(base: Base, signal: AbortSignal): Promise<{ preview: Preview; notes: string[] }> {
  const trees = new Trees(process.cwd(), base);
  try {
    const [working, former] = await Promise.allSettled([
      emittedBy(trees.working, trees.output("working"), signal),
      emittedBy(trees.base, trees.output("base"), signal),
    ]);
    if (signal.aborted) throw new UserError("cancelled", "It was interrupted.");
    if (working.status === "rejected") throw working.reason;
    const { emitsHosts } = working.value;
    const now = emitsHosts ? working.value : { ...working.value, cluster: undefined };
    const notes = [
      ...(lockDiffers(base) ? [`${LOCK_FILE} differs: the base ran with this tree's packages.`] : []),
      ...(emitsHosts ? [] : [NO_HOSTS]),
    ];
    if (former.status === "fulfilled") return { preview: compare(former.value, now), notes };
    return withoutApp(trees, now, [...notes, noApp(former.reason)]);
  } finally {
    trees.remove();
  }
}

/** Compares with what the base committed, since its app does not run. */
function withoutApp(
  trees: Trees,
  working: Emitted,
  notes: readonly string[],
): { preview: Preview; notes: string[] } {
  trees.restoreBase();
  // Loaded here, because it takes CDKTF along, of which nothing else here has need.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { committedIn, withVmsOf } = require("../preview/committed") as typeof import("../preview/committed");
  const former = committedIn(trees.base);
  if (former.cluster !== undefined) {
    const note = `Its committed \`${HOSTS_FOLDER}/\` serves instead; of OpenTofu, the VMs alone are compared.`;
    return { preview: compare(former, withVmsOf(working)), notes: [...notes, note] };
  }
  return {
    preview: compare(former, working),
    notes: [...notes, `It has no \`${HOSTS_FOLDER}/\` either: all is shown as new.`],
  };
}

const noApp = (reason: unknown): string => {
  const [first = ""] = (reason as Error).message.trim().split("\n");
  return `The base's app does not run: ${first.replaceAll("`", "'")}`;
};

const lockDiffers = (base: Base): boolean => {
  const was = committed(process.cwd(), base, LOCK_FILE);
  return was !== undefined && (!existsSync(LOCK_FILE) || was !== readFileSync(LOCK_FILE, "utf8"));
};
