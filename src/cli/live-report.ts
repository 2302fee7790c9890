/** What failures cost the pods that run, as blocks of a report. */
import { counted, plain } from "../base/markdown";
import type { Block } from "../preview/report";
import type { LiveLoss, LiveSimulation } from "../simulation/live";
import { isCostly, liveNotes, liveSentencesOf } from "../simulation/live-words";

/** Of more losses that cost something, the report says how many there are. */
const MOST_LOSSES = 40;

/** Names of failures that lose the same nodes, of which more would fill the line. */
const MOST_FAILURES = 3;

export function liveReport(live: LiveSimulation): Block[] {
  const { losses } = live;
  const costly = losses.filter(({ loss }) => isCostly(loss));
  const others = losses.length - costly.length;
  const hidden = costly.length - MOST_LOSSES;
  return [
    { kind: "heading", text: "Pods that run" },
    ...liveNotes(live).map((text): Block => ({ kind: "note", text })),
    {
      kind: "list",
      items: [
        ...costly
          .slice(0, MOST_LOSSES)
          .map((each) => `${titleOf(each)}: ${liveSentencesOf(each.loss).join(" ")}`),
        ...(hidden > 0 ? [`**${counted(hidden, "more loss", "more losses")}** that --json prints.`] : []),
        ...(others > 0
          ? [
              `**${counted(others, "other loss", "other losses")}**: each workload keeps a ready replica, and by the estimate each pod finds a node.`,
            ]
          : []),
      ].map((text) => ({ text })),
    },
  ];
}

function titleOf({ outcomes }: LiveLoss): string {
  const names = outcomes.flatMap(({ failures }) => failures.map(({ name }) => `**${plain(name)}**`));
  const more = names.length - MOST_FAILURES;
  return [...names.slice(0, MOST_FAILURES), ...(more > 0 ? [counted(more, "more failure")] : [])].join(
    " or ",
  );
}
