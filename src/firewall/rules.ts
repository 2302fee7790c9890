import type { Source } from "./flow-sources";
import type { Flow, PodFlow, PortFlow, ProtocolFlow } from "./flows";
import { portElements, range } from "./elements";
import { comment } from "../base/escape";
import { parseAnyNetwork } from "../config/address";
import type { Sources } from "./sources";

/** Ports that one rule allows. */
export interface PortSet {
  readonly name: string;
  readonly ports: string;
  /** Any of its flows: they differ only in ports and reason. */
  readonly flow: PortFlow;
}

/** Flows with the same source and protocol share a port set and a rule. Flows of `firewall.allow`, and from a CIDR, have a rule each. */
export function portSets(flows: readonly PortFlow[]): PortSet[] {
  const byName = new Map<string, PortFlow[]>();
  for (const flow of flows) {
    if (flow.servedBy === "either" || flow.from.includes("/")) continue;
    const name = `${flow.servedBy === "service" ? "published" : SHORT[flow.from]}_${flow.protocol}`;
    byName.set(name, [...(byName.get(name) ?? []), flow]);
  }
  return [...byName].map(([name, all]) => ({ name, ports: portElements(all), flow: all[0] as PortFlow }));
}

/** Sources in the names of port sets. */
const SHORT: Partial<Record<Source, string>> = {
  lan: "lan",
  "lan by IPv6": "lan6",
  management: "management",
  "management by IPv6": "management6",
  nodes: "nodes",
  "nodes by IPv6": "nodes6",
  servers: "servers",
  pods: "pods",
};

const rule = (...parts: readonly string[]): string => parts.filter(Boolean).join(" ");

/** Rules for ports of the host itself. */
export const hostRules = (sets: readonly PortSet[], sources: Sources): string[] =>
  sets
    .filter(({ flow }) => flow.servedBy === "host")
    .map(({ name, flow }) => rule(sources.match(flow.from), `${flow.protocol} dport @${name}`, "accept"));

/** Rules for ports of the host itself, for networks that have no name. */
export const networkRules = (flows: readonly PortFlow[], sources: Sources): string[] =>
  flows
    .filter(({ servedBy, from }) => servedBy === "host" && from.includes("/"))
    .map(
      ({ from, protocol, ports, why }) =>
        `${rule(sources.match(from), protocol, "dport", range(ports), "accept")} # ${comment(why)}`,
    );

const dialled = (protocol: string, ports: string): string =>
  `meta l4proto ${protocol} ct original proto-dst ${ports} accept`;

/** Rules for services, by the port that the client used. */
export const publishedRules = (sets: readonly PortSet[], sources: Sources): string[] =>
  sets
    .filter(({ flow }) => flow.servedBy === "service")
    .map(({ name, flow }) =>
      rule("ct status dnat", sources.match(flow.from), dialled(flow.protocol, `@${name}`)),
    );

/**
 * Rules for flows from `main.ts`, by the port that the client used, whether the host or a service answers.
 *
 * @param interfaceName - of the further interface over which they come. @default - the node's
 */
export const allowedRules = (
  flows: readonly PortFlow[],
  sources: Sources,
  interfaceName?: string,
): string[] =>
  flows
    .filter(({ servedBy, over }) => servedBy === "either" && over === interfaceName)
    .map(
      ({ from, over, protocol, ports, why }) =>
        `${rule(sources.match(from, over), dialled(protocol, range(ports)))} # ${comment(why)}`,
    );

/**
 * Rules for protocols without ports.
 *
 * @param interfaceName - of the further interface over which they come. @default - the node's
 */
export const protocolRules = (
  flows: readonly ProtocolFlow[],
  sources: Sources,
  interfaceName?: string,
): string[] =>
  flows
    .filter(({ over }) => over === interfaceName)
    .map(({ from, over, protocol, why }) => {
      const numbers = protocol === "icmp" ? icmpOf(from) : numberOf(protocol);
      return `${rule(sources.match(from, over), `meta l4proto ${numbers}`, "accept")} # ${comment(why)}`;
    });

/** nft knows VRRP only from `/etc/protocols`. */
const VRRP = 112;

const numberOf = (protocol: ProtocolFlow["protocol"]): string =>
  protocol === "vrrp" ? `${VRRP}` : `${protocol}`;

/** IPv6 has another ICMP. */
function icmpOf(from: Source): string {
  if (from === "everyone") return "{ icmp, ipv6-icmp }";
  return from.includes("/") && parseAnyNetwork(from)?.family === 6 ? "ipv6-icmp" : "icmp";
}

/**
 * Rules before connections are tracked. Of a protocol without ports the kernel knows a connection by its addresses alone: after one
 * packet in each direction, everyone who forges a node's address would belong to it, without that node's MAC address.
 */
export const untrackedRules = (flows: readonly ProtocolFlow[]): string[] => {
  const byMacAddress = flows.filter(
    ({ from, protocol }) => ["nodes", "servers"].includes(from) && protocol !== "icmp",
  );
  const protocols = [...new Set(byMacAddress.map(({ protocol }) => numberOf(protocol)))];
  return protocols.map((protocol) => `fib daddr type local meta l4proto ${protocol} notrack`);
};

/**
 * Rules against pods that send what is only for nodes to another host: there it would have this node's addresses.
 *
 * @param nodeCidr - the node network
 */
export const refusedToPods = (flows: readonly ProtocolFlow[], nodeCidr: string): string[] =>
  flows
    .filter(({ reserved }) => reserved)
    .map(
      ({ protocol }) => `ip daddr ${nodeCidr} meta l4proto ${numberOf(protocol)} counter name forged drop`,
    );

export const pingRules = (flows: readonly Flow[], sources: Sources): string[] =>
  flows.flatMap((flow) =>
    flow.protocol === "icmp echo" ? [`${sources.match(flow.from)} icmp type echo-request accept`] : [],
  );

/** Rules for traffic to or from pods, of any protocol and port. */
export const podRules = (to: PodFlow["to"], flows: readonly Flow[], matches: readonly string[]): string[] =>
  flows
    .filter((flow) => flow.to === to)
    .flatMap(({ why }) => matches.map((match) => `${match} accept # ${comment(why)}`));
