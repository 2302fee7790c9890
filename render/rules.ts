import { isPortFlow, type Flow, type PortFlow, type Source } from "../cluster/flows";
import type { Cluster, Node } from "../cluster/model";
import type { K3sSettings } from "../cluster/settings";
import { portElements, range } from "./elements";
import { comment } from "./escape";
import { matches } from "./sources";

/**
 * Device on which packets of other hosts' pods arrive; with host-gw it is the node's own.
 * Source: flannel, pkg/backend/vxlan and pkg/backend/wireguard.
 */
export const OVERLAY: Record<NonNullable<K3sSettings["flannelBackend"]>, string | undefined> = {
  vxlan: "flannel.1",
  "wireguard-native": "flannel-wg",
  "host-gw": undefined,
};

/** Ports that one rule admits. */
interface PortGroup {
  /** Of the set. */
  readonly name: string;
  readonly first: PortFlow;
  readonly flows: readonly PortFlow[];
}

/** Flows of one source and protocol share a set of ports and a rule; those of the owner have a rule each. */
export function portGroups(flows: readonly PortFlow[]): PortGroup[] {
  const groups = new Map<string, PortFlow[]>();
  for (const flow of flows) {
    if (flow.servedBy === "either") continue;
    const name = `${flow.servedBy === "service" ? "published" : SET[flow.from]}_${flow.protocol}`;
    groups.set(name, [...(groups.get(name) ?? []), flow]);
  }
  return [...groups].map(([name, all]) => ({ name, first: all[0] as PortFlow, flows: all }));
}

/** Sources in the names of sets of ports. */
const SET: Partial<Record<Source, string>> = {
  lan: "lan",
  management: "management",
  nodes: "nodes",
  "nodes by IPv6": "nodes6",
  servers: "servers",
  pods: "pods",
};

export const portSets = (groups: readonly PortGroup[]): object[] =>
  groups.map(({ name, flows }) => ({ name, ports: portElements(flows) }));

const rule = (...parts: readonly string[]): string => parts.filter(Boolean).join(" ");

/** To ports of the host itself. */
export const hostRules = (groups: readonly PortGroup[], { network }: Cluster): string[] =>
  groups
    .filter(({ first }) => first.servedBy === "host")
    .flatMap(({ name, first }) =>
      matches(first.from, network).map((match) => rule(match, `${first.protocol} dport @${name}`, "accept")),
    );

/**
 * By the port that was dialled, which is the connection's original one: kube-proxy has rewritten the destination
 * before any filter sees the packet.
 */
export function dialledRules(
  groups: readonly PortGroup[],
  flows: readonly PortFlow[],
  { network }: Cluster,
): string[] {
  const published = groups.filter(({ first }) => first.servedBy === "service");
  const allowed = flows.filter(({ servedBy }) => servedBy === "either");
  const dialled = (protocol: string, ports: string): string =>
    `meta l4proto ${protocol} ct original proto-dst ${ports} accept`;
  return [
    ...published.flatMap(({ name, first }) =>
      ipv4(matches(first.from, network)).map((match) =>
        rule("ct status dnat", match, dialled(first.protocol, `@${name}`)),
      ),
    ),
    ...allowed.flatMap(({ from, protocol, ports, why }) =>
      matches(from, network).map(
        (match) => `${rule(match, dialled(protocol, range(ports)))} # ${comment(why)}`,
      ),
    ),
  ];
}

export const pingRules = (flows: readonly Flow[], { network }: Cluster): string[] =>
  flows
    .filter(({ protocol }) => protocol === "icmp echo")
    .flatMap(({ from }) => ipv4(matches(from as Source, network)))
    .map((match) => rule(match, "icmp type echo-request accept"));

/** Pods and services have IPv4 addresses only. */
const ipv4 = (all: readonly string[]): string[] => all.filter((match) => match.startsWith("ip saddr"));

/** What is admitted whatever its ports are: in `input` or `forward`, by where it goes. */
export function podRules(
  hook: "input" | "forward",
  flows: readonly Flow[],
  node: Node,
  cluster: Cluster,
): string[] {
  return flows.flatMap((flow) => {
    if (flow.protocol !== "any" || (flow.to === "services of the host") !== (hook === "input")) return [];
    return podMatches(flow, node, cluster).map((match) => `${match} accept # ${comment(flow.why)}`);
  });
}

function podMatches({ to }: Flow, node: Node, { k3s, network }: Cluster): string[] {
  const overlay = OVERLAY[k3s.flannelBackend];
  const nic = `"${node.nixos.networkInterface}"`;
  if (to === "services of the host") return [`${matches("pods", network)[0]} ct status dnat`];
  if (to === "anywhere beyond the host") return ['iifname "cni0"'];
  if (overlay !== undefined) return [`iifname "${overlay}" oifname "cni0" ip saddr @pods4`];
  // The guard has seen to it that pod addresses come from nodes. A host's own packets bear its node address.
  return [
    `iifname ${nic} oifname "cni0" ip saddr @pods4`,
    `iifname ${nic} oifname "cni0" ${matches("nodes", network)[0]}`,
  ];
}

export const usesMacAddresses = (flows: readonly Flow[], { k3s }: Cluster): boolean =>
  k3s.flannelBackend === "host-gw" || flows.filter(isPortFlow).some(({ from }) => from === "nodes by IPv6");
