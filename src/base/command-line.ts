/** The one place where a command line is spelled that a person is to run, with the cluster that it is about. */
import { AsyncLocalStorage } from "node:async_hooks";
import { shellWord } from "./escape";

/** Scripts of a project that are about one cluster, and ask for its name where the app has several. */
export const SCRIPTS_OF_ONE_CLUSTER = [
  "plan",
  "apply",
  "tofu",
  "rollout",
  "template",
  "doctor",
  "nixpkgs",
  "simulate",
] as const;

type Script = (typeof SCRIPTS_OF_ONE_CLUSTER)[number];

/**
 * Of the whole command, as its working directory is: otherwise every function down to the one that words a fault would
 * have to hand it on.
 */
const named = new AsyncLocalStorage<string | undefined>();

/**
 * Runs code whose command lines are about one cluster.
 *
 * @param cluster - its name, where the app has several. @default - the app has one, which command lines need not name
 */
export const namingCluster = <T>(cluster: string | undefined, run: () => T): T => named.run(cluster, run);

/** The cluster that command lines name here. */
export const namedCluster = (): string | undefined => named.getStore();

/** A script, and its words after npm's `--`. */
export type CommandWords = Script | `${Script} -- ${string}`;

/** Spells a command line: `npm run rollout -- apply`, or where clusters are named `npm run rollout -- apply --cluster lab`. */
export function npmRun(words: CommandWords): string {
  const cluster = namedCluster();
  const option = cluster === undefined ? [] : ["--cluster", shellWord(cluster)];
  const separator = option.length > 0 && !words.includes(" -- ") ? ["--"] : [];
  return ["npm run", words, ...separator, ...option].join(" ");
}
