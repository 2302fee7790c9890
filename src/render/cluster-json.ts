import { flows, type Flow } from "../firewall/flows";
import { terraformAddress, type Cluster, type Node } from "../config/model";

/** Its name, in the folder of the hosts. */
export const CLUSTER_JSON = "cluster.json";

/** Raised when a program that reads `cluster.json` would misread a newer one. See `schemas/cluster.schema.json`. */
export const FORMAT_VERSION = 1;

/**
 * `cluster.json`, the description of the cluster for programs, without first lines.
 *
 * @param captured - directories whose `hardware-configuration.nix` came from the host
 * @param files - path below the folder of the hosts, to SHA-256 of the whole file
 * @param documents - files of people with a region of ours
 */
export function renderClusterJson(
  cluster: Cluster,
  captured: ReadonlySet<string>,
  files: ReadonlyMap<string, string>,
  documents: readonly string[],
): string {
  const { nodes, ...common } = cluster;
  const description = {
    formatVersion: FORMAT_VERSION,
    cluster: common,
    nodes: nodes.map((node) => ({
      ...node,
      terraformAddress: terraformAddress(node.terraformName),
      hardwareConfiguration: captured.has(node.directory) ? "captured" : "generated",
    })),
    // Without the IDs, by which this program finds them.
    flows: flows(cluster).map((flow) => ({ ...flow, id: undefined })),
    documents,
    files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

/** A description of the cluster as some version of this program wrote it. */
export interface ClusterJson {
  /** Not `FORMAT_VERSION` where another version wrote it, which may mean other things by the same words. */
  readonly formatVersion: number;
  readonly cluster: Omit<Cluster, "nodes">;
  readonly nodes: readonly Node[];
  /** Missing where it was written before there were previews; `documents` too. */
  readonly flows?: readonly Flow[];
  readonly documents?: readonly string[];
  /** Path to SHA-256. Captured hardware and `local.nix` are not among them: they are their owner's. */
  readonly files: Readonly<Record<string, string>>;
}

/** `undefined` for a text that is not a `cluster.json`: anybody may have edited or merged it. */
export function parseClusterJson(text: string): ClusterJson | undefined {
  try {
    const json = JSON.parse(text) as ClusterJson;
    return Array.isArray(json.nodes) && isObject(json.cluster) && isObject(json.files) ? json : undefined;
  } catch {
    return undefined; // not JSON, or null
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
