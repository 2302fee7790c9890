import { checkApi, resolveApi } from "./api-vip";
import { Faults, withNews, type Fault } from "./fault";
import { resolveFirewall } from "./firewall";
import { checkK3s, resolveK3s } from "./k3s";
import { resolveLoadBalancer } from "./load-balancer";
import type { Cluster, Common, Node } from "./model";
import { checkNetworks, resolveNetworks } from "./network";
import { checkNixos, resolveClusterNixos, resolveNixos } from "./nixos";
import { haFaults } from "./ha";
import { placeNodes, resolvePve, type LastPlaces } from "./pve";
import { clusterFaults } from "./rules";
import { checkRollout } from "./rollout";
import type { ClusterSettings } from "./settings";
import { authorizedKeys, checkAuthorizedKeys } from "./ssh-keys";

/**
 * Resolves what all nodes share, and collects its faults.
 *
 * @param keysText - content of the authorized_keys file
 */
export function resolveCommon(
  settings: ClusterSettings,
  keysText: string,
): { common: Common; faults: Fault[] } {
  const common: Common = {
    network: resolveNetworks(settings.network),
    ...resolveApi(settings),
    ...resolveLoadBalancer(settings),
    k3s: resolveK3s(settings.k3s),
    firewall: resolveFirewall(settings.firewall),
    ...resolveClusterNixos(settings.nixos),
    ...(settings.rollout === undefined ? {} : { rollout: settings.rollout }),
    ...resolvePve(settings.pve),
    authorizedKeys: authorizedKeys(keysText),
  };
  const own = new Faults();
  const network = new Faults([], "network.");
  const k3s = new Faults([], "k3s.");
  const nixos = new Faults([], "nixos.");
  const rollout = new Faults([], "rollout.");
  checkNetworks(common.network, settings.network, network);
  checkK3s(common.k3s, k3s);
  checkNixos(resolveNixos(settings.nixos), nixos);
  checkRollout(common.rollout ?? {}, common.k3s, rollout);
  checkApi(settings, own);
  checkAuthorizedKeys(common.authorizedKeys, settings.authorizedKeysFile, own);
  return { common, faults: [network, own, k3s, nixos, rollout].flatMap((faults) => faults.all) };
}

/** What the whole cluster needs beside what all nodes share. */
export interface Whole {
  readonly allowEvenServerCount?: boolean;
  /** VM ID of the cluster's template. @default - each node has its own */
  readonly templateVmId?: number;
  /** Where VMs were. @default - nothing remembers it */
  readonly lastPlaces?: LastPlaces;
}

/** Resolves the whole cluster, and collects the faults between its nodes. */
export function resolveCluster(
  common: Common,
  nodes: readonly Node[],
  { allowEvenServerCount = false, templateVmId, lastPlaces }: Whole = {},
): { cluster: Cluster; faults: Fault[] } {
  const serverCount = nodes.filter((node) => node.role === "server").length;
  const decided = nodes.map((node) => ({
    ...node,
    clusterInit: node.role === "server" && (node.clusterInit ?? serverCount === 1),
  }));
  const { pve } = common;
  const placed = pve === undefined ? undefined : placeNodes(pve, decided, templateVmId, lastPlaces);
  const cluster = { ...common, nodes: [...(placed?.nodes ?? decided)].sort((a, b) => a.vmId - b.vmId) };
  const further = [placed?.faults ?? [], haFaults(cluster, lastPlaces?.places)];
  return { cluster, faults: further.reduce<Fault[]>(withNews, clusterFaults(cluster, allowEvenServerCount)) };
}
