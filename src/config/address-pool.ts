/** A range of addresses, such as what a load balancer or a DHCP server gives away. */
import { parseAddress } from "./address";
import type { Fault } from "./fault";
import type { Cluster } from "./model";
import { isHostAddress } from "./reserved";
import type { AddressPool } from "./settings";

/** `172.22.0.200 to 172.22.0.219` */
export const poolInWords = ({ from, to }: AddressPool): string => (from === to ? from : `${from} to ${to}`);

export function includes({ from, to }: AddressPool, text: string): boolean {
  const [first, last, address] = [from, to, text].map(parseAddress);
  if (first === undefined || last === undefined || address === undefined) return false;
  return first <= address && address <= last;
}

export const overlaps = (one: AddressPool, other: AddressPool): boolean =>
  includes(one, other.from) || includes(other, one.from);

/** Faults of a pool that is not in the node network. @param setting - that states the pool */
export const outsideFaults = (
  cluster: Cluster,
  setting: string,
  pool: AddressPool,
  judgedBy: readonly string[],
): Fault[] =>
  (["from", "to"] as const)
    .filter((end) => !isHostAddress(cluster, pool[end]))
    .map((end) => ({
      nodes: [],
      setting: `${setting}.${end}`,
      sentence: `should be a host's address in the node network ${cluster.network.nodeCidr}, got '${pool[end]}'`,
      judgedBy,
    }));
