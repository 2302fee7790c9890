/** What runs in the cluster, as far as it decides what the loss of nodes costs. Names of namespaced objects are `namespace/name`. */
import type { LabelSelector, Labels, NodeTerm } from "./selector";

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Toleration {
  /** @default - every key */
  readonly key?: string;
  /** @default "Equal" */
  readonly operator?: string;
  readonly value?: string;
  /** @default - every effect */
  readonly effect?: string;
}

export interface RunningNode {
  readonly name: string;
  readonly labels: Labels;
  readonly taints: readonly Taint[];
  readonly cordoned: boolean;
  readonly ready: boolean;
  /** For pods, in bytes. */
  readonly memory: number;
}

export interface RunningPod {
  readonly name: string;
  /** Empty while it waits for one. */
  readonly node: string;
  /** What recreates it, such as `deployment/web`. @default - nothing does */
  readonly controller?: string;
  readonly ofDaemonSet: boolean;
  /** Nothing recreates it. */
  readonly bare: boolean;
  readonly labels: Labels;
  readonly ready: boolean;
  /** What it requests, in bytes. */
  readonly memory: number;
  readonly nodeSelector: Labels;
  /** Of its required affinity to nodes. @default - it has none */
  readonly nodeTerms?: readonly NodeTerm[];
  readonly tolerations: readonly Toleration[];
  /** Names of claims in its namespace. */
  readonly claims: readonly string[];
}

export interface DisruptionBudget {
  readonly name: string;
  /** @default - it takes no pods */
  readonly selector?: LabelSelector;
  /** Ready pods that it needs. @default - Kubernetes has not worked it out yet */
  readonly needed?: number;
}

export interface RunningVolume {
  /** The claim that it is bound to. */
  readonly claim: string;
  /** Where it can be mounted. @default - everywhere */
  readonly nodeTerms?: readonly NodeTerm[];
}

export interface Running {
  readonly nodes: readonly RunningNode[];
  /** Those that have not terminated. */
  readonly pods: readonly RunningPod[];
  readonly budgets: readonly DisruptionBudget[];
  readonly volumes: readonly RunningVolume[];
}

export const namespaceOf = (name: string): string => name.slice(0, name.indexOf("/"));

/** Names of the claims that a pod mounts. */
export const claimsOf = ({ name, claims }: RunningPod): string[] =>
  claims.map((claim) => `${namespaceOf(name)}/${claim}`);
