import { ofFamily } from "../config/address";
import type { Networks } from "../config/model";

/** Names of the policy for networks that `network` of the settings lists, one for each family. */
export const NAMED_NETWORKS = ["lan", "lan by IPv6", "management", "management by IPv6"] as const;

export type NamedNetworks = (typeof NAMED_NETWORKS)[number];

/**
 * Who starts a connection: named networks, one network by its CIDR, or
 * - `nodes`, `servers`: the other ones, by IPv4 address and MAC address; `nodes by IPv6` by MAC address alone, since
 *   the model does not know more;
 * - `tunnel`: the other nodes and their pods, by flannel's device;
 * - `pods`: those of the host itself. Pods of another host arrive with their node's address, so they are `nodes`.
 *
 * A name without a family is of IPv4, which is all that pods, services and nodes have; `everyone` is of both.
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

/** Whether it is networks that are told by their addresses, or everyone: not a part of the cluster. */
export const isOutside = (from: string): boolean =>
  isNamed(from) || from === "everyone" || from.includes("/");

/** The networks behind a source; none for those that are told by who they are. */
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
