/** What the loss of nodes costs the pods that run: a pure function of what runs. */
import { groupBy } from "../base/group-by";
import { place, type Moving, type Room, type Rule } from "./placement";
import { claimsOf, namespaceOf, type Running, type RunningPod } from "./running";
import { selects, takesNode, type NodeTerm } from "./selector";

export interface PodLoss {
  /** Number of pods on the lost nodes. */
  readonly pods: number;
  /** Workloads that lose ready replicas, those without any first. */
  readonly workloads: readonly {
    readonly namespace: string;
    readonly controller: string;
    readonly before: number;
    readonly left: number;
  }[];
  /** Disruption budgets that have fewer ready pods than they need, and lose some. */
  readonly budgets: readonly { readonly name: string; readonly needed: number; readonly left: number }[];
  /** Volumes that can be mounted on no node that is left, and the pods that mount them. */
  readonly volumes: readonly { readonly claim: string; readonly pods: readonly string[] }[];
  /** Pods that nothing recreates. */
  readonly bare: readonly string[];
  /** Where the others may run. @default - nothing is scheduled, without the majority of etcd */
  readonly moves?: {
    readonly refused: readonly { readonly pod: string; readonly rules: readonly Rule[] }[];
    /** Pods for which no memory is left. */
    readonly pending: readonly { readonly pod: string; readonly memory: number }[];
    /** What all that may move request, in bytes. */
    readonly wanted: number;
    /** What the nodes that are left have for them, in bytes. */
    readonly free: number;
  };
}

export class PodSimulator {
  private readonly workloads: readonly (readonly [RunningPod, ...RunningPod[]])[];
  private readonly budgets: readonly {
    readonly name: string;
    readonly needed: number;
    readonly pods: readonly RunningPod[];
  }[];
  private readonly volumes: readonly {
    readonly claim: string;
    readonly terms: readonly NodeTerm[];
    readonly nodes: readonly string[];
    readonly pods: readonly RunningPod[];
  }[];
  /** Of the volumes that a pod mounts. */
  private readonly terms = new Map<RunningPod, (readonly NodeTerm[])[]>();
  private readonly requested = new Map<string, number>();

  public constructor(private readonly running: Running) {
    const { pods, budgets, volumes, nodes } = running;
    this.workloads = [...groupBy(pods.filter(isReplica), workloadOf).values()];
    const namespaces = groupBy(pods, ({ name }) => namespaceOf(name));
    this.budgets = budgets.flatMap(({ name, selector, needed }) => {
      if (selector === undefined || needed === undefined) return [];
      const own = namespaces.get(namespaceOf(name)) ?? [];
      return [{ name, needed, pods: own.filter((pod) => pod.ready && selects(selector, pod.labels)) }];
    });
    const users = groupBy(
      pods.flatMap((pod) => claimsOf(pod).map((claim) => ({ claim, pod }))),
      ({ claim }) => claim,
    );
    this.volumes = volumes.flatMap(({ claim, nodeTerms: terms }) => {
      if (terms === undefined) return [];
      const there = nodes.filter((node) => takesNode(terms, node)).map(({ name }) => name);
      return [{ claim, terms, nodes: there, pods: (users.get(claim) ?? []).map(({ pod }) => pod) }];
    });
    for (const { terms, pods: own } of this.volumes)
      for (const pod of own) this.terms.set(pod, [...(this.terms.get(pod) ?? []), terms]);
    for (const { node, memory } of pods) this.requested.set(node, (this.requested.get(node) ?? 0) + memory);
  }

  /**
   * @param lost - names of nodes
   * @param isScheduled - whether the cluster starts pods elsewhere
   */
  public lossOf(lost: ReadonlySet<string>, isScheduled: boolean): PodLoss {
    const isLost = ({ node }: RunningPod): boolean => lost.has(node);
    const pods = this.running.pods.filter(isLost);
    const volumes = this.volumes.filter(
      ({ nodes }) => nodes.length > 0 && nodes.every((name) => lost.has(name)),
    );
    const without = new Set(volumes.flatMap((volume) => volume.pods));
    return {
      pods: pods.length,
      workloads: this.workloadsWithout(isLost),
      budgets: this.budgets.flatMap(({ name, needed, pods: own }) => {
        const left = own.filter((pod) => !isLost(pod)).length;
        return left < own.length && left < needed ? [{ name, needed, left }] : [];
      }),
      volumes: volumes.map((volume) => ({ claim: volume.claim, pods: volume.pods.map(nameOf) })),
      bare: pods.filter(({ bare }) => bare).map(nameOf),
      ...(isScheduled
        ? {
            moves: this.moves(
              pods.filter((pod) => isRecreated(pod) && !without.has(pod)),
              lost,
            ),
          }
        : {}),
    };
  }

  private workloadsWithout(isLost: (pod: RunningPod) => boolean): PodLoss["workloads"] {
    return this.workloads
      .map((pods) => ({
        namespace: namespaceOf(pods[0].name),
        controller: pods[0].controller ?? "",
        before: pods.filter(({ ready }) => ready).length,
        left: pods.filter((pod) => pod.ready && !isLost(pod)).length,
      }))
      .filter(({ before, left }) => left < before)
      .sort((a, b) => Number(a.left > 0) - Number(b.left > 0));
  }

  private moves(pods: readonly RunningPod[], lost: ReadonlySet<string>): PodLoss["moves"] {
    const moving = pods.map((pod): Moving => ({ pod, volumes: this.terms.get(pod) ?? [] }));
    const rooms = this.running.nodes
      .filter(({ name, ready, cordoned }) => !lost.has(name) && ready && !cordoned)
      // Never less than none: a pod that requests no memory has room everywhere (kubernetes, noderesources/fit.go, fitsRequest).
      .map((node): Room => ({ node, free: Math.max(0, node.memory - (this.requested.get(node.name) ?? 0)) }));
    const { refused, pending } = place(moving, rooms);
    return {
      refused: refused.map(({ pod, rules }) => ({ pod: pod.name, rules })),
      pending: pending.map(({ name, memory }) => ({ pod: name, memory })),
      wanted: sum(pods.map(({ memory }) => memory)),
      free: sum(rooms.map(({ free }) => free)),
    };
  }
}

const nameOf = ({ name }: RunningPod): string => name;

const workloadOf = ({ name, controller }: RunningPod): string => `${namespaceOf(name)}/${controller}`;

const kindOf = ({ controller = "" }: RunningPod): string => controller.slice(0, controller.indexOf("/"));

/** A static pod belongs to its Node. */
const isRecreated = (pod: RunningPod): boolean =>
  pod.controller !== undefined && !pod.ofDaemonSet && kindOf(pod) !== "node";

/** A Job runs its pods to their ends, and has no replicas. */
const isReplica = (pod: RunningPod): boolean => isRecreated(pod) && kindOf(pod) !== "job";

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
