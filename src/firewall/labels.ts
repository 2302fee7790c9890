import { isPortFlow, type Flow } from "./flows";
import type { AllowedFlow } from "../config/settings";

/** `TCP 22`, `UDP 30000-32767`, `VRRP`, `IP protocol 47` */
export function portLabel({ protocol, ports }: Pick<AllowedFlow, "protocol" | "ports">): string {
  if (typeof protocol === "number") return `IP protocol ${protocol}`;
  if (ports === undefined) return protocol.toUpperCase();
  return `${protocol.toUpperCase()} ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`}`;
}

/** What a flow opens on its target: ports, with the interface where it is a further one, or a protocol. */
export function openedPorts(flow: Flow): string {
  if (flow.protocol === "any") return "any port";
  if (flow.protocol === "icmp echo") return "ICMP echo";
  return `${portLabel(flow)}${overLabel(flow)}`;
}

/** ` over storage0`; nothing for the node's own interface. */
export const overLabel = ({ over }: Pick<AllowedFlow, "over">): string =>
  over === undefined ? "" : ` over ${over}`;

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

/** A description of the source; a CIDR stays as it is. */
export const sourceLabel = (from: Flow["from"]): string => SOURCES[from] ?? from;

const TARGETS: Readonly<Record<string, string>> = {
  "services of the host": "their own host",
  "anywhere beyond the host": "pods, services, LAN and outside",
};

/** A description of the target. Clients reach services through the hosts. */
export function targetLabel(flow: Flow): string {
  const hosts = TARGETS[flow.to] ?? flow.to;
  return isPortFlow(flow) && flow.servedBy === "service" ? `services, through ${hosts}` : hosts;
}
