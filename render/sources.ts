import { parseAnyNetwork } from "../cluster/address";
import type { Source } from "../cluster/flows";
import type { Networks } from "../cluster/model";

/** A set of networks, one family to a set. */
export interface NetworkSet {
  readonly name: string;
  readonly family: 4 | 6;
  readonly of: string;
  readonly cidrs: readonly string[];
}

/** The sets of networks that rules match by. */
export function networkSets({ lanCidrs, managementCidrs, podCidr, serviceCidr }: Networks): NetworkSet[] {
  const lan = setsOf("lan", "LAN networks", lanCidrs);
  return [
    // Of IPv6 the LAN reaches SSH and the API, unless these are for others.
    ...lan.filter(({ family }) => family === 4 || managementCidrs === undefined),
    ...setsOf("management", "networks for SSH and the API", managementCidrs ?? []),
    ...setsOf("pods", "pod network", [podCidr]),
    ...setsOf("cluster", "pod and service networks", [podCidr, serviceCidr]),
  ];
}

const setsOf = (name: string, of: string, cidrs: readonly string[]): NetworkSet[] =>
  ([4, 6] as const)
    .map((family) => ({ name: `${name}${family}`, of, family, cidrs: cidrs.filter(isOf(family)) }))
    .filter((set) => set.cidrs.length > 0);

const isOf =
  (family: 4 | 6) =>
  (cidr: string): boolean =>
    parseAnyNetwork(cidr)?.family === family;

/** What a packet of that source matches: an expression for each family that there is, empty for everyone. */
export function matches(source: Source, network: Networks): string[] {
  switch (source) {
    case "lan":
    case "management":
      return networkSets(network)
        .filter(({ name }) => name === `${source}4` || name === `${source}6`)
        .map(({ name, family }) => `${saddr(family)} @${name}`);
    // Of a node's two addresses a host of the LAN that forges one still lacks the other.
    case "nodes":
      return ["ip saddr . ether saddr @nodes4"];
    case "servers":
      return ["ip saddr . ether saddr @servers4"];
    case "nodes by IPv6":
      return ["meta nfproto ipv6 ether saddr @node_macs"];
    case "pods":
      return ['iifname "cni0" ip saddr @pods4'];
    case "everyone":
      return [""];
    default:
      return [`${saddr(parseAnyNetwork(source)?.family)} ${source}`];
  }
}

const saddr = (family: 4 | 6 | undefined): string => (family === 6 ? "ip6 saddr" : "ip saddr");
