/** `npm run preview`: says in words what the working tree would change. */
import { existsSync, readFileSync } from "node:fs";
import { Command } from "commander";
import { emittedBy, FOLDER, type Emitted } from "../preview/emitted";
import { failure, toMarkdown } from "../preview/markdown";
import { compare, isEmpty, type Preview } from "../preview/preview";
import { committed, findBase, Trees, type Base } from "../preview/trees";
import { Trouble } from "../base/trouble";

interface Options {
  readonly base: string;
  readonly json: boolean;
  readonly failOnDanger: boolean;
}

/** Raised when a program that reads the JSON would misread a newer one. */
const FORMAT_VERSION = 1;

const DANGEROUS = 2;

/** What is said of host files that are elsewhere, or nowhere. */
function unseen(folders: readonly string[]): string[] {
  const others = folders.filter((folder) => folder !== FOLDER);
  return [
    ...(folders.includes(FOLDER)
      ? []
      : [`The app emits no \`${FOLDER}/\`, so that nothing is known of nodes, hosts and firewalls.`]),
    ...(others.length === 0
      ? []
      : [
          `Not looked at: ${others.map((folder) => `\`${folder}/\``).join(", ")}. A preview, as a rollout, is of \`${FOLDER}/\`.`,
        ]),
  ];
}

const LOCK_FILE = "package-lock.json";

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupted.abort());

async function main(options: Options): Promise<void> {
  try {
    const base = findBase(process.cwd(), options.base);
    const { preview, notes } = await previewed(base);
    console.log(
      options.json
        ? JSON.stringify(
            { formatVersion: FORMAT_VERSION, base, notes, unchanged: isEmpty(preview), ...preview },
            null,
            2,
          )
        : toMarkdown(preview, base, notes).trimEnd(),
    );
    if (options.failOnDanger && preview.dangers.length > 0) process.exitCode = DANGEROUS;
  } catch (error) {
    process.exitCode = 1;
    const complaint = error instanceof Trouble ? error.message : ((error as Error).stack ?? String(error));
    console.log(
      options.json
        ? JSON.stringify({ error: complaint })
        : failure("There is no preview.", complaint).trimEnd(),
    );
  }
}

async function previewed(base: Base): Promise<{ preview: Preview; notes: string[] }> {
  const { signal } = interrupted;
  const trees = new Trees(process.cwd(), base);
  try {
    const [working, former] = await Promise.allSettled([
      emittedBy(trees.working, trees.output("working"), signal),
      emittedBy(trees.base, trees.output("base"), signal),
    ]);
    if (signal.aborted) throw new Trouble("It was interrupted.");
    if (working.status === "rejected") throw working.reason;
    const { folders } = working.value;
    const now = folders.includes(FOLDER) ? working.value : { ...working.value, cluster: undefined };
    const notes = [
      ...(lockDiffers(base) ? [`${LOCK_FILE} differs: the base ran with this tree's packages.`] : []),
      ...unseen(folders),
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
    const note = "Its committed `nix/` serves instead; of OpenTofu, the VMs alone are compared.";
    return { preview: compare(former, withVmsOf(working)), notes: [...notes, note] };
  }
  return {
    preview: compare(former, working),
    notes: [...notes, "It has no `nix/` either: all is shown as new."],
  };
}

const noApp = (reason: unknown): string => {
  const [first = ""] = String((reason as Error).message)
    .trim()
    .split("\n");
  return `The base's app does not run: ${first.replaceAll("`", "'")}`;
};

const lockDiffers = (base: Base): boolean => {
  const was = committed(process.cwd(), base, LOCK_FILE);
  return was !== undefined && (!existsSync(LOCK_FILE) || was !== readFileSync(LOCK_FILE, "utf8"));
};

new Command("preview")
  .description(
    "Says what the working tree would change for VMs, hosts, firewalls and documents. Asks no network.",
  )
  .usage("[options], as npm run preview -- [options]")
  .option("--base <ref>", "git ref to compare with, where the branch left it", "HEAD")
  .option("--json", "print JSON instead of Markdown", false)
  .option("--fail-on-danger", `end with ${DANGEROUS} when something is dangerous`, false)
  .showHelpAfterError()
  .addHelpText("after", "\nThe exit code is 0 when there is a preview, and 1 when there is none.")
  .action((options: Options) => main(options))
  .parse();
