import { parseAnyNetwork } from "../cluster/address";
import type { Source } from "../cluster/flows";
import type { Networks } from "../cluster/model";
import { elements } from "./elements";

/** A set of networks of one family. */
interface NetworkSet {
  readonly name: string;
  readonly family: 4 | 6;
  /** What they are. */
  readonly of: string;
  readonly elements: string;
}

/** How packets are told by whom they come from, for one cluster. */
export class Sources {
  /** The sets of networks that rules match by. */
  public readonly sets: readonly NetworkSet[];

  /** @param tunnel - flannel's device, where there is one */
  public constructor(
    { lanCidrs, managementCidrs, podCidr, serviceCidr }: Networks,
    private readonly tunnel: string | undefined,
  ) {
    const lan = setsOf("lan", "LAN networks", lanCidrs);
    this.sets = [
      // Of IPv6 the LAN reaches SSH and the API, unless these are for others.
      ...lan.filter(({ family }) => family === 4 || managementCidrs === undefined),
      ...setsOf("management", "networks for SSH and the API", managementCidrs ?? []),
      ...setsOf("pods", "pod network", [podCidr]),
      ...setsOf("cluster", "pod and service networks", [podCidr, serviceCidr]),
    ];
  }

  /** What a packet of that source matches: an expression for each family that there is, empty for everyone. */
  public matches(source: Source): string[] {
    switch (source) {
      case "lan":
      case "management":
        return this.sets
          .filter(({ name }) => name === `${source}4` || name === `${source}6`)
          .map(({ name, family }) => `${SADDR[family]} @${name}`);
      // A host of the LAN that forges a node's IPv4 address still lacks its MAC address.
      case "nodes":
      case "servers":
        return [`ip saddr . ether saddr @${source}4`];
      case "nodes by IPv6":
        return ["meta nfproto ipv6 ether saddr @node_macs"];
      case "tunnel":
        return this.tunnel === undefined ? [] : [`iifname "${this.tunnel}" ip saddr @pods4`];
      case "pods":
        return ['iifname "cni0" ip saddr @pods4'];
      case "everyone":
        return [""];
      default:
        return [`${SADDR[parseAnyNetwork(source)?.family ?? 4]} ${source}`];
    }
  }

  /** As `matches`, for what has IPv4 addresses only, as pods and services have. */
  public matches4(source: Source): string[] {
    return this.matches(source).filter((match) => match.includes(SADDR[4]));
  }
}

const SADDR = { 4: "ip saddr", 6: "ip6 saddr" } as const;

const setsOf = (name: string, of: string, cidrs: readonly string[]): NetworkSet[] =>
  ([4, 6] as const).flatMap((family) => {
    const own = cidrs.filter((cidr) => parseAnyNetwork(cidr)?.family === family);
    return own.length === 0 ? [] : [{ name: `${name}${family}`, of, family, elements: elements(own) }];
  });
