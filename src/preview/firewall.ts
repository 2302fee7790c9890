import { coversNetwork } from "../config/address";
import { isOutside, NAMED_NETWORKS, networksOf } from "../firewall/flow-sources";
import { openedPorts, sourceLabel, targetLabel } from "../firewall/labels";
import { hasInterface, isHostFlow, type Flow } from "../firewall/flows";
import { sshAccess, type SshAccess } from "../firewall/ssh-access";
import { groupBy } from "../base/group-by";
import type { Node } from "../config/model";
import type { ClusterJson } from "../render/cluster-json";
import type { Nodes } from "./nodes";
import { difference } from "./format";

/** A flow that the firewalls open or close: who, to whom, what. */
export interface FlowChange {
  readonly sign: "+" | "-";
  readonly who: string;
  /** `↔` if both sides may connect. */
  readonly arrow: "→" | "↔";
  readonly whom: string;
  readonly what: readonly string[];
}

/** @returns `undefined` if one side does not list its flows */
export function compareFlows(
  before: ClusterJson,
  after: ClusterJson,
  nodes: Nodes,
): FlowChange[] | undefined {
  if (before.flows === undefined || after.flows === undefined) return undefined;
  const [old, now] = [difference(before.flows, after.flows), difference(after.flows, before.flows)];
  return [
    ...policyChanges("-", old, before),
    ...policyChanges("+", now, after),
    ...networkChanges("-", before, after),
    ...networkChanges("+", after, before),
    ...membership("-", nodes.removed, before),
    ...membership("+", nodes.added, after),
  ];
}

/** `VXLAN (UDP 8472)` */
const flowLabel = (flow: Flow): string => `${flow.why.split(":")[0]} (${openedPorts(flow)})`;

const policyChanges = (sign: "+" | "-", flows: readonly Flow[], { cluster }: ClusterJson): FlowChange[] =>
  [...groupBy(flows, ({ from }) => from)].flatMap(([from, own]) => {
    const networks = from.includes("/") ? [] : networksOf(from, cluster.network);
    const who = `${sourceLabel(from)}${networks.length > 0 ? ` (${networks.join(", ")})` : ""}`;
    return [...groupBy(own, targetLabel)].map(([whom, some]) => ({
      sign,
      who,
      arrow: "→" as const,
      whom,
      what: some.map(flowLabel),
    }));
  });

/** Networks that a name has only on this side. If the other side's policy lacks the name, its flows show the change. */
function networkChanges(sign: "+" | "-", here: ClusterJson, there: ClusterJson): FlowChange[] {
  return NAMED_NETWORKS.flatMap((name) => {
    const others = new Set(networksOf(name, there.cluster.network));
    const named = ({ from }: Flow): boolean => from === name;
    if (!there.flows?.some(named)) return [];
    const flows = (here.flows ?? []).filter(named);
    return networksOf(name, here.cluster.network)
      .filter((network) => !others.has(network))
      .flatMap((network) =>
        [...groupBy(flows, targetLabel)].map(([whom, some]) => ({
          sign,
          who: `${network} of the ${sourceLabel(name)}`,
          arrow: "→" as const,
          whom,
          what: some.map(flowLabel),
        })),
      );
  });
}

/** Flows that an added or removed node affects: between it and other nodes, and from outside. */
function membership(sign: "+" | "-", nodes: readonly Node[], cluster: ClusterJson): FlowChange[] {
  return [...groupBy(nodes, ({ role }) => role)].flatMap(([role, some]) => {
    const names = namesOf(some);
    const flows = (cluster.flows ?? []).filter((flow) => some.some((node) => hasInterface(flow, node)));
    const line = (who: string, arrow: "→" | "↔", whom: string, of: readonly Flow[]): FlowChange[] =>
      of.length === 0 ? [] : [{ sign, who, arrow, whom, what: of.map(flowLabel) }];
    const between = (from: Flow["from"], to: string): Flow[] =>
      flows.filter((flow) => isHostFlow(flow) && flow.from === from && flow.to === to);
    const outside = flows.filter(isHostFlow).filter(({ from }) => isOutside(from));
    return [
      ...line(names, "↔", "every node", between("nodes", "every host")),
      ...line(names, role === "server" ? "↔" : "→", "servers", [
        ...between("nodes", "servers"),
        ...(role === "server" ? between("servers", "servers") : []),
      ]),
      ...(role === "server"
        ? line("agents", "→", names, between("nodes", "servers"))
        : line("servers", "→", names, between("nodes", "agents"))),
      ...[
        ...groupBy(
          outside.filter(({ to }) => to === "every host" || to === `${role}s`),
          ({ from }) => from,
        ),
      ].flatMap(([from, their]) => line(sourceLabel(from), "→", names, their)),
    ];
  });
}

/** Names of nodes, abbreviated if there are many. */
export function namesOf(nodes: readonly { readonly hostname: string }[]): string {
  const names = nodes.map(({ hostname }) => hostname);
  return names.length <= 6
    ? names.join(", ")
    : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
}

/** Networks that lose SSH access, each with the hosts that it could reach. */
export function lostSsh(before: ClusterJson, after: ClusterJson): { network: string; to: string }[] {
  const admitted = accessIn(after);
  return accessIn(before)
    .filter(({ network, to }) => {
      const still = admitted.filter((other) => other.to === "every host" || other.to === to);
      return !coversNetwork(
        still.map((other) => other.network),
        network,
      );
    })
    .map(({ network, to }) => ({ network: network.cidr, to }));
}

const accessIn = ({ flows = [], cluster }: ClusterJson): SshAccess[] => sshAccess(flows, cluster.network);
