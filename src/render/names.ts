import { parseAddress } from "../config/address";
import { poolInWords } from "../config/address-pool";
import { servers, type Cluster } from "../config/model";
import { endpointHost } from "../config/network";
import { fill } from "./templates";

/** File name in the folder of the hosts. */
export const NAMES = "names.md";

interface DnsRecord {
  readonly name: string;
  /** As a zone has it: a hostname relative to the zone, and a name with a domain absolute. */
  readonly zoneName: string;
  readonly ipv4Address: string;
}

/** Renders `names.md`: the nodes as DHCP reservations and DNS records. */
export function renderNames(cluster: Cluster): string {
  const { nodes, network } = cluster;
  const host = endpointHost(cluster.apiEndpoint) ?? "";
  const isNode = nodes.some(({ hostname }) => hostname === host);
  const endpoint = host === "" || isNode || parseAddress(host) !== undefined ? undefined : host;
  const ofNodes = nodes.map(({ hostname, ipv4Address }) => record(hostname, ipv4Address));
  const ofEndpoint =
    endpoint === undefined ? [] : servers(cluster).map(({ ipv4Address }) => record(endpoint, ipv4Address));
  const reservations = nodes.map(({ macAddress, ipv4Address, hostname }) => ({
    "hw-address": macAddress.toLowerCase(),
    "ip-address": ipv4Address,
    hostname,
  }));
  return fill(NAMES, {
    dhcp: network.gateway === undefined,
    nodeCidr: network.nodeCidr,
    dhcpRange: network.dhcpRange === undefined ? "" : poolInWords(network.dhcpRange),
    nodes,
    kea: JSON.stringify({ reservations }, null, 2),
    endpoint: endpoint ?? "",
    apiVip: cluster.apiVip?.address ?? "",
    pool: cluster.loadBalancer === undefined ? "" : poolInWords(cluster.loadBalancer.pool),
    records: [...ofNodes, ...ofEndpoint],
  });
}

const record = (name: string, ipv4Address: string): DnsRecord => ({
  name,
  zoneName: name.includes(".") ? `${name}.` : name,
  ipv4Address,
});
