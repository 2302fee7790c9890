/** Rules between the clusters of one app. */
import { vipFaultsBetween } from "./api-vip";
import { dhcpRangeFaultsBetween } from "./dhcp-range";
import { withNews, type Fault } from "./fault";
import { guestInterfaces } from "./guest-network";
import { poolFaultsBetween } from "./load-balancer";
import type { Node } from "./model";
import { ELSEWHERE, mayShareProxmox, whose, type NamedCluster, type Pair } from "./named-cluster";
import { pveFaultsAmong } from "./shared-pve";

/**
 * Faults between a cluster and those before it in the app.
 *
 * Pod and service networks may overlap: VXLAN, kube-proxy and the hosts' masquerade keep them inside of their own cluster, and
 * nothing here routes them to another.
 */
export const faultsBetweenClusters = (before: readonly NamedCluster[], cluster: NamedCluster): Fault[] => [
  ...before.flatMap((other) => pairFaults([other, cluster])),
  ...pveFaultsAmong(before, cluster),
];

const pairFaults = (pair: Pair): Fault[] =>
  [
    sharedValues(pair, "hostname", ({ hostname }) => [hostname]),
    vmIds(pair),
    templates(pair),
    sharedValues(pair, "ipv4Address", addressesOf, ["vmId"]),
    sharedValues(pair, "macAddress", macAddressesOf, ["vmId"]),
    vipFaultsBetween(pair[1].cluster, pair[0].cluster),
    poolFaultsBetween(pair[1].cluster, pair[0].cluster),
    dhcpRangeFaultsBetween(pair),
    endpoint(pair),
    snapshotsFolder(pair),
  ].reduce<Fault[]>(withNews, []);

/** A known_hosts file, SSH's names and logs are one for all clusters, and operators and bridges reach all hosts. */
function sharedValues(
  [one, other]: Pair,
  setting: string,
  of: (node: Node) => readonly string[],
  judgedBy: readonly string[] = [],
  remedy = "",
): Fault[] {
  const owners = new Map(
    one.cluster.nodes.flatMap((node) => of(node).map((value) => [value, node] as const)),
  );
  return other.cluster.nodes.flatMap((node) =>
    [...new Set(of(node))].flatMap((value) => {
      const owner = owners.get(value);
      if (owner === undefined || value === "") return []; // another check reports an empty one
      const who = `${whose([owner], one.name)} and ${whose([node], other.name)} both`;
      return [
        {
          nodes: [node.hostname],
          setting,
          message: `${who} use ${value} as '${setting}'${remedy}`,
          judgedBy,
        },
      ];
    }),
  );
}

const addressesOf = (node: Node): string[] => [
  node.ipv4Address,
  ...guestInterfaces(node).flatMap(({ address }) => (address.kind === "static" ? address.ipv4Address : [])),
];

const macAddressesOf = ({ vm }: Node): string[] =>
  vm.networkInterfaces.flatMap(({ macAddress }) => macAddress ?? []);

const vmIds = (pair: Pair): Fault[] =>
  mayShareProxmox(pair) ? sharedValues(pair, "vmId", vmIdOf, [], ELSEWHERE) : [];

// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- another check reports a missing one
const vmIdOf = ({ vmId }: Node): string[] => (vmId === undefined ? [] : [String(vmId)]);

/** A template is a VM. Several clusters may clone the same one. */
function templates(pair: Pair): Fault[] {
  if (!mayShareProxmox(pair)) return [];
  const [one, other] = pair;
  return [...held(one, other), ...held(other, one)];
}

function held(owner: NamedCluster, cloning: NamedCluster): Fault[] {
  const ids = new Set(cloning.cluster.nodes.map(({ vm }) => vm.templateVmId));
  return owner.cluster.nodes
    .filter(({ vmId }) => ids.has(vmId))
    .map((node) => ({
      nodes: [node.hostname],
      setting: "vmId",
      message: `${whose([node], owner.name)} uses ${node.vmId} as 'vmId', which is the template of ${cloning.name}${ELSEWHERE}`,
    }));
}

function endpoint([one, other]: Pair): Fault[] {
  const { apiEndpoint } = other.cluster;
  if (apiEndpoint === "" || apiEndpoint !== one.cluster.apiEndpoint) return [];
  const message = `${one.name} and ${other.name} both use ${apiEndpoint} as 'apiEndpoint'; nodes would join the wrong cluster`;
  return [{ nodes: [], setting: "apiEndpoint", message, judgedBy: ["apiVip.address"] }];
}

/** K3s lists and removes what is in its folder of the bucket, whosever it is. */
function snapshotsFolder([one, other]: Pair): Fault[] {
  const [a, b] = [one, other].map(({ cluster }) => cluster.k3s.snapshots?.s3);
  if (a === undefined || b === undefined) return [];
  if (a.endpoint !== b.endpoint || a.bucket !== b.bucket || a.folder !== b.folder) return [];
  const where = [a.endpoint, a.bucket, ...(a.folder === undefined ? [] : [a.folder])].join("/");
  const message = `${one.name} and ${other.name} would both keep snapshots in ${where}; state another 'k3s.snapshots.s3.folder' for each`;
  return [{ nodes: [], setting: "k3s.snapshots.s3", message }];
}
