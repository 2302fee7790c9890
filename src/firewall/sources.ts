import { parseAnyNetwork, ofFamily } from "../config/address";
import type { Source } from "./flow-sources";
import type { Networks } from "../config/model";
import { elements } from "./elements";

/** An nft set of networks of one family. */
interface NetworkSet {
  readonly name: string;
  readonly family: 4 | 6;
  /** Comment of the set. */
  readonly of: string;
  readonly elements: string;
}

/** How the rules of one cluster match sources. */
export class Sources {
  /** The sets of networks that rules match by. */
  public readonly sets: readonly NetworkSet[];

  /** @param tunnel - flannel's tunnel device, if the backend has one */
  public constructor(
    { lanCidrs, managementCidrs, podCidr, serviceCidr }: Networks,
    private readonly tunnel: string | undefined,
  ) {
    this.sets = [
      ...setsOf("lan", "LAN networks", lanCidrs),
      ...setsOf("management", "networks for SSH and the API", managementCidrs ?? []),
      ...setsOf("pods", "pod network", [podCidr]),
      ...setsOf("cluster", "pod and service networks", [podCidr, serviceCidr]),
    ];
  }

  /**
   * The nft expression that matches a source; empty for everyone.
   *
   * @param over - the further interface by which it comes. @default - the node's
   */
  public match(source: Source, over?: string): string {
    switch (source) {
      case "lan":
      case "management":
        return `ip saddr @${source}4`;
      case "lan by IPv6":
        return "ip6 saddr @lan6";
      case "management by IPv6":
        return "ip6 saddr @management6";
      // A host of the LAN that forges a node's IPv4 address still lacks its MAC address.
      case "nodes":
      case "servers":
        return `ip saddr . ether saddr @${source}4${over === undefined ? "" : `_over_${over}`}`;
      case "nodes by IPv6":
        return "meta nfproto ipv6 ether saddr @node_macs";
      case "tunnel":
        return `iifname "${this.tunnel}" ip saddr @pods4`;
      case "pods":
        return 'iifname "cni0" ip saddr @pods4';
      case "everyone":
        return "";
      default:
        return `${parseAnyNetwork(source)?.family === 6 ? "ip6" : "ip"} saddr ${source}`;
    }
  }
}

const setsOf = (name: string, of: string, cidrs: readonly string[]): NetworkSet[] =>
  ([4, 6] as const).flatMap((family) => {
    const own = ofFamily(family, cidrs);
    return own.length === 0 ? [] : [{ name: `${name}${family}`, of, family, elements: elements(own) }];
  });
