import { contains, overlap, parseAddress, parseNetwork, type Network } from "../config/address";
import { formatValue, quoteAll, type Fault } from "../config/fault";
import { guestInterfaces, networkOf, type GuestInterface } from "../config/guest-network";
import type { Cluster, Node } from "../config/model";
import type { AllowedFlow } from "../config/settings";
import { includesHost } from "./flows";
import { furtherInterface, isOn, staticAddress } from "./further-interfaces";

/** A host with the interface over which a flow comes. */
interface End {
  readonly node: Node;
  readonly nic: GuestInterface;
}

/** Faults of the flows over further interfaces: those that nothing could ever use, or that would miss a node. */
export function overFaults({ firewall, nodes }: Cluster): Fault[] {
  return firewall.allow.flatMap((flow, index) => {
    if (flow.over === undefined) return [];
    const setting = `firewall.allow[${index}]`;
    const targets = nodes.filter((node) => includesHost(flow.to, node));
    if (targets.length === 0) return []; // a fault of `to`
    const ends = endsOf(targets, flow.over);
    if (ends.length === 0) return [withoutInterface(setting, flow.over, targets)];
    if (flow.from === "pods") return [fromPods(setting)];
    if (flow.from === "nodes") return unknownNodes(setting, flow.over, ends, endsOf(nodes, flow.over));
    return unreached(setting, flow, flow.over, ends);
  });
}

const endsOf = (nodes: readonly Node[], name: string): End[] =>
  nodes.flatMap((node) => {
    const nic = furtherInterface(node, name);
    return nic === undefined ? [] : [{ node, nic }];
  });

const fault = (setting: string, message: string): Fault => ({
  nodes: [],
  setting,
  message,
  judgedBy: ["vm.networkInterfaces"],
});

function withoutInterface(setting: string, over: string, targets: readonly Node[]): Fault {
  const names = [...new Set(targets.flatMap(guestInterfaces).map(({ name }) => name))];
  const expected =
    names.length === 0
      ? "left out: none of its hosts has a further network interface with a name"
      : `one of its hosts' further network interfaces, ${quoteAll(names)}, or left out for the node's own`;
  return fault(`${setting}.over`, `'${setting}.over' should be ${expected}, got ${formatValue(over)}`);
}

const fromPods = (setting: string): Fault =>
  fault(
    `${setting}.over`,
    `'${setting}.over' should be left out for pods: those of the host come over its bridge, and those of others have the address ` +
      "of their node; use 'from: \"nodes\"' for what they reach over this interface",
  );

/** Nodes are matched by their addresses there, in one network. */
function unknownNodes(setting: string, over: string, ends: readonly End[], all: readonly End[]): Fault[] {
  const first = all.find(({ nic }) => networkOf(nic) !== undefined);
  const network = first && networkOf(first.nic);
  return all.flatMap(({ node, nic }) => {
    if (ends.every((end) => end.node === node)) return []; // no host has the flow from this one
    const whose = `'${setting}' is from nodes over ${over}, but ${node.hostname}`;
    const address = staticAddress(nic);
    if (address === undefined)
      return [fault(setting, `${whose} has no static address there; state 'address: { network }' for it`)];
    const number = parseAddress(address);
    if (number === undefined || network === undefined || contains(network, number)) return [];
    const others = `${first?.node.hostname}'s ${network.cidr}`;
    return [
      fault(
        setting,
        `${whose} has ${address} there, outside of ${others}; interfaces of one name should be in one network`,
      ),
    ];
  });
}

/** Senders to whom no route leads over the interface count as forged. */
function unreached(setting: string, { from }: AllowedFlow, over: string, ends: readonly End[]): Fault[] {
  const source = parseNetwork(from);
  if (source === undefined) return [];
  const missing = ends.filter(({ nic }) => nic.address.kind !== "dhcp" && !reached(nic, source));
  if (missing.length === 0) return [];
  const whose = quoteAll(missing.map(({ node }) => node.hostname));
  return [
    fault(
      `${setting}.from`,
      `'${setting}.from' ${from} is not reached over ${over} of ${whose}, so that it counts as forged there; add a route to it, or leave out 'over'`,
    ),
  ];
}

const reached = (nic: GuestInterface, source: Network): boolean =>
  isOn(nic, source) ||
  nic.routes.some(({ to }) => {
    const network = parseNetwork(to);
    return network !== undefined && overlap(network, source);
  });
