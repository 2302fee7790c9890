import type * as z from "zod";
import { choice, group, matching, positive, integer, boolean } from "./kinds";
import { macAddress } from "./mac-address";
import { pveName } from "./pve-name";

/** Optional settings have no default here: the provider decides what you leave out. */
export const NetworkInterfaceSchema = group(
  {
    /** PVE bridge. */
    bridge: pveName("bridge", "vmbr0"),
    /** Only for the second interface and later: the first has the node's. @default - PVE generates one and keeps it */
    macAddress: macAddress().optional(),
    /** VLAN tag. @default - untagged */
    vlanId: integer(1, 4094, { example: 20 }).optional(),
    /** Model of the network card. @default - the provider's: "virtio" */
    model: choice("virtio", "e1000", "e1000e", "rtl8139", "vmxnet3").optional(),
    /** Enable PVE's firewall on this interface. @default - the provider's: false */
    firewall: boolean().optional(),
    /** MTU in bytes; 1 uses the bridge's. @default - PVE's */
    mtu: integer(1, 65_520, { unit: "bytes", example: 9000 }).optional(),
    /** Multiqueue: packet queues of a virtio interface. @default - one */
    queues: integer(0, 64, { example: 4 }).optional(),
    /** Rate limit in megabytes a second. @default - unlimited */
    rateLimitMBps: positive("megabytes a second", 12.5).optional(),
    /** VLANs that the interface trunks. @default - none */
    trunks: matching(/^\d+(;\d+)*$/, "VLANs such as 10;20", "10;20;30").optional(),
  },
  { bridge: "vmbr0" },
);

/** A network interface of a VM. The first is the node's: it has the node's MAC and IPv4 address. */
export interface NetworkInterfaceSettings extends Readonly<z.input<typeof NetworkInterfaceSchema>> {}
