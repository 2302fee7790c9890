import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { counted } from "../base/markdown";
import { poolInWords } from "../config/address-pool";
import type { ClusterJson } from "../render/cluster-json";
import { ok, problem, unknown, type Check } from "./check";

/** Resolves a name to IPv4 addresses, on this machine. Empty if it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export const resolveHere: Resolve = async (name) => {
  try {
    return (await lookup(name, { all: true, family: 4 })).map(({ address }) => address);
  } catch {
    return [];
  }
};

/** Nodes join by the API's name. Hostnames need not resolve, but a wrong address misleads people. */
export async function checkDns({ cluster, nodes }: ClusterJson, resolve: Resolve): Promise<Check> {
  const api = new URL(cluster.apiEndpoint).hostname;
  const isName = isIP(api.replace(/^\[|\]$/g, "")) === 0;
  if (isName && (await resolve(api)).length === 0)
    return problem(
      "DNS",
      `${api} (apiEndpoint) does not resolve on this machine`,
      "Add a DNS record that the nodes can resolve: they join by that name.",
    );
  const found = await Promise.all(
    nodes.map(async ({ hostname, ipv4Address }) => ({
      hostname,
      ipv4Address,
      addresses: await resolve(hostname),
    })),
  );
  const wrong = found.filter(
    ({ addresses, ipv4Address }) => addresses.length > 0 && !addresses.includes(ipv4Address),
  );
  if (wrong.length > 0)
    return problem(
      "DNS",
      wrong
        .map(
          ({ hostname, addresses, ipv4Address }) =>
            `${hostname} resolves to ${addresses[0]}, not to ${ipv4Address}`,
        )
        .join("; "),
      "Correct the DNS record, or the node's ipv4Address in main.ts.",
    );
  const resolved = found.filter(({ addresses }) => addresses.length > 0).length;
  return ok("DNS", `${resolved} of ${counted(nodes.length, "hostname")} resolve; none has to`);
}

const ofDhcp = ({ dhcpRange }: ClusterJson["cluster"]["network"]): string =>
  dhcpRange === undefined
    ? "and network.dhcpRange does not say what a DHCP server gives away there"
    : `outside of what a DHCP server gives away, ${poolInWords(dhcpRange)}`;

/** How the nodes get their addresses. The reservations of a DHCP server cannot be checked from this machine. @param hosts - folder of the hosts */
export function checkAddresses({ cluster, nodes }: ClusterJson, hosts: string): Check {
  if (cluster.network.gateway !== undefined)
    return ok("Addresses", `static, with the gateway ${cluster.network.gateway}, ${ofDhcp(cluster.network)}`);
  return unknown(
    "Addresses",
    "come from DHCP, since network.gateway is not set; its reservations cannot be checked from this machine",
    `In your DHCP server, reserve ${nodes.length === 1 ? "an address for the node's MAC address" : `addresses for ${nodes.length} MAC addresses`}: ${hosts}/README.md lists them.`,
  );
}
