import type * as z from "zod";
import { AddressPoolSchema } from "./address-pool";
import { anyCidr, ipv4Address, ipv4Cidr } from "./cidr";
import { group, list, integer, boolean } from "./kinds";
import { macAddress } from "./mac-address";

export const MacAddressBaseSchema = group(
  {
    /** VM ID of any VM. */
    vmId: integer(100, 999_999_999, { example: 134 }),
    /** MAC address of the VM with that ID. */
    macAddress: macAddress(),
  },
  { vmId: 134, macAddress: "BC:24:11:00:00:01" },
);

/** A MAC address from which the nodes' MAC addresses follow by VM ID. */
export interface MacAddressBase extends Readonly<z.input<typeof MacAddressBaseSchema>> {}

export const NetworkSchema = group(
  {
    /** Network of the nodes. */
    nodeCidr: ipv4Cidr("192.0.2.0/24"),
    /** Network of the pods; the default is K3s' own. @default "10.42.0.0/16" */
    podCidr: ipv4Cidr("10.42.0.0/16").default("10.42.0.0/16"),
    /** Network of the services; the default is K3s' own. @default "10.43.0.0/16" */
    serviceCidr: ipv4Cidr("10.43.0.0/16").default("10.43.0.0/16"),
    /**
     * Networks that may reach published ports, ping and, without `managementCidrs`, SSH and the API. A network of IPv6
     * reaches SSH and the API alone, since pods and services have IPv4, and is a fault beside `managementCidrs`.
     * @default - the node network
     */
    lanCidrs: list(anyCidr("192.0.2.0/24"), ["192.0.2.0/24"]).optional(),
    /** IPv4 or IPv6 networks that may reach SSH and the API instead of `lanCidrs`. @default - `lanCidrs` */
    managementCidrs: list(anyCidr("198.51.100.0/24"), ["198.51.100.0/24"]).optional(),
    /**
     * Networks, IPv4 or IPv6, in which the operators are. The firewall has to admit their SSH: settings by which it
     * would lock them out are refused. @default - has to be waived by `operatorNetworkWaived`
     */
    operatorCidrs: list(anyCidr("198.51.100.0/24"), ["198.51.100.0/24"]).optional(),
    /** Default gateway. @default - none: the hosts get address and gateway from DHCP */
    gateway: ipv4Address("192.0.2.1").optional(),
    /** Name servers; required with `gateway`. @default - from DHCP */
    nameservers: list(ipv4Address("9.9.9.9"), ["9.9.9.9"]).default([]),
    /**
     * Addresses of the node network that a DHCP server gives away. The gateway, the API's address and those of services must not be
     * among them, and with `gateway`, where no host asks a DHCP server, none of a node. @default - not known, and nothing is checked
     */
    dhcpRange: AddressPoolSchema.readonly().optional(),
    /** Set it instead of `operatorCidrs` if operators use only the node network and the VMs' consoles. @default false */
    operatorNetworkWaived: boolean().default(false),
    /** Base of the nodes' MAC addresses. @default - none: set `macAddress` of every node */
    macAddressBase: MacAddressBaseSchema.readonly().optional(),
  },
  { nodeCidr: "192.0.2.0/24", operatorCidrs: ["198.51.100.0/24"] },
);

/** Networks of the cluster, and which networks may reach it. */
export interface NetworkSettings extends Readonly<z.input<typeof NetworkSchema>> {}
