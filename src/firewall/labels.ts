import { isPortFlow, type Flow } from "./flows";
import type { AllowedFlow } from "../config/settings";

/** `TCP 22`, `UDP 30000-32767` */
export const portsInWords = ({ protocol, ports }: Pick<AllowedFlow, "protocol" | "ports">): string =>
  `${protocol.toUpperCase()} ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`}`;

/** What of its target a flow opens. */
export const openedBy = (flow: Flow): string =>
  isPortFlow(flow) ? portsInWords(flow) : flow.protocol === "any" ? "any port" : "ICMP echo";

const SOURCES: Readonly<Record<string, string>> = {
  lan: "LAN networks",
  "lan by IPv6": "LAN networks of IPv6",
  management: "management networks",
  "management by IPv6": "management networks of IPv6",
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
