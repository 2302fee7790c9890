import { ofFamily } from "../config/address";
import type { Networks } from "../config/model";

/** The policy's names of the networks in the setting `network`, one for each address family. */
export const NAMED_NETWORKS = ["lan", "lan by IPv6", "management", "management by IPv6"] as const;

export type NamedNetworks = (typeof NAMED_NETWORKS)[number];

/**
 * Who starts a connection: named networks, one network by its CIDR, or
 * - `nodes`, `servers`: the other ones, by IPv4 and MAC address; `nodes by IPv6` by MAC address only, since the model
 *   has no IPv6 addresses;
 * - `tunnel`: the other nodes and their pods, through flannel's device;
 * - `pods`: pods of the host itself. Pods of another host arrive with their node's address, so they count as `nodes`.
 *
 * A name without a family means IPv4, the only family of pods, services and nodes; `everyone` means both.
 */
export type Source =
  | NamedNetworks
  | "nodes"
  | "nodes by IPv6"
  | "servers"
  | "tunnel"
  | "pods"
  | "everyone"
  | `${string}/${number}`;

export const isNamed = (from: string): from is NamedNetworks =>
  (NAMED_NETWORKS as readonly string[]).includes(from);

/** Whether a source is outside of the cluster: networks matched by address, or everyone. */
export const isOutside = (from: string): boolean =>
  isNamed(from) || from === "everyone" || from.includes("/");

/** The networks of a source; none for a source that is matched otherwise. */
export function networksOf(from: string, { lanCidrs, managementCidrs = [] }: Networks): readonly string[] {
  switch (from) {
    case "lan":
      return ofFamily(4, lanCidrs);
    case "lan by IPv6":
      return ofFamily(6, lanCidrs);
    case "management":
      return ofFamily(4, managementCidrs);
    case "management by IPv6":
      return ofFamily(6, managementCidrs);
    default:
      return from.includes("/") ? [from] : [];
  }
}
