import type * as z from "zod";
import { ipv4Address } from "./cidr";
import { group, integer } from "./kinds";
import { nodeInterface } from "./node-interface";

export const ApiVipSchema = group(
  {
    /** An address of the node network that nothing else has, and that no DHCP server gives away. */
    address: ipv4Address("192.0.2.30"),
    /** Interface of every server that carries the node network. @default - the server's `nixos.networkInterface` */
    interface: nodeInterface("br0").optional(),
    /**
     * VRRP's number for the address, which no other use of VRRP in the node network may have.
     * @default - the last byte of the address; 255 if that is 0
     */
    routerId: integer(1, 255, { example: 30 }).optional(),
  },
  { address: "192.0.2.30" },
);

/** An address of the API that one of the servers holds, and another takes over. */
export interface ApiVipSettings extends Readonly<z.input<typeof ApiVipSchema>> {}
