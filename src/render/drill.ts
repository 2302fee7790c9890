import { DRILL_FOLDER, DRILL_SECONDS, DRILL_UNIT, drillCalendar } from "../config/drill";
import { ASIDE_LIMITS, flagsAside } from "../config/k3s-aside";
import { tokenFileOf } from "../config/k3s";
import type { Cluster, Node } from "../config/model";
import { k3sFlags, snapshotFolder } from "./k3s";
import { remoteScript, type Variables } from "./remote-script";
import { fill } from "./templates";

/** Where a drill restores. */
const ASIDE = `${DRILL_FOLDER}/aside`;

/** Flags with which a server is started aside, as the hosts' units have them. */
export const emittedFlagsAside = (cluster: Cluster, node: Node): string[] =>
  // K3s' module of NixOS adds it on the first server. One that is reset founds a cluster, and joins none.
  flagsAside(["--cluster-init", ...k3sFlags(cluster, node)]);

/**
 * What runs in the namespaces: restores a snapshot, and tries it.
 *
 * @param node - the server whose flags and address it gets
 * @param program - it, or one that includes it
 */
export function programAside(
  cluster: Cluster,
  node: Node,
  flags: readonly string[],
  more: Variables,
  program = "try-aside",
): string {
  return remoteScript(program, {
    flags: flags.join("\n"),
    interface: node.nixos.networkInterface,
    address: `${node.ipv4Address}/${cluster.network.nodeCidr.split("/")[1]}`,
    reset_seconds: ASIDE_LIMITS.resetSeconds,
    start_seconds: ASIDE_LIMITS.startSeconds,
    ...more,
  });
}

/** Renders the unit with which a server tries its newest snapshot by itself, and its programs, by their names. */
export function renderDrill(cluster: Cluster, node: Node): [string, string][] {
  const calendar = drillCalendar(cluster, node);
  if (calendar === undefined) return [];
  const program = remoteScript(
    "drill-newest",
    {
      folder: DRILL_FOLDER,
      snapshots: snapshotFolder(cluster, node),
      token_file: tokenFileOf(cluster.k3s, "server"),
      node: node.hostname,
      memory_mib: ASIDE_LIMITS.memoryMib,
    },
    'program=$(cat "$1")\n{ main </dev/null; }',
  );
  const unit = { unit: DRILL_UNIT, folder: DRILL_FOLDER, seconds: DRILL_SECONDS, aside: ASIDE };
  return [
    ["drill.nix", fill("drill.nix", { hostname: node.hostname, calendar, ...unit })],
    ["drill.sh", program],
    ["drill-aside.sh", programAside(cluster, node, emittedFlagsAside(cluster, node), { aside: ASIDE })],
  ];
}
