import { plain } from "../base/markdown";
import type { ClusterJson } from "../render/cluster-json";
import type { Cost, Outcome } from "../simulation/outcome";
import { byName, simulateSingles } from "../simulation/simulation";
import { costsInWords } from "../simulation/words";

type Side = Pick<ClusterJson, "cluster" | "nodes" | "flows">;

/** For each failure that costs something that it does not cost so far, a sentence. `compareCapacity` says what room there is. */
export function compareAvailability(before: Side, after: Side): string[] {
  const old = byName(outcomesOf(before));
  return [...byName(outcomesOf(after))].flatMap(([name, outcome]) => {
    const past = old.get(name);
    const [then, now] = [costsBesideRoom(past), costsBesideRoom(outcome)];
    if (now.every((cost) => then.includes(cost) || (cost === "api" && then.includes("quorum")))) return [];
    const loss = `the loss of **${plain(name)}**`;
    return past === undefined
      ? [`After this change ${loss}, which is new, costs ${costsInWords(now)}`]
      : [`Today ${loss} costs ${costsInWords(then)}; after this change it costs ${costsInWords(now)}`];
  });
}

const outcomesOf = ({ cluster, nodes, flows = [] }: Side): Outcome[] =>
  simulateSingles({ ...cluster, nodes, flows });

const costsBesideRoom = (outcome: Outcome | undefined): Cost[] =>
  (outcome?.costs ?? []).filter((cost) => cost !== "capacity");
