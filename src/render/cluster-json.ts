import { flows } from "../firewall/flows";
import { terraformAddress, type Cluster } from "../config/model";

/** Raised when a program that reads `cluster.json` would misread a newer one. See `schemas/cluster.schema.json`. */
const FORMAT_VERSION = 1;

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
    flows: flows(cluster),
    documents,
    files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}
