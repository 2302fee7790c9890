/** Networks of a host beside the node network: interfaces of its VM that it knows by name, and VLANs on them. */
import {
  canonicalMac,
  contains,
  coversNetwork,
  derivedAddress,
  furtherMacAddress,
  overlap,
  parseAddress,
  parseAnyNetwork,
  parseNetwork,
  type Network,
} from "./address";
import type { Faults } from "./fault";
import type { Networks, Node } from "./model";
import type { NetworkInterfaceSettings, RouteSettings, VlanSettings } from "./settings";

/** How an interface gets its IPv4 address. */
export type GuestAddress =
  | { readonly kind: "dhcp" | "none" }
  | { readonly kind: "static"; readonly network: string; readonly ipv4Address: string };

/** An interface of a host, other than the node's own. */
export interface GuestInterface {
  /** Name in the host. */
  readonly name: string;
  /** A VLAN has its parent's. */
  readonly macAddress: string;
  readonly address: GuestAddress;
  readonly routes: readonly RouteSettings[];
  /** In bytes. A VLAN has its parent's. @default - the device's */
  readonly mtu?: number;
  /** Name of the interface that carries the VLAN. @default - not a VLAN */
  readonly parent?: string;
  /** ID of the VLAN. @default - not a VLAN */
  readonly vlanId?: number;
}

/** The host's interfaces beside its first one, each before its VLANs. */
export const guestInterfaces = (node: Pick<Node, "vm">): GuestInterface[] =>
  stated(node).map(({ nic }) => nic);

/** An interface, and its setting. */
interface Stated {
  readonly setting: string;
  readonly nic: GuestInterface;
}

function stated({ vm }: Pick<Node, "vm">): Stated[] {
  return vm.networkInterfaces.flatMap(({ name, macAddress = "", mtu, address, routes, vlans }, index) => {
    // The first interface is the node's.
    if (index === 0 || name === undefined) return [];
    const setting = `networkInterfaces[${index}]`;
    // 1 stands for the bridge's, which only Proxmox VE knows; a virtio interface tells the guest.
    const device = { macAddress, ...(mtu === undefined || mtu === 1 ? {} : { mtu }) };
    return [
      { setting, nic: { name, ...device, address: guestAddress(address), routes: routes ?? [] } },
      ...(vlans ?? []).map((vlan, number) => ({
        setting: `${setting}.vlans[${number}]`,
        nic: {
          name: vlan.name,
          ...device,
          address: guestAddress(vlan.address),
          routes: vlan.routes ?? [],
          parent: name,
          vlanId: vlan.id,
        },
      })),
    ];
  });
}

function guestAddress(address: NetworkInterfaceSettings["address"] = "none"): GuestAddress {
  if (typeof address === "string") return { kind: address };
  return { kind: "static", network: address.network, ipv4Address: address.ipv4Address ?? "" };
}

/** The VM's interfaces with their MAC addresses, as far as the model knows them, and with their static addresses. */
export function resolveInterfaces(
  interfaces: readonly NetworkInterfaceSettings[],
  { vmId, macAddress }: Pick<Node, "vmId" | "macAddress">,
): NetworkInterfaceSettings[] {
  return interfaces.map((nic, index) => ({
    ...withAddress(nic, vmId),
    macAddress: index === 0 ? macAddress : macAddressOf(nic, macAddress, index),
    vlans: nic.vlans?.map((vlan) => withAddress(vlan, vmId)),
  }));
}

/** PVE stores MAC addresses in upper case, and the provider compares them letter by letter. */
function macAddressOf(nic: NetworkInterfaceSettings, node: string, index: number): string | undefined {
  if (nic.macAddress !== undefined) return canonicalMac(nic.macAddress);
  return nic.name === undefined ? undefined : furtherMacAddress(node, index);
}

function withAddress<T extends NetworkInterfaceSettings | VlanSettings>(nic: T, vmId: number): T {
  const { address } = nic;
  if (typeof address !== "object") return nic;
  const { network, ipv4Address = derivedAddress(network, vmId) } = address;
  return { ...nic, address: { network, ipv4Address } };
}

/** Checks a node's further interfaces; the schema checks each setting alone. */
export function checkGuestNetwork(node: Node, networks: Networks, faults: Faults): void {
  checkNeeds(node, faults);
  const all = stated(node);
  checkNames(node, all, faults);
  checkMacAddresses(node, faults);
  checkVlanIds(node, faults);
  for (const each of all) checkAddress(each, node, faults);
  checkApart(all, networks, faults);
  const seen = new Map<string, string>();
  for (const each of all) checkRoutes(each, all, networks, seen, faults);
}

const ONLY_NAMED = ["address", "routes", "vlans"] as const;

function checkNeeds({ vm }: Node, faults: Faults): void {
  vm.networkInterfaces.forEach((nic, index) => {
    const setting = `networkInterfaces[${index}]`;
    if (index === 0) {
      for (const key of ["name", ...ONLY_NAMED] as const)
        if (nic[key] !== undefined) faults.add(`${setting}.${key}`, OF_THE_NODE[key]);
    } else if (nic.name === undefined) {
      for (const key of ONLY_NAMED)
        if (nic[key] !== undefined)
          faults.add(`${setting}.${key}`, "needs 'name', the interface's name in the host");
    }
  });
}

const OF_THE_NODE = {
  name: "should be left out; set 'nixos.networkInterface' instead, which the first interface gets",
  address: "should be left out; the first interface has the node's 'ipv4Address'",
  routes: "should be left out; the first interface has the default route",
  vlans: "should be left out; state them on a further interface, since the first is the node's",
};

function checkNames({ nixos }: Node, all: readonly Stated[], faults: Faults): void {
  const seen = new Map([[nixos.networkInterface, "nixos.networkInterface"]]);
  for (const { setting, nic } of all) {
    const other = seen.get(nic.name);
    if (other !== undefined) faults.add(`${setting}.name`, `is ${nic.name}, as '${other}'`);
    else seen.set(nic.name, `${setting}.name`);
  }
}

/** The node's own is compared with those of the other nodes. */
function checkMacAddresses({ vm }: Node, faults: Faults): void {
  const seen = new Map<string, number>();
  vm.networkInterfaces.forEach(({ macAddress = "" }, index) => {
    if (macAddress === "") return;
    const other = seen.get(macAddress);
    if (other === undefined) seen.set(macAddress, index);
    else
      faults.add(
        `networkInterfaces[${index}].macAddress`,
        `is ${macAddress}, as that of 'networkInterfaces[${other}]'; state another`,
      );
  });
}

function checkVlanIds({ vm }: Node, faults: Faults): void {
  vm.networkInterfaces.forEach(({ vlans = [], trunks }, index) => {
    const seen = new Set<number>();
    vlans.forEach(({ id }, number) => {
      const setting = `networkInterfaces[${index}].vlans[${number}].id`;
      if (seen.has(id)) faults.add(setting, `is ${id}, as that of another VLAN on the interface`);
      seen.add(id);
      if (trunks !== undefined && !trunks.split(";").includes(String(id)))
        faults.addInvalid(setting, `one of the 'trunks' that the interface lets through, ${trunks}`, id);
    });
  });
}

function checkAddress({ setting, nic: { address } }: Stated, { vmId }: Node, faults: Faults): void {
  if (address.kind !== "static") return;
  const network = parseNetwork(address.network);
  if (network === undefined) return; // the schema reports it
  const where = `${setting}.address.ipv4Address`;
  if (address.ipv4Address === "")
    return faults.add(where, `must be set: VM ID ${vmId} is not a host number in ${network.cidr}`, ["vmId"]);
  const own = parseAddress(address.ipv4Address);
  if (own === undefined) return;
  if (!contains(network, own))
    faults.addInvalid(where, `in the interface's network ${network.cidr}`, address.ipv4Address);
  else if (own === network.first)
    faults.add(where, `is the network address of ${network.cidr}, ${address.ipv4Address}`);
  else if (own === network.last)
    faults.add(where, `is the broadcast address of ${network.cidr}, ${address.ipv4Address}`);
}

/** The interface's network, if the model knows it. */
export const networkOf = ({ address }: GuestInterface): Network | undefined =>
  address.kind === "static" ? parseNetwork(address.network) : undefined;

/** A network on two interfaces would be reached by one of them only, and that of nodes, pods or services by the wrong one. */
function checkApart(all: readonly Stated[], networks: Networks, faults: Faults): void {
  const taken = (["nodeCidr", "podCidr", "serviceCidr"] as const).map((key) => ({
    setting: `network.${key}`,
    network: parseNetwork(networks[key]),
  }));
  for (const { setting, nic } of all) {
    const network = networkOf(nic);
    if (network === undefined) continue;
    const where = `${setting}.address.network`;
    for (const other of taken) {
      if (other.network !== undefined && overlap(other.network, network))
        faults.add(where, `${network.cidr} overlaps '${other.setting}' ${other.network.cidr}`, [
          other.setting,
        ]);
    }
    taken.push({ setting: where, network });
  }
}

/** @param seen - setting of each route's network */
function checkRoutes(
  { setting, nic }: Stated,
  all: readonly Stated[],
  networks: Networks,
  seen: Map<string, string>,
  faults: Faults,
): void {
  if (nic.routes.length > 0 && nic.address.kind !== "static")
    return faults.add(
      `${setting}.routes`,
      "should be left out: a router needs an address with a 'network' on the interface, and with DHCP the server sends the routes",
    );
  nic.routes.forEach((route, index) => {
    const where = `${setting}.routes[${index}]`;
    checkRouter(`${where}.via`, route.via, nic, faults);
    const to = parseNetwork(route.to);
    if (to === undefined) return;
    const other = seen.get(to.cidr);
    if (other !== undefined) faults.add(`${where}.to`, `is ${to.cidr}, to which '${other}' is a route too`);
    else seen.set(to.cidr, where);
    checkTarget(`${where}.to`, to, all, networks, faults);
  });
}

function checkRouter(setting: string, via: string, nic: GuestInterface, faults: Faults): void {
  const network = networkOf(nic);
  const router = parseAddress(via);
  if (network === undefined || router === undefined) return;
  const isHost = contains(network, router) && router !== network.first && router !== network.last;
  if (!isHost) faults.addInvalid(setting, `a router in the interface's network ${network.cidr}`, via);
  else if (nic.address.kind === "static" && via === nic.address.ipv4Address)
    faults.add(setting, `is ${via}, the interface's own address`);
}

function checkTarget(
  setting: string,
  to: Network,
  all: readonly Stated[],
  networks: Networks,
  faults: Faults,
): void {
  if (to.prefixLength === 0)
    return faults.add(setting, "should not be the default route, which the node's interface has");
  const kept = keptNetworks(networks).find(({ network }) => overlap(network, to));
  if (kept !== undefined)
    return faults.add(
      setting,
      `${to.cidr} overlaps '${kept.setting}' ${kept.network.cidr}, which the node's interface has to reach`,
      [kept.setting],
    );
  const connected = all.find(({ nic }) => {
    const network = networkOf(nic);
    return network !== undefined && coversNetwork([network], to);
  });
  if (connected !== undefined)
    faults.add(setting, `${to.cidr} is in the network of '${connected.setting}', which needs no route`);
}

/** Networks that are reached by the node's interface: a route elsewhere would lock operators out, or part nodes and pods. */
function keptNetworks(networks: Networks): { setting: string; network: Network }[] {
  const { nodeCidr, podCidr, serviceCidr, operatorCidrs, managementCidrs = [], lanCidrs } = networks;
  return Object.entries({
    nodeCidr: [nodeCidr],
    podCidr: [podCidr],
    serviceCidr: [serviceCidr],
    operatorCidrs,
    managementCidrs,
    lanCidrs,
  }).flatMap(([key, cidrs]) =>
    cidrs.flatMap((cidr) => {
      const network = parseAnyNetwork(cidr);
      return network === undefined ? [] : [{ setting: `network.${key}`, network }];
    }),
  );
}
