import { plain } from "../base/markdown";
import type { ClusterJson } from "../render/cluster-json";
import type { Cost, Outcome } from "../simulation/outcome";
import { byName, simulate } from "../simulation/simulation";
import { costsInWords } from "../simulation/words";

type Side = Pick<ClusterJson, "cluster" | "nodes" | "flows">;

/**
 * For each failure that costs something that it does not cost so far, or for longer, a sentence. `compareCapacity` says what room there
 * is. What an older version wrote has no flows: then nothing is said of services.
 */
export function compareAvailability(before: Side, after: Side): string[] {
  const ignored: readonly Cost[] = before.flows === undefined ? ["capacity", "services"] : ["capacity"];
  const costsOf = (outcome: Outcome | undefined): Cost[] =>
    (outcome?.costs ?? []).filter((cost) => !ignored.includes(cost));
  const old = byName(outcomesOf(before));
  return [...byName(outcomesOf(after))].flatMap(([name, outcome]) => {
    const past = old.get(name);
    const [then, now] = [costsOf(past), costsOf(outcome)];
    const stays = past?.etcd.majority === "returns" && outcome.etcd.majority === "lost";
    const isKnown = (cost: Cost): boolean =>
      then.includes(cost) || (cost === "api" && then.includes("quorum"));
    if (now.every(isKnown) && !stays) return [];
    const loss = `the loss of **${plain(name)}**`;
    const costs = costsInWords(now, outcome.etcd.majority);
    return past === undefined
      ? [`After this change ${loss}, which is new, costs ${costs}`]
      : [
          `Today ${loss} costs ${costsInWords(then, past.etcd.majority)}; after this change it costs ${costs}`,
        ];
  });
}

const outcomesOf = ({ cluster, nodes, flows = [] }: Side): readonly Outcome[] =>
  simulate({ ...cluster, nodes, flows }).singles;
