import { flows, type Flow } from "../firewall/flows";
import { terraformAddress, type Cluster, type Node } from "../config/model";

/** File name in the folder of the hosts. */
export const CLUSTER_JSON = "cluster.json";

/** Incremented when existing readers would misread a new `cluster.json`. See `schemas/cluster.schema.json`. */
export const FORMAT_VERSION = 1;

/**
 * Renders `cluster.json`, the description of the cluster for programs, without its header.
 *
 * @param captured - directories whose `hardware-configuration.nix` was captured from the host
 * @param files - SHA-256 of each file, by its path in the folder of the hosts
 * @param documents - the owner's files that contain an emitted region
 * @param stack - id of its stack, which is the cluster's name in the app
 */
export function renderClusterJson(
  cluster: Cluster,
  captured: ReadonlySet<string>,
  files: ReadonlyMap<string, string>,
  documents: readonly string[],
  stack: string,
): string {
  const { nodes, ...common } = cluster;
  const description = {
    formatVersion: FORMAT_VERSION,
    stack,
    cluster: common,
    nodes: nodes.map((node) => ({
      ...node,
      terraformAddress: terraformAddress(node.terraformName),
      hardwareConfiguration: captured.has(node.directory) ? "captured" : "generated",
    })),
    // The IDs are internal.
    flows: flows(cluster).map((flow) => ({ ...flow, id: undefined })),
    documents,
    files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

/** `cluster.json` as any version of this program may have written it. */
export interface ClusterJson {
  /** Differs from `FORMAT_VERSION` if an incompatible version wrote the file. */
  readonly formatVersion: number;
  /** Name of the cluster in its app. Missing in files that versions with one cluster in an app wrote. */
  readonly stack?: string;
  readonly cluster: Omit<Cluster, "nodes">;
  readonly nodes: readonly Node[];
  /** Missing, like `documents`, in files that versions without previews wrote. */
  readonly flows?: readonly Flow[];
  readonly documents?: readonly string[];
  /** SHA-256 by path, without captured hardware and `local.nix`, which belong to the owner. */
  readonly files: Readonly<Record<string, string>>;
}

/** Parses a `cluster.json`; `undefined` if the text is not one, for example after a merge conflict. */
export function parseClusterJson(text: string): ClusterJson | undefined {
  try {
    const json = JSON.parse(text) as ClusterJson;
    return Array.isArray(json.nodes) && isObject(json.cluster) && isObject(json.files) ? json : undefined;
  } catch {
    return undefined; // not JSON, or null
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
