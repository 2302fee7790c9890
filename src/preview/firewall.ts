import { cover } from "../config/address";
import { isOutside, NAMED_NETWORKS, networksOf } from "../firewall/flow-sources";
import { openedBy, sourceWords, targetWords } from "../firewall/labels";
import { isPortFlow, type Flow } from "../firewall/flows";
import { sshAccess, type SshAccess } from "../firewall/ssh-access";
import { groupBy } from "../base/group-by";
import type { Node } from "../config/model";
import type { ClusterJson } from "../render/cluster-json";
import type { Nodes } from "./nodes";
import { withoutSame } from "./format";

/** What the firewalls admit, more or less, in words: who, to whom, what. */
export interface FlowChange {
  readonly sign: "+" | "-";
  readonly who: string;
  /** `↔` where both may begin. */
  readonly arrow: "→" | "↔";
  readonly whom: string;
  readonly what: readonly string[];
}

/** @returns `undefined` where one side does not say what it admits */
export function compareFlows(
  before: ClusterJson,
  after: ClusterJson,
  nodes: Nodes,
): FlowChange[] | undefined {
  if (before.flows === undefined || after.flows === undefined) return undefined;
  const [old, now] = [withoutSame(before.flows, after.flows), withoutSame(after.flows, before.flows)];
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
const what = (flow: Flow): string => `${flow.why.split(":")[0]} (${openedBy(flow)})`;

const policyChanges = (sign: "+" | "-", flows: readonly Flow[], { cluster }: ClusterJson): FlowChange[] =>
  [...groupBy(flows, ({ from }) => from)].flatMap(([from, own]) => {
    const networks = from.includes("/") ? [] : networksOf(from, cluster.network);
    const who = `${sourceWords(from)}${networks.length > 0 ? ` (${networks.join(", ")})` : ""}`;
    return [...groupBy(own, targetWords)].map(([whom, some]) => ({
      sign,
      who,
      arrow: "→" as const,
      whom,
      what: some.map(what),
    }));
  });

/** Networks that a name holds on this side only; a name that the other side's policy lacks is said with its flows. */
function networkChanges(sign: "+" | "-", here: ClusterJson, there: ClusterJson): FlowChange[] {
  return NAMED_NETWORKS.flatMap((name) => {
    const others = new Set(networksOf(name, there.cluster.network));
    const named = ({ from }: Flow): boolean => from === name;
    if (!there.flows?.some(named)) return [];
    const flows = (here.flows ?? []).filter(named);
    return networksOf(name, here.cluster.network)
      .filter((network) => !others.has(network))
      .flatMap((network) =>
        [...groupBy(flows, targetWords)].map(([whom, some]) => ({
          sign,
          who: `${network} of the ${sourceWords(name)}`,
          arrow: "→" as const,
          whom,
          what: some.map(what),
        })),
      );
  });
}

/** What a node brings or takes along: as a peer of the others, and as a host of those from outside. */
function membership(sign: "+" | "-", nodes: readonly Node[], { flows = [] }: ClusterJson): FlowChange[] {
  return [...groupBy(nodes, ({ role }) => role)].flatMap(([role, some]) => {
    const names = namesOf(some);
    const line = (who: string, arrow: "→" | "↔", whom: string, of: readonly Flow[]): FlowChange[] =>
      of.length === 0 ? [] : [{ sign, who, arrow, whom, what: of.map(what) }];
    const between = (from: Flow["from"], to: string): Flow[] =>
      flows.filter((flow) => isPortFlow(flow) && flow.from === from && flow.to === to);
    const outside = flows.filter(isPortFlow).filter(({ from }) => isOutside(from));
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
      ].flatMap(([from, their]) => line(sourceWords(from), "→", names, their)),
    ];
  });
}

/** Many nodes are not all named. */
export function namesOf(nodes: readonly { readonly hostname: string }[]): string {
  const names = nodes.map(({ hostname }) => hostname);
  return names.length <= 6
    ? names.join(", ")
    : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
}

/** Networks whose SSH the base admits, and this tree does not, each with where it was admitted. */
export function lostSsh(before: ClusterJson, after: ClusterJson): { network: string; to: string }[] {
  const admitted = accessIn(after);
  return accessIn(before)
    .filter(({ network, to }) => {
      const still = admitted.filter((other) => other.to === "every host" || other.to === to);
      return !cover(
        still.map((other) => other.network),
        network,
      );
    })
    .map(({ network, to }) => ({ network: network.cidr, to }));
}

const accessIn = ({ flows = [], cluster }: ClusterJson): SshAccess[] => sshAccess(flows, cluster.network);
