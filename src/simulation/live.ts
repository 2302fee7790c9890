/** What each failure costs the pods that run. */
import { groupBy } from "../base/group-by";
import type { Subject } from "./failure";
import type { Outcome } from "./outcome";
import { PodSimulator, type PodLoss } from "./pod-loss";
import type { Running } from "./running";

/** A loss of nodes, and the failures that each cause it. */
export interface LiveLoss {
  readonly outcomes: readonly [Outcome, ...Outcome[]];
  /** Hostnames. */
  readonly nodes: readonly string[];
  readonly loss: PodLoss;
}

export interface LiveSimulation {
  readonly losses: readonly LiveLoss[];
  readonly running: Running;
  /** Hostnames of the model. */
  readonly stated: readonly string[];
}

/** Of the failures that stop nodes or cut them off, in their order; those that lose the same nodes are one. */
export function simulateLive(
  { nodes: stated }: Pick<Subject, "nodes">,
  singles: readonly Outcome[],
  running: Running,
): LiveSimulation {
  const simulator = new PodSimulator(running);
  const losing = singles.filter((outcome) => lostNodes(outcome).length > 0);
  const losses = [...groupBy(losing, keyOf).values()].map((outcomes) => {
    const nodes = lostNodes(outcomes[0]);
    return { outcomes, nodes, loss: simulator.lossOf(new Set(nodes), isScheduled(outcomes[0])) };
  });
  return { losses, running, stated: stated.map(({ hostname }) => hostname) };
}

const isScheduled = ({ etcd }: Outcome): boolean => etcd.majority !== "lost";

/** Without the majority of etcd nobody takes pods from nodes that are cut off: they run on. */
const lostNodes = (outcome: Outcome): string[] =>
  [...outcome.stopped, ...(isScheduled(outcome) ? outcome.cutOff : [])]
    .map(({ hostname }) => hostname)
    .sort();

const keyOf = (outcome: Outcome): string => JSON.stringify([isScheduled(outcome), ...lostNodes(outcome)]);
