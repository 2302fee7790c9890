import { overlap, type Network } from "../config/address";
import { guestInterfaces, networkOf, type GuestInterface } from "../config/guest-network";
import type { Node } from "../config/model";

/** The host's further network interface of that name; a VLAN is one too. */
export const furtherInterface = (node: Node, name: string): GuestInterface | undefined =>
  guestInterfaces(node).find((each) => each.name === name);

/** Its address, if the model knows it. */
export const staticAddress = ({ address }: GuestInterface): string | undefined =>
  address.kind === "static" ? address.ipv4Address : undefined;

/** Whether addresses of the network are on its link. */
export function isOn(nic: GuestInterface, network: Network): boolean {
  const own = networkOf(nic);
  return own !== undefined && overlap(own, network);
}
