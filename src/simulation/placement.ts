/** Where pods of lost nodes may run: an estimate by memory, first fit by size. */
import type { RunningNode, RunningPod, Taint, Toleration } from "./running";
import { selects, takesNode, type NodeTerm } from "./selector";

/** Why a node does not take a pod. */
export const RULES = ["nodeSelector", "node affinity", "taints", "volume"] as const;

export type Rule = (typeof RULES)[number];

export interface Moving {
  readonly pod: RunningPod;
  /** Of the volumes that it mounts: each must be there. */
  readonly volumes: readonly (readonly NodeTerm[])[];
}

/** A node that is left, and its memory that no pod requests, in bytes. */
export interface Room {
  readonly node: RunningNode;
  readonly free: number;
}

export interface Placement {
  /** Pods that no node that is left takes, whatever room it has. */
  readonly refused: readonly { readonly pod: RunningPod; readonly rules: readonly Rule[] }[];
  /** Pods that do not fit. */
  readonly pending: readonly RunningPod[];
}

/** The largest pods first, each on the first node with room for it. */
export function place(moving: readonly Moving[], rooms: readonly Room[]): Placement {
  const free = new Map(rooms.map((room) => [room.node, room.free]));
  const refused: Placement["refused"][number][] = [];
  const pending: RunningPod[] = [];
  for (const each of [...moving].sort(bySize)) {
    const { pod } = each;
    const takes = (node: RunningNode): boolean => !RULES.some((rule) => REFUSES[rule](each, node));
    const taker = rooms.find(({ node }) => pod.memory <= (free.get(node) ?? 0) && takes(node))?.node;
    if (taker !== undefined) free.set(taker, (free.get(taker) ?? 0) - pod.memory);
    else if (rooms.some(({ node }) => takes(node))) pending.push(pod);
    else
      refused.push({
        pod,
        rules: RULES.filter((rule) => rooms.some(({ node }) => REFUSES[rule](each, node))),
      });
  }
  return { refused, pending };
}

const bySize = (a: Moving, b: Moving): number =>
  b.pod.memory - a.pod.memory || (a.pod.name < b.pod.name ? -1 : 1);

const REFUSES: Readonly<Record<Rule, (moving: Moving, node: RunningNode) => boolean>> = {
  nodeSelector: ({ pod }, { labels }) => !selects({ matchLabels: pod.nodeSelector }, labels),
  "node affinity": ({ pod }, node) => pod.nodeTerms !== undefined && !takesNode(pod.nodeTerms, node),
  taints: ({ pod }, { taints }) =>
    taints.some(
      (taint) => KEEPS_OFF.has(taint.effect) && !pod.tolerations.some((each) => tolerates(each, taint)),
    ),
  volume: ({ volumes }, node) => volumes.some((terms) => !takesNode(terms, node)),
};

const KEEPS_OFF: ReadonlySet<string> = new Set(["NoSchedule", "NoExecute"]);

/** As Kubernetes decides it (core/v1, Toleration.ToleratesTaint). */
const tolerates = (
  { key = "", operator = "Equal", value = "", effect = "" }: Toleration,
  taint: Taint,
): boolean =>
  (effect === "" || effect === taint.effect) &&
  (key === "" || key === taint.key) &&
  (operator === "Exists" || (operator === "Equal" && key !== "" && value === (taint.value ?? "")));
