/** What the failure costs that is worst for the cluster, as a Mermaid flowchart of PVE nodes and the nodes on them. */
import { groupBy } from "../base/group-by";
import { counted } from "../base/markdown";
import type { Cluster, Node } from "../config/model";
import { flows } from "../firewall/flows";
import { pveNodesOf, type Subject } from "../simulation/failure";
import type { Outcome } from "../simulation/outcome";
import { simulate, worstOf } from "../simulation/simulation";
import { failuresInWords, sentencesOf } from "../simulation/words";
import { label, MOST_BOXES } from "./topology";

export interface Availability {
  /** What fails, in Markdown. */
  readonly failure: string;
  readonly sentences: string;
  readonly picture: string;
}

/** Nothing for one server on one PVE node, without which there is no cluster. */
export function availability(cluster: Cluster): Availability | undefined {
  const subject: Subject = { ...cluster, flows: flows(cluster) };
  const several = pveNodesOf(cluster).length > 1 || cluster.nodes.filter(isServer).length > 1;
  const worst = several ? worstOf(simulate(subject).singles) : undefined;
  return worst === undefined
    ? undefined
    : {
        failure: failuresInWords(worst),
        sentences: sentencesOf(worst).join(" "),
        picture: picture(subject, worst),
      };
}

const isServer = ({ role }: Node): boolean => role === "server";

type Fate = "stopped" | "cutOff" | "moved" | "runs";

/** Fill and stroke of a box: red stops, yellow runs and is cut off, blue starts elsewhere. */
const STYLES: Readonly<Record<Exclude<Fate, "runs">, string>> = {
  stopped: "fill:#f8d7da,stroke:#b02a37,color:#58151c",
  cutOff: "fill:#fff3cd,stroke:#997404,color:#664d03",
  moved: "fill:#cfe2ff,stroke:#0a58ca,color:#052c65",
};

/** PVE nodes with the nodes on them, in the colors of what becomes of them. */
export function picture(subject: Subject, outcome: Outcome): string {
  const places = pveNodesOf(subject);
  const fateOf = fatesOf(outcome);
  const isBroad = subject.nodes.length > MOST_BOXES;
  const boxes = places.flatMap((place, number) => {
    const there = subject.nodes.filter(({ vm }) => vm.pveNode === place);
    const groups = groupBy(there, (node) => (isBroad ? `${node.role} ${fateOf(node)}` : node.hostname));
    return [...groups.values()].map((some, index) => ({ place, id: `vm${number}_${index}`, some }));
  });
  const down = downOf(subject, outcome);
  return [
    "flowchart LR",
    ...places.flatMap((place, number) => [
      `  subgraph pve${number}[${label([`PVE node ${place}`])}]`,
      ...boxes
        .filter((box) => box.place === place)
        .map(({ id, some }) => `    ${id}[${label(lines(some, outcome))}]`),
      "  end",
    ]),
    ...Object.entries(STYLES).map(([fate, style]) => `  classDef ${fate} ${style}`),
    ...boxes.flatMap(({ id, some: [first] }) => classLine(id, fateOf(first))),
    ...places.flatMap((place, number) => (down.has(place) ? classLine(`pve${number}`, "stopped") : [])),
    "",
  ].join("\n");
}

const classLine = (id: string, fate: Fate): string[] => (fate === "runs" ? [] : [`  class ${id} ${fate}`]);

function fatesOf({ stopped, cutOff, ha }: Outcome): (node: Node) => Fate {
  const [dead, alone] = [new Set(stopped), new Set(cutOff)];
  return (node) =>
    ha.moves.has(node) ? "moved" : dead.has(node) ? "stopped" : alone.has(node) ? "cutOff" : "runs";
}

/** PVE nodes that fail, or that the HA manager resets. */
const downOf = (subject: Subject, { failures, ha }: Outcome): ReadonlySet<string> =>
  new Set([
    ...ha.fenced,
    ...pveNodesOf(subject).filter((name) => failures.some(({ effect }) => effect.pveNode === name)),
  ]);

function lines(some: readonly [Node, ...Node[]], { ha }: Outcome): string[] {
  const [first, ...others] = some;
  if (others.length > 0) return [counted(some.length, first.role)];
  const target = ha.moves.get(first);
  return [first.hostname, first.role, ...(target === undefined ? [] : [`starts on ${target}`])];
}
