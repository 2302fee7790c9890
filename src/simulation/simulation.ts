/** What each failure costs, and every two at the same time. */
import { failuresOf, type PossibleFailure, type Subject } from "./failure";
import { COSTS, nameOf, Simulator, type Cost, type Outcome } from "./outcome";

export interface Simulation {
  readonly singles: readonly Outcome[];
  /** Worked out one after another, when they are asked for: there are tens of thousands in a large cluster. */
  readonly pairs: Iterable<Outcome>;
}

export function simulate(subject: Subject): Simulation {
  const simulator = new Simulator(subject);
  const failures = failuresOf(subject);
  return {
    singles: failures.map((failure) => simulator.outcomeOf([failure])),
    pairs: pairsOf(simulator, failures.filter(isOne)),
  };
}

/** The holder is one of the servers, with which its pairs are. */
const isOne = ({ kind }: PossibleFailure): boolean => kind !== "api address holder";

function* pairsOf(simulator: Simulator, all: readonly PossibleFailure[]): Iterable<Outcome> {
  for (const [index, one] of all.entries())
    for (const other of all.slice(index + 1)) yield simulator.outcomeOf([one, other]);
}

/** What two failures cost beyond what either costs alone. */
export function furtherCosts(pair: Outcome, singles: ReadonlyMap<string, Outcome>): Cost[] {
  const alone = new Set(pair.failures.flatMap(({ name }) => singles.get(name)?.costs ?? []));
  return pair.costs.filter((cost) => !alone.has(cost));
}

export const byName = (singles: readonly Outcome[]): Map<string, Outcome> =>
  new Map(singles.map((outcome) => [nameOf(outcome), outcome]));

/** The failure that costs most: what is worst first, then the number of VMs. */
export const worstOf = (singles: readonly Outcome[]): Outcome | undefined =>
  [...singles].sort(
    (a, b) =>
      weightOf(b) - weightOf(a) || b.stopped.length + b.cutOff.length - (a.stopped.length + a.cutOff.length),
  )[0];

/** More than all that is less bad. */
const weight = (cost: Cost): number => 2 ** (COSTS.length - COSTS.indexOf(cost));

/** A majority that returns by itself weighs as much as the API's address. */
const weightOf = ({ costs, etcd }: Outcome): number =>
  costs.reduce((sum, cost) => sum + weight(cost), etcd.majority === "returns" ? -weight("api") : 0);
