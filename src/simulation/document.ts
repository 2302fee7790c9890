/** Outcomes for programs: see schemas/simulate.schema.json. */
import { unmarked } from "../base/markdown";
import type { Node } from "../config/model";
import type { LiveSimulation } from "./live";
import { liveNotes, liveSentencesOf } from "./live-words";
import type { Outcome } from "./outcome";
import { sentencesOf } from "./words";

export function documentOfOutcome(outcome: Outcome): object {
  const { failures, stopped, cutOff, partlyCutOff, etcd, api, ha, services, capacity, costs } = outcome;
  return {
    failures: failures.map(({ kind, name }) => ({ kind, name })),
    costs,
    stopped: stopped.map(hostname),
    cutOff: cutOff.map(hostname),
    partlyCutOff: partlyCutOff.map(hostname),
    etcd,
    api,
    ha: {
      fenced: [...ha.fenced],
      moves: [...ha.moves].map(([node, pveNode]) => ({ node: hostname(node), pveNode })),
      waiting: ha.waiting.map(hostname),
      shortages: ha.shortages,
    },
    services,
    capacity:
      capacity === undefined
        ? undefined
        : { nowhere: capacity.nowhere.map(hostname), shortages: capacity.shortages },
    words: sentencesOf(outcome).map(unmarked).join(" "),
  };
}

export const documentOfLive = (live: LiveSimulation): object => ({
  notes: liveNotes(live).map(unmarked),
  losses: live.losses.map(({ outcomes, nodes, loss }) => ({
    failures: outcomes.flatMap(({ failures }) => failures.map(({ name }) => name)),
    nodes,
    ...loss,
    words: liveSentencesOf(loss).map(unmarked).join(" "),
  })),
});

const hostname = (node: Node): string => node.hostname;
