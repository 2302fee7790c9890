import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { counted } from "../base/markdown";
import type { ClusterJson } from "../render/cluster-json";
import { ok, problem, unknown, type Check } from "./check";

/** IPv4 addresses of a name, seen from here. Empty where it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export const resolveHere: Resolve = async (name) => {
  try {
    return (await lookup(name, { all: true, family: 4 })).map(({ address }) => address);
  } catch {
    return [];
  }
};

/** The API's name is what nodes join by. The hosts' names are for people: nothing needs them, and a wrong one misleads. */
export async function checkDns({ cluster, nodes }: ClusterJson, resolve: Resolve): Promise<Check> {
  const api = new URL(cluster.apiEndpoint).hostname;
  const isName = isIP(api.replace(/^\[|\]$/g, "")) === 0;
  if (isName && (await resolve(api)).length === 0)
    return problem(
      "DNS",
      `${api} of apiEndpoint has no address here`,
      "Add a record of it that the nodes can ask for: they join by that name.",
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
        .map(({ hostname, addresses, ipv4Address }) => `${hostname} is ${addresses[0]}, not ${ipv4Address}`)
        .join("; "),
      "Correct the record, or the node's ipv4Address in main.ts.",
    );
  const resolved = found.filter(({ addresses }) => addresses.length > 0).length;
  return ok("DNS", `${resolved} of ${counted(nodes.length, "hostname")} resolve; no program here needs them`);
}

/** Who gives the nodes their addresses. A DHCP server's reservations cannot be seen from here. */
export function checkAddresses({ cluster, nodes }: ClusterJson): Check {
  if (cluster.network.gateway !== undefined)
    return ok("Addresses", `static, by the gateway ${cluster.network.gateway}`);
  return unknown(
    "Addresses",
    `come from DHCP, since there is no gateway; its reservations cannot be seen from here`,
    `Reserve in your DHCP server ${nodes.length === 1 ? "the address of the node's MAC address" : `the addresses of ${nodes.length} MAC addresses`}: nix/README.md lists them.`,
  );
}
