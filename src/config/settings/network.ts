import type * as z from "zod";
import { anyCidr, ipv4Address, ipv4Cidr } from "./cidr";
import { group, list, whole, yesOrNo } from "./kinds";
import { macAddress } from "./mac-address";

export const MacAddressBaseSchema = group(
  {
    /** A VM ID. */
    vmId: whole(100, 999_999_999, { example: 134 }),
    /** MAC address of the VM with that ID. */
    macAddress: macAddress(),
  },
  { vmId: 134, macAddress: "BC:24:11:00:00:01" },
);

/** One MAC address from which the others are counted by VM ID. */
export interface MacAddressBase extends Readonly<z.input<typeof MacAddressBaseSchema>> {}

export const NetworkSchema = group(
  {
    /** Network in which the nodes are. */
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
    /** Networks, IPv4 or IPv6, that may reach SSH and the API in place of `lanCidrs`. @default - none apart */
    managementCidrs: list(anyCidr("198.51.100.0/24"), ["198.51.100.0/24"]).optional(),
    /**
     * Networks, IPv4 or IPv6, in which the operators are. The firewall has to admit their SSH: settings by which it
     * would lock them out are refused. @default - has to be waived by `operatorNetworkWaived`
     */
    operatorCidrs: list(anyCidr("198.51.100.0/24"), ["198.51.100.0/24"]).optional(),
    /** Default gateway. @default - none: the hosts take address and gateway from DHCP */
    gateway: ipv4Address("192.0.2.1").optional(),
    /** Name servers; needed with a gateway. @default - from DHCP */
    nameservers: list(ipv4Address("9.9.9.9"), ["9.9.9.9"]).default([]),
    /** Operators have no network to be guarded: the node network and the VMs' consoles are theirs. @default false */
    operatorNetworkWaived: yesOrNo().default(false),
    /** MAC addresses of the nodes. @default - every node states its MAC address */
    macAddressBase: MacAddressBaseSchema.readonly().optional(),
  },
  { nodeCidr: "192.0.2.0/24", operatorCidrs: ["198.51.100.0/24"] },
);

/** Networks, and who may reach what from where. */
export interface NetworkSettings extends Readonly<z.input<typeof NetworkSchema>> {}
