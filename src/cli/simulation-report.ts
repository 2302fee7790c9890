/** A simulation in words, as the blocks that a preview has too. */
import { groupBy } from "../base/group-by";
import { counted, plain } from "../base/markdown";
import { oneLine } from "../base/printable";
import type { Block } from "../preview/report";
import { pveNodesOf, type Subject } from "../simulation/failure";
import { nameOf, type Cost, type Outcome } from "../simulation/outcome";
import { byName, furtherCosts, type Simulation } from "../simulation/simulation";
import { assumptionsOf, costsInWords, failuresInWords, sentencesOf } from "../simulation/words";

/** Of more agents whose failure costs nothing else, one line stands for all. */
const MOST_AGENTS = 12;

/** @param allPairs - also those that cost no more than each failure alone */
export function reportOf(subject: Subject, { singles, pairs }: Simulation, allPairs: boolean): Block[] {
  const costly = singles.filter(({ costs }) => costs.length > 0);
  return [
    {
      kind: "summary",
      text: `${counted(singles.length, "failure")}: ${costly.length === 0 ? "none" : costly.length} of them ${costly.length === 1 ? "costs" : "cost"} more than the VMs that stop.`,
    },
    ...onlyPveNode(subject),
    ...assumptionsOf(subject, singles.find(isOfHolder)?.stopped[0]?.hostname).map((text): Block => ({
      kind: "note",
      text: plain(text),
    })),
    { kind: "heading", text: "Each failure" },
    tableOf(condensed(singles)),
    { kind: "list", items: condensed(singles).map((some) => ({ text: sentence(some) })) },
    ...pairBlocks(singles, pairs, allPairs),
  ];
}

const isOfHolder = ({ failures }: Outcome): boolean => failures[0]?.kind === "api address holder";

function onlyPveNode(subject: Subject): Block[] {
  const [only, ...others] = pveNodesOf(subject);
  if (only === undefined || others.length > 0) return [];
  return [
    {
      kind: "text",
      text: `All VMs are on **${plain(only)}**, which is the single point of failure: servers of which one may fail do not help where they fail together.`,
    },
  ];
}

/** Failures that differ in nothing but which agent stops. */
function condensed(singles: readonly Outcome[]): (readonly [Outcome, ...Outcome[]])[] {
  const isIdle = ({ failures, costs }: Outcome): boolean =>
    failures[0]?.kind === "agent" && costs.length === 0;
  const idle = singles.filter(isIdle);
  if (idle.length <= MOST_AGENTS) return singles.map((outcome) => [outcome]);
  const [first, ...rest] = idle;
  return singles.flatMap((outcome): (readonly [Outcome, ...Outcome[]])[] => {
    if (!isIdle(outcome)) return [[outcome]];
    return outcome === first ? [[outcome, ...rest]] : [];
  });
}

const titleOf = ([outcome, ...others]: readonly [Outcome, ...Outcome[]]): string =>
  others.length === 0 ? failuresInWords(outcome) : `**any of ${counted(others.length + 1, "other agent")}**`;

const sentence = (some: readonly [Outcome, ...Outcome[]]): string =>
  some.length === 1
    ? `${titleOf(some)}: ${sentencesOf(some[0]).join(" ")}`
    : `${titleOf(some)}: its own pods stop, and nothing else.`;

function tableOf(all: readonly (readonly [Outcome, ...Outcome[]])[]): Block {
  const hasApi = all.some(([{ api }]) => api !== undefined);
  return {
    kind: "table",
    head: ["failure", "VMs", "etcd", ...(hasApi ? ["API address"] : []), "costs"],
    rows: all.map((some) => {
      const [outcome] = some;
      const { etcd } = outcome;
      return [
        titleOf(some).replaceAll("**", ""),
        vms(outcome),
        `${etcd.left} of ${etcd.members}${etcd.majority === "kept" ? "" : `, ${etcd.majority}`}`,
        ...(hasApi ? [api(outcome)] : []),
        costs(outcome.costs),
      ];
    }),
  };
}

const vms = ({ stopped, cutOff }: Outcome): string =>
  [
    ...(stopped.length === 0 ? [] : [`${stopped.length} stop`]),
    ...(cutOff.length === 0 ? [] : [`${cutOff.length} cut off`]),
  ].join(", ") || "-";

const api = ({ api }: Outcome): string =>
  api === undefined ? "" : api.state === "moves" ? `moves to ${api.holder}` : api.state;

const costs = (all: readonly Cost[]): string => all.join(", ") || "-";

function pairBlocks(singles: readonly Outcome[], pairs: Iterable<Outcome>, allPairs: boolean): Block[] {
  const known = byName(singles);
  const rows: { one: string; other: string; costs: string }[] = [];
  let count = 0;
  for (const pair of pairs) {
    count++;
    const further = allPairs ? pair.costs : furtherCosts(pair, known);
    const [one, other] = pair.failures.map(({ name }) => plain(name));
    if (one !== undefined && other !== undefined && (allPairs || further.length > 0))
      rows.push({ one, other, costs: costs(further) });
  }
  const title = allPairs ? "Every two failures" : "Two failures that cost more than each alone";
  const grouped = [...groupBy(rows, (row) => JSON.stringify([row.one, row.costs])).values()];
  return [
    { kind: "heading", text: title },
    ...(rows.length === 0
      ? []
      : [
          {
            kind: "table",
            head: ["failure", "together with", "costs"],
            rows: grouped.map((some) => [
              some[0].one,
              some.map(({ other }) => other).join(", "),
              some[0].costs,
            ]),
          } as const,
        ]),
    ...(allPairs ? [] : [{ kind: "text", text: `${rows.length} of ${counted(count, "pair")}.` } as const]),
  ];
}

/** Why a simulation does not pass. */
export const refusal = (outcomes: readonly Outcome[], asked: readonly Cost[]): string =>
  outcomes
    .map((outcome) => {
      const found = outcome.costs.filter((cost) => asked.includes(cost));
      return `${oneLine(nameOf(outcome))} costs ${costsInWords(found)}`;
    })
    .join("\n");
