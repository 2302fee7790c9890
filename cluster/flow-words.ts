import { isPortFlow, type Flow } from "./flows";
import type { Networks } from "./model";
import type { AllowedFlow } from "./settings";

/** `TCP 22`, `UDP 30000-32767` */
export const portsInWords = ({ protocol, ports }: Pick<AllowedFlow, "protocol" | "ports">): string =>
  `${protocol.toUpperCase()} ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`}`;

/** What of its target a flow opens. */
export const openedBy = (flow: Flow): string =>
  isPortFlow(flow) ? portsInWords(flow) : flow.protocol === "any" ? "any port" : "ICMP echo";

const SOURCES: Readonly<Record<string, string>> = {
  lan: "LAN networks",
  management: "management networks",
  nodes: "the other nodes",
  "nodes by IPv6": "the other nodes, by IPv6",
  servers: "the other servers",
  tunnel: "the other nodes and their pods, by flannel's tunnel",
  pods: "pods of the host itself",
  "pods and hosts of other nodes": "the other nodes and their pods",
};

/** Who starts it: words for those that have a name, others as they are stated. */
export const sourceWords = (from: Flow["from"]): string => SOURCES[from] ?? from;

const TARGETS: Readonly<Record<string, string>> = {
  "services of the host": "their own host",
  "anywhere beyond the host": "pods, services, LAN and outside",
};

/** To whom: services are reached through the hosts. */
export function targetWords(flow: Flow): string {
  const hosts = TARGETS[flow.to] ?? flow.to;
  return isPortFlow(flow) && flow.servedBy === "service" ? `services, through ${hosts}` : hosts;
}

/** The networks behind a name of the policy; none for those that are told by who they are. */
export function networksOf(from: Flow["from"], network: Networks): readonly string[] {
  if (from === "lan") return network.lanCidrs;
  if (from === "management") return network.managementCidrs ?? [];
  return from.includes("/") ? [from] : [];
}
