/** Addresses in the node network that are for something: a host must not get them otherwise. */
import { contains, parseAddress, parseNetwork } from "./address";
import { quoteAll } from "./fault";
import type { Cluster } from "./model";

/** Whether a host may have the address in the node network. `true` where either is a fault of its own. */
export function isHostAddress({ network }: Pick<Cluster, "network">, text: string): boolean {
  const [own, address] = [parseNetwork(network.nodeCidr), parseAddress(text)];
  if (own === undefined || address === undefined) return true;
  return contains(own, address) && address !== own.first && address !== own.last;
}

/** An address that somebody has. */
export interface Taken {
  readonly address: string;
  /** `the gateway`, `the address of 'hamal'` */
  readonly whose: string;
}

/** The addresses that the gateway and nodes have. */
export const takenAddresses = ({ network, nodes }: Pick<Cluster, "network" | "nodes">): Taken[] => [
  ...(network.gateway === undefined ? [] : [{ address: network.gateway, whose: "the gateway" }]),
  ...nodeAddresses({ nodes }),
];

export const nodeAddresses = ({ nodes }: Pick<Cluster, "nodes">): Taken[] =>
  nodes.map(({ ipv4Address, hostname }) => ({
    address: ipv4Address,
    whose: `the address of ${quoteAll([hostname])}`,
  }));
