import type * as z from "zod";
import { describeActual } from "../fault";
import { ipv4Address, ipv4Cidr } from "./cidr";
import { boolean, checkedText, choice, group, integer, list, matching, oneOf, positive } from "./kinds";
import { macAddress } from "./mac-address";
import { pveName } from "./pve-name";

/** The kernel's limit is 15 characters. A dot would separate the parts of a sysctl's name. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,14}$/;

/**
 * Names of the kernel, of K3s and flannel, and of systemd's own naming, and those on which NixOS never runs its DHCP client
 * (nixos/modules/services/networking/dhcpcd.nix, `denyinterfaces`).
 */
const TAKEN = [
  /^(lo|all|default|cni0|nodelocaldns)$/,
  /^(flannel|kube-|veth|wg)/,
  /^(eth|ens|enp|eno|enx)/,
  /^(peth|vif|tap|tun|virbr|vnet|vboxnet|sit)/,
];

const WISH =
  "a name such as storage0: at most 15 letters, digits, - and _, and none that the kernel, K3s or NixOS uses";

const interfaceName = (example: string) =>
  checkedText(
    (name) =>
      NAME.test(name) && !TAKEN.some((pattern) => pattern.test(name))
        ? undefined
        : `should be ${WISH}${describeActual(name)}`,
    WISH,
    example,
  ).meta({ pattern: NAME.source });

export const InterfaceNetworkSchema = group(
  {
    /** IPv4 network to which the interface is connected. */
    network: ipv4Cidr("198.18.0.0/24"),
    /** Address of the host in it. @default - the address in `network` whose host number is the VM ID */
    ipv4Address: ipv4Address("198.18.0.136").optional(),
  },
  { network: "198.18.0.0/24" },
);

/** Network and static address of an interface. */
export interface InterfaceNetworkSettings extends Readonly<z.input<typeof InterfaceNetworkSchema>> {}

export const RouteSchema = group(
  {
    /** IPv4 network that is reached through the router. */
    to: ipv4Cidr("198.51.100.0/24"),
    /** Router, in the network of the interface. */
    via: ipv4Address("198.18.0.1"),
  },
  { to: "198.51.100.0/24", via: "198.18.0.1" },
);

/** A network behind a router. */
export interface RouteSettings extends Readonly<z.input<typeof RouteSchema>> {}

const ADDRESS_WISH = `"dhcp", "none", or a group such as { network: "198.18.0.0/24" }`;

const address = () =>
  oneOf(choice("dhcp", "none"), InterfaceNetworkSchema.readonly(), ADDRESS_WISH, {
    network: "198.18.0.0/24",
  });

const routes = () => list(RouteSchema.readonly(), [{ to: "198.51.100.0/24", via: "198.18.0.1" }]);

export const VlanSchema = group(
  {
    /** VLAN ID. */
    id: integer(1, 4094, { example: 30 }),
    /** Name of the VLAN's interface in the host. */
    name: interfaceName("backup0"),
    /** Its address, as that of a network interface. @default - "none" */
    address: address().optional(),
    /** Routes through routers in its network. @default - none */
    routes: routes().optional(),
  },
  { id: 30, name: "backup0" },
);

/** A VLAN that the host itself tags. */
export interface VlanSettings extends Readonly<z.input<typeof VlanSchema>> {}

/** Optional settings have no default here: the provider decides what you leave out. */
export const NetworkInterfaceSchema = group(
  {
    /** PVE bridge. */
    bridge: pveName("bridge", "vmbr0"),
    /**
     * Only for the second interface and later: the first has the node's.
     * @default - derived from the node's and the position in the list if there is a `name`, else PVE generates one and keeps it
     */
    macAddress: macAddress().optional(),
    /** VLAN tag. @default - untagged */
    vlanId: integer(1, 4094, { example: 20 }).optional(),
    /** Model of the network card. @default - the provider's: "virtio" */
    model: choice("virtio", "e1000", "e1000e", "rtl8139", "vmxnet3").optional(),
    /** Enable PVE's firewall on this interface. @default - the provider's: false */
    firewall: boolean().optional(),
    /** MTU in bytes; 1 uses the bridge's. With a `name`, the host sets it too. @default - PVE's */
    mtu: integer(1, 65_520, { unit: "bytes", example: 9000 }).optional(),
    /** Multiqueue: packet queues of a virtio interface. @default - one */
    queues: integer(0, 64, { example: 4 }).optional(),
    /** Rate limit in megabytes a second. @default - unlimited */
    rateLimitMBps: positive("megabytes a second", 12.5).optional(),
    /** VLANs that the interface trunks. @default - none */
    trunks: matching(/^\d+(;\d+)*$/, "VLANs such as 10;20", "10;20;30").optional(),
    /**
     * Name that the host gives the interface, which it finds by the MAC address. Only for the second interface and later: the
     * first gets `nixos.networkInterface`. @default - none: the host does not use the interface
     */
    name: interfaceName("storage0").optional(),
    /**
     * `"dhcp"`, `"none"`, or the network and the address in it. DHCP gives no default route and no name servers here: they
     * are the node interface's. @default - "none": the interface is up and has no address
     */
    address: address().optional(),
    /** Routes through routers in the interface's network. @default - none */
    routes: routes().optional(),
    /** VLANs that the host tags on the interface. @default - none */
    vlans: list(VlanSchema.readonly(), [{ id: 30, name: "backup0" }]).optional(),
  },
  { bridge: "vmbr0" },
);

/** A network interface of a VM. The first is the node's: it has the node's MAC and IPv4 address. */
export interface NetworkInterfaceSettings extends Readonly<z.input<typeof NetworkInterfaceSchema>> {}
