import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { appOf, CONTEXT_VARIABLE, contextJson } from "../emit/app";
import { HOSTS_FOLDER } from "../emit/place";
import { CLUSTER_JSON, parseClusterJson, type ClusterJson } from "../render/cluster-json";
import { bareEnvironment, withoutNetwork } from "./confinement";
import { capture } from "../base/process";
import { UserError } from "../base/user-error";

/** What an app emits: the stacks for OpenTofu, and the cluster's files for its hosts. */
export interface Emitted {
  readonly stacks: readonly Stack[];
  readonly cluster?: ClusterJson;
  /** Whether the app said that it emits host files; not where its constructs are of before they said so. */
  readonly emitsHosts: boolean;
  /** Folder in which the files are. */
  readonly tree: string;
}

/** One stack's OpenTofu JSON. */
export interface Stack {
  readonly name: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * Runs the app of a tree as the CDKTF CLI does, but with a bare environment and without a network, and reads what it
 * emitted.
 *
 * @param output - folder for its OpenTofu JSON
 * @param signal - ends the app, and all that it started
 * @throws UserError with what the app says, when it fails
 */
export async function emittedBy(tree: string, output: string, signal: AbortSignal): Promise<Emitted> {
  const { app, context } = appOf(tree);
  const report = `${output}.report`;
  const [program, ...words] = [...withoutNetwork(), "sh", "-c", app] as const;
  const { status, stderr } = await capture(program, words, {
    cwd: tree,
    env: {
      ...bareEnvironment(`${output}.own`),
      CDKTF_OUTDIR: output,
      [CONTEXT_VARIABLE]: contextJson(context, { report }),
      CHECKPOINT_DISABLE: "1",
      // `npx tsx` of an app that lacks it would ask the network.
      npm_config_offline: "true",
    },
    signal,
  });
  if (status !== 0) throw new UserError("failed", stderr.trim() || `${app} ended with ${status}`);
  return { stacks: stacksIn(output), cluster: describedIn(tree), emitsHosts: existsSync(report), tree };
}

function stacksIn(output: string): Stack[] {
  const { stacks } = JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")) as {
    stacks: Record<string, { name: string; synthesizedStackPath: string }>;
  };
  return Object.values(stacks)
    .map(({ name, synthesizedStackPath }) => ({
      name,
      json: JSON.parse(readFileSync(join(output, synthesizedStackPath), "utf8")) as Stack["json"],
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The cluster as the tree's files have it. */
export function describedIn(tree: string): ClusterJson | undefined {
  const path = join(tree, HOSTS_FOLDER, CLUSTER_JSON);
  if (!existsSync(path)) return undefined;
  const json = parseClusterJson(readFileSync(path, "utf8"));
  if (json === undefined)
    throw new UserError("invalid", `its ${join(HOSTS_FOLDER, CLUSTER_JSON)} is damaged`, {
      remedy: "run npm run synth",
    });
  return json;
}
