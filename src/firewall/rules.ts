import type { Source } from "./flow-sources";
import type { Flow, PodFlow, PortFlow } from "./flows";
import { portElements, range } from "./elements";
import { comment } from "../base/escape";
import type { Sources } from "./sources";

/** Ports that one rule admits. */
export interface PortSet {
  readonly name: string;
  readonly ports: string;
  /** One of its flows; they differ in ports and reason only. */
  readonly flow: PortFlow;
}

/** Flows of one source and protocol share a set of ports and a rule; those of the owner have a rule each. */
export function portSets(flows: readonly PortFlow[]): PortSet[] {
  const byName = new Map<string, PortFlow[]>();
  for (const flow of flows) {
    if (flow.servedBy === "either") continue;
    const name = `${flow.servedBy === "service" ? "published" : SHORT[flow.from]}_${flow.protocol}`;
    byName.set(name, [...(byName.get(name) ?? []), flow]);
  }
  return [...byName].map(([name, all]) => ({ name, ports: portElements(all), flow: all[0] as PortFlow }));
}

/** Sources in the names of sets of ports. */
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

/** To ports of the host itself. */
export const hostRules = (sets: readonly PortSet[], sources: Sources): string[] =>
  sets
    .filter(({ flow }) => flow.servedBy === "host")
    .map(({ name, flow }) => rule(sources.match(flow.from), `${flow.protocol} dport @${name}`, "accept"));

const dialled = (protocol: string, ports: string): string =>
  `meta l4proto ${protocol} ct original proto-dst ${ports} accept`;

/** To services, by the port that was dialled. */
export const publishedRules = (sets: readonly PortSet[], sources: Sources): string[] =>
  sets
    .filter(({ flow }) => flow.servedBy === "service")
    .map(({ name, flow }) =>
      rule("ct status dnat", sources.match(flow.from), dialled(flow.protocol, `@${name}`)),
    );

/** To whoever serves the port that was dialled. */
export const allowedRules = (flows: readonly PortFlow[], sources: Sources): string[] =>
  flows
    .filter(({ servedBy }) => servedBy === "either")
    .map(
      ({ from, protocol, ports, why }) =>
        `${rule(sources.match(from), dialled(protocol, range(ports)))} # ${comment(why)}`,
    );

export const pingRules = (flows: readonly Flow[], sources: Sources): string[] =>
  flows.flatMap((flow) =>
    flow.protocol === "icmp echo" ? [`${sources.match(flow.from)} icmp type echo-request accept`] : [],
  );

/** What goes to or comes from pods, whatever its protocol and ports. */
export const podRules = (to: PodFlow["to"], flows: readonly Flow[], matches: readonly string[]): string[] =>
  flows
    .filter((flow) => flow.to === to)
    .flatMap(({ why }) => matches.map((match) => `${match} accept # ${comment(why)}`));
