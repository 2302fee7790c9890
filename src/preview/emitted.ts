import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { appOf, CONTEXT_VARIABLE, contextJson } from "../emit/app";
import { HOSTS_FOLDER } from "../config/names";
import { emittedClusters } from "../emit/clusters";
import { synthesizedStacks } from "../emit/manifest";
import { CLUSTER_JSON, parseClusterJson, type ClusterJson } from "../render/cluster-json";
import { bareEnvironment, withoutNetwork } from "./confinement";
import { capture } from "../base/process";
import { UserError } from "../base/user-error";

/** The output of an app, or of one cluster in it: stacks for OpenTofu, and the hosts' files. */
export interface Emitted {
  readonly stacks: readonly Stack[];
  /** The cluster, the first one of an app. */
  readonly cluster?: ClusterJson;
  /** Folder of its hosts. */
  readonly folder: string;
  /** Whether the app reported that it emits host files; also false for old versions of the constructs, which do not report it. */
  readonly emitsHosts: boolean;
  /** The project's folder. */
  readonly tree: string;
}

/** One stack's OpenTofu JSON. */
export interface Stack {
  readonly name: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * Runs a tree's app like the CDKTF CLI, but in a bare environment and without a network, and reads its output.
 *
 * @param output - folder for its OpenTofu JSON
 * @param signal - kills the app and its child processes
 * @throws UserError with the app's error output, if it fails
 */
export async function synthTree(tree: string, output: string, signal: AbortSignal): Promise<Emitted> {
  const { app, context } = appOf(tree);
  const [program, ...words] = [...withoutNetwork(), "sh", "-c", app] as const;
  const { status, stderr } = await capture(program, words, {
    cwd: tree,
    env: {
      ...bareEnvironment(`${output}.own`),
      CDKTF_OUTDIR: output,
      [CONTEXT_VARIABLE]: contextJson(context, { report: reportOf(output) }),
      CHECKPOINT_DISABLE: "1",
      // `npx tsx` would try to download a missing tsx.
      npm_config_offline: "true",
    },
    signal,
  });
  if (status !== 0) throw new UserError("failed", stderr.trim() || `${app} ended with ${status}`);
  return readEmitted(tree, output);
}

/** Reads the output of a tree's app, which reported its host files at {@link reportOf}. */
export const readEmitted = (tree: string, output: string): Emitted => ({
  stacks: stacksIn(output),
  ...firstCluster(tree),
  emitsHosts: existsSync(reportOf(output)),
  tree,
});

/** Where an app with that folder for its output reports its host files. */
export const reportOf = (output: string): string => `${output}.report`;

const stacksIn = (output: string): Stack[] =>
  synthesizedStacks(output)
    .map(({ name, synthesizedStackPath }) => ({
      name,
      json: JSON.parse(readFileSync(join(output, synthesizedStackPath), "utf8")) as Stack["json"],
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** The first cluster that a tree's files describe. */
export function firstCluster(tree: string): Pick<Emitted, "cluster" | "folder"> {
  const folder = emittedClusters(tree)[0]?.folder ?? HOSTS_FOLDER;
  return { folder, cluster: readCluster(tree, folder) };
}

/** The cluster as described in the tree's files. @param folder - of its hosts */
export function readCluster(tree: string, folder: string): ClusterJson | undefined {
  const path = join(tree, folder, CLUSTER_JSON);
  if (!existsSync(path)) return undefined;
  const json = parseClusterJson(readFileSync(path, "utf8"));
  if (json === undefined)
    throw new UserError("invalid", `its ${join(folder, CLUSTER_JSON)} is damaged`, {
      remedy: "run npm run synth",
    });
  return json;
}
