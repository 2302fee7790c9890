import { tokenFileOf } from "../../src/config/k3s";
import type { Cluster, Node } from "../../src/config/model";
import { joinAddress, k3sFlags } from "../../src/render/k3s";

/**
 * Arguments of K3s on a node, in the order of the ExecStart that NixOS' module makes of the emitted file: the options
 * of `services.k3s` first (nixos/modules/services/cluster/k3s), `extraFlags` after them.
 */
export function k3sArguments(cluster: Cluster, node: Node): string[] {
  const join = joinAddress(cluster, node);
  return [
    node.role,
    ...["--token-file", tokenFileOf(cluster.k3s, node.role)],
    ...(node.clusterInit ? ["--cluster-init"] : []),
    ...(join === undefined ? [] : ["--server", join]),
    ...k3sFlags(cluster, node),
  ];
}
