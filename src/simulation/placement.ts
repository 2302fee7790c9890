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
  for (const { pod, volumes } of [...moving].sort(bySize)) {
    const answers = rooms.map(({ node }) => ({ node, rules: rulesAgainst({ pod, volumes }, node) }));
    const takers = answers.filter(({ rules }) => rules.length === 0).map(({ node }) => node);
    if (takers.length === 0) {
      const rules = new Set(answers.flatMap((each) => each.rules));
      refused.push({ pod, rules: RULES.filter((rule) => rules.has(rule)) });
      continue;
    }
    const taker = takers.find((node) => pod.memory <= (free.get(node) ?? 0));
    if (taker === undefined) pending.push(pod);
    else free.set(taker, (free.get(taker) ?? 0) - pod.memory);
  }
  return { refused, pending };
}

const bySize = (a: Moving, b: Moving): number =>
  b.pod.memory - a.pod.memory || (a.pod.name < b.pod.name ? -1 : 1);

function rulesAgainst({ pod, volumes }: Moving, node: RunningNode): Rule[] {
  const against: Readonly<Record<Rule, boolean>> = {
    nodeSelector: !selects({ matchLabels: pod.nodeSelector }, node.labels),
    "node affinity": pod.nodeTerms !== undefined && !takesNode(pod.nodeTerms, node),
    taints: node.taints.some(
      (taint) => KEEPS_OFF.has(taint.effect) && !pod.tolerations.some((each) => tolerates(each, taint)),
    ),
    volume: volumes.some((terms) => !takesNode(terms, node)),
  };
  return RULES.filter((rule) => against[rule]);
}

const KEEPS_OFF: ReadonlySet<string> = new Set(["NoSchedule", "NoExecute"]);

/** As Kubernetes decides it (core/v1, Toleration.ToleratesTaint). */
const tolerates = (
  { key = "", operator = "Equal", value = "", effect = "" }: Toleration,
  taint: Taint,
): boolean =>
  (effect === "" || effect === taint.effect) &&
  (key === "" || key === taint.key) &&
  (operator === "Exists" || (operator === "Equal" && key !== "" && value === (taint.value ?? "")));
