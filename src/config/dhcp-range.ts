/** Addresses that a DHCP server would give to other hosts, although they are somebody's. */
import { includes, outsideFaults, overlaps, poolInWords } from "./address-pool";
import { formatValue, quoteAll, type Fault } from "./fault";
import { nodeName, type Cluster } from "./model";
import type { AddressPool } from "./settings";

const SETTING = "network.dhcpRange";

export function dhcpRangeFaults(cluster: Cluster): Fault[] {
  const { dhcpRange } = cluster.network;
  if (dhcpRange === undefined) return [];
  return [
    ...outsideFaults(cluster, SETTING, dhcpRange, ["network.nodeCidr"]),
    ...givenAway(cluster, dhcpRange),
  ];
}

/** Faults between two clusters of an app: one's addresses in the range that the other states. */
export function dhcpRangeFaultsBetween(one: Cluster, other: Cluster): Fault[] {
  const [a, b] = [one.network.dhcpRange, other.network.dhcpRange];
  // Each is checked against its own already.
  if (a?.from === b?.from && a?.to === b?.to) return [];
  return [...givenAway(one, b, OF_OTHER), ...givenAway(other, a, OF_OTHER)];
}

const OF_OTHER = " of another cluster of this app";

/** @param of - whose range it is. @default - the cluster's own */
function givenAway(cluster: Cluster, range: AddressPool | undefined, of = ""): Fault[] {
  if (range === undefined) return [];
  const { network, apiVip, loadBalancer } = cluster;
  const fault = (setting: string, got: string, nodes: readonly string[] = []): Fault => ({
    nodes,
    setting,
    sentence: `should be outside of '${SETTING}' ${poolInWords(range)}${of}, which a DHCP server gives away, got ${got}`,
    judgedBy: [SETTING, "network.nodeCidr", "vmId"],
  });
  const single = (setting: string, address: string | undefined): Fault[] =>
    address !== undefined && includes(range, address) ? [fault(setting, formatValue(address))] : [];
  const hosts = staticHosts(cluster).filter(({ ipv4Address }) => includes(range, ipv4Address));
  const addresses = quoteAll(hosts.map(({ ipv4Address }) => ipv4Address));
  return [
    ...single("network.gateway", network.gateway),
    ...single("apiVip.address", apiVip?.address),
    ...(loadBalancer !== undefined && overlaps(range, loadBalancer.pool)
      ? [fault("loadBalancer.pool", poolInWords(loadBalancer.pool))]
      : []),
    ...(hosts.length > 0 ? [fault("ipv4Address", addresses, hosts.map(nodeName))] : []),
  ];
}

/** The others ask the DHCP server, which reserves their addresses: with some servers in its range, with others outside. */
const staticHosts = ({ network, nodes }: Cluster): Cluster["nodes"] =>
  network.gateway === undefined ? [] : nodes;
