/** Addresses that a DHCP server would give to other hosts, although they are somebody's. */
import { includes, outsideFaults, overlaps, poolInWords } from "./address-pool";
import { ofTheApi } from "./api-vip";
import { formatValue, quoteAll, type Fault } from "./fault";
import { nodeName, type Cluster, type Node } from "./model";
import { whose, type NamedCluster, type Pair } from "./named-cluster";
import type { AddressPool } from "./settings";

const SETTING = "network.dhcpRange";

export function dhcpRangeFaults(cluster: Cluster): Fault[] {
  const { dhcpRange } = cluster.network;
  if (dhcpRange === undefined) return [];
  return [
    ...outsideFaults(cluster, SETTING, dhcpRange, ["network.nodeCidr"]),
    ...inside(cluster, dhcpRange).map((found) => ({
      ...blamed(found),
      sentence: outsideOf(dhcpRange, "", found),
    })),
  ];
}

/** Faults between two clusters of an app: one's addresses in the range that the other states. */
export function dhcpRangeFaultsBetween([one, other]: Pair): Fault[] {
  const [a, b] = [one.cluster.network.dhcpRange, other.cluster.network.dhcpRange];
  // Each is checked against its own already.
  if (a?.from === b?.from && a?.to === b?.to) return [];
  return [
    ...insideOther(other, one).map(({ found, message }) => ({ ...blamed(found), message })),
    // The newer cluster reports it, and what it states of it is the range.
    ...insideOther(one, other).map(({ message }) => ({
      nodes: [],
      setting: SETTING,
      message,
      judgedBy: [SETTING, "network.nodeCidr"],
    })),
  ];
}

function insideOther(
  owner: NamedCluster,
  { name, cluster }: NamedCluster,
): { readonly found: Inside; readonly message: string }[] {
  const { dhcpRange } = cluster.network;
  if (dhcpRange === undefined) return [];
  return inside(owner.cluster, dhcpRange).map((found) => {
    const whom = found.nodes.length === 0 ? owner.name : whose(found.nodes, owner.name);
    return { found, message: `'${found.setting}' of ${whom} ${outsideOf(dhcpRange, ` of ${name}`, found)}` };
  });
}

/** What is in a range, and should not. */
interface Inside {
  readonly setting: string;
  /** Whose setting it is; none if the cluster's. */
  readonly nodes: readonly Node[];
  readonly got: string;
}

const blamed = ({ setting, nodes }: Inside): Fault => ({
  nodes: nodes.map(nodeName),
  setting,
  judgedBy: [SETTING, "network.nodeCidr", "vmId"],
});

const outsideOf = (range: AddressPool, of: string, { got }: Inside): string =>
  `should be outside of '${SETTING}' ${poolInWords(range)}${of}, which a DHCP server gives away, got ${got}`;

function inside(cluster: Cluster, range: AddressPool): Inside[] {
  const { network, loadBalancer } = cluster;
  const single = (setting: string, address: string | undefined): Inside[] =>
    address !== undefined && includes(range, address)
      ? [{ setting, nodes: [], got: formatValue(address) }]
      : [];
  const hosts = staticHosts(cluster).filter(({ ipv4Address }) => includes(range, ipv4Address));
  const addresses = quoteAll(hosts.map(({ ipv4Address }) => ipv4Address));
  return [
    ...single("network.gateway", network.gateway),
    ...ofTheApi(cluster).flatMap(({ setting, address }) => single(setting, address)),
    ...(loadBalancer !== undefined && overlaps(range, loadBalancer.pool)
      ? [{ setting: "loadBalancer.pool", nodes: [], got: poolInWords(loadBalancer.pool) }]
      : []),
    ...(hosts.length > 0 ? [{ setting: "ipv4Address", nodes: hosts, got: addresses }] : []),
  ];
}

/** The others ask the DHCP server, which reserves their addresses: with some servers in its range, with others outside. */
const staticHosts = ({ network, nodes }: Cluster): Cluster["nodes"] =>
  network.gateway === undefined ? [] : nodes;
