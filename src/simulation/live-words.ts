/** What losses cost the pods that run, in sentences, as inline Markdown. */
import { counted, plain } from "../base/markdown";
import type { LiveSimulation } from "./live";
import type { PodLoss } from "./pod-loss";

/** Of more names a sentence says how many there are: a node may have hundreds of pods. */
const MOST_NAMES = 6;

/** `a, b and 30 more` */
function some(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(plain).join(", ");
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

const MIB = 1024 ** 2;

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;

/** Without the pods alone, which every loss of a node costs. */
export const isCostly = ({ pods, workloads, budgets, volumes, bare, moves }: PodLoss): boolean =>
  workloads.some(({ left }) => left === 0) ||
  budgets.length + volumes.length + bare.length > 0 ||
  (moves === undefined ? pods > 0 : moves.refused.length + moves.pending.length > 0);

export function liveSentencesOf(loss: PodLoss): string[] {
  const { pods } = loss;
  if (pods === 0) return ["No pod runs there."];
  return [
    `${counted(pods, "pod")} ${pods === 1 ? "runs" : "run"} there.`,
    ...workloads(loss),
    ...budgets(loss),
    ...volumes(loss),
    ...(loss.bare.length === 0 ? [] : [`Nothing recreates ${some(loss.bare)}.`]),
    ...moves(loss),
  ];
}

function workloads({ workloads }: PodLoss): string[] {
  const name = ({ namespace, controller }: (typeof workloads)[number]): string =>
    `${controller} of ${namespace}`;
  const gone = workloads.filter(({ left }) => left === 0);
  const fewer = workloads.filter(({ left }) => left > 0);
  return [
    ...(gone.length === 0 ? [] : [`No ready replica is left of ${some(gone.map(name))}.`]),
    ...(fewer.length === 0
      ? []
      : [
          `Replicas are left of ${some(fewer.map((each) => `${name(each)} (${each.left} of ${each.before})`))}.`,
        ]),
  ];
}

function budgets({ budgets }: PodLoss): string[] {
  const words = budgets.map(({ name, needed, left }) => `${name} (${left} of ${needed} that it needs)`);
  return words.length === 0 ? [] : [`It breaks ${noun(words, "the disruption budget")} ${some(words)}.`];
}

const noun = (all: readonly unknown[], one: string): string => (all.length === 1 ? one : `${one}s`);

function volumes({ volumes }: PodLoss): string[] {
  const words = volumes.map(({ claim, pods }) =>
    pods.length === 0
      ? `${claim} (no pod mounts it)`
      : `${claim} (for ${pods.slice(0, 2).join(", ")}${more(pods)})`,
  );
  if (words.length === 0) return [];
  return [`No other node can mount ${noun(words, "the volume")} of ${some(words)}: these pods wait for it.`];
}

const more = (pods: readonly unknown[]): string => (pods.length > 2 ? ` and ${pods.length - 2} more` : "");

function moves({ moves }: PodLoss): string[] {
  if (moves === undefined) return ["Nothing is started elsewhere without the majority of etcd."];
  const { refused, pending, wanted, free } = moves;
  const off = refused.map(({ pod, rules }) => `${pod} (${rules.join(", ") || "no node is left for pods"})`);
  return [
    ...(off.length === 0 ? [] : [`No node that is left takes ${some(off)}.`]),
    ...(pending.length === 0
      ? []
      : [
          `About ${counted(pending.length, "pod")} ${pending.length === 1 ? "stays" : "stay"} Pending for want of memory: ` +
            `${some(pending.map(({ pod, memory }) => `${pod} (${mib(memory)})`))}. ` +
            `All that may move request ${mib(wanted)}; the nodes that are left have ${mib(free)}.`,
        ]),
  ];
}

/** What the answers rest on. */
export function liveNotes({
  stated,
  running: { nodes, budgets },
}: Pick<LiveSimulation, "stated" | "running">): string[] {
  const names = nodes.map(({ name }) => name);
  const missing = stated.filter((name) => !names.includes(name));
  const strangers = names.filter((name) => !stated.includes(name));
  const idle = nodes.filter(({ ready, cordoned }) => !ready || cordoned).map(({ name }) => name);
  const unknown = budgets.filter(({ needed }) => needed === undefined).map(({ name }) => name);
  return [
    "Where pods may run is an estimate: by requests of memory, nodeSelector, required node affinity, taints and volumes. It does not know CPU, affinity between pods, spread constraints, ports, priorities and nodeName.",
    ...(missing.length === 0
      ? []
      : [`No node of the running cluster is ${some(missing)}: no pod is known of it.`]),
    ...(strangers.length === 0
      ? []
      : [`Not in what the last synth wrote, and taken to be left after each failure: ${some(strangers)}.`]),
    ...(idle.length === 0 ? [] : [`Not Ready or cordoned, and taken to start no pods: ${some(idle)}.`]),
    ...(unknown.length === 0
      ? []
      : [
          `Not judged, since Kubernetes has not worked out yet what they need: the disruption budgets ${some(unknown)}.`,
        ]),
  ];
}
