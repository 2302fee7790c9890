/** `npm run pictures`: records `docs/pictures/session.svg` anew, as root, with what the tests of rollouts need. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COLUMNS, linesOf, textOf, type Line } from "./screen";
import { playStory } from "./session";
import type { Played } from "./owner";
import { STORY, TITLE } from "./story";
import { renderSession, textsIn } from "./svg";
import { timeline, type Beat } from "./timeline";

const FILE = join(__dirname, "../../docs/pictures/session.svg");

/** Seconds. */
const BEFORE_TYPING = 0.8;
const BEFORE_OUTPUT = 0.8;
const BEFORE_CONSENT = 4;
const BETWEEN_LINES = 0.25;

function typed(command: string): Line {
  const style = { bold: false, dim: false };
  return [
    { ...style, text: "$", column: 0, colour: 2 },
    { ...style, text: command, column: 2, colour: undefined, bold: true },
  ];
}

async function beatsOf({ typed: command, sent, answer }: Played): Promise<Beat[]> {
  const lines = await linesOf(sent);
  const question = answer === undefined ? -1 : lines.findIndex((line) => textOf(line).includes(answer.after));
  const atOnce = question < 0 ? lines : lines.slice(0, question + 1);
  return [
    { lines: [typed(command)], after: BEFORE_TYPING },
    { lines: atOnce, after: BEFORE_OUTPUT },
    ...lines.slice(atOnce.length).map((line, index) => ({
      lines: [line],
      after: index === 0 ? BEFORE_CONSENT : BETWEEN_LINES,
    })),
  ];
}

/**
 * Without what differs from one recording to the next: times, commits, the order of hosts that are worked on at the same time,
 * and where a line is broken.
 */
const comparable = (svg: string): string =>
  JSON.stringify(
    textsIn(svg).map((lines) =>
      lines
        .map((line) => (line.length === COLUMNS ? line : `${line}\n`))
        .join("")
        .replace(/\b\d+(\.\d)?(?= m?s\b)|\b[0-9a-f]{12}\b|\d{4}-\d\d-\d\dT[\d-]+Z/g, "")
        .split(/\s+/)
        .sort(),
    ),
  );

async function main(): Promise<void> {
  const scenes = await playStory(STORY);
  const takes = await Promise.all(
    STORY.map(async ({ caption }, index) => ({
      caption,
      beats: (await Promise.all((scenes[index] ?? []).map(beatsOf))).flat(),
    })),
  );
  const svg = renderSession(TITLE, timeline(takes));
  if (existsSync(FILE) && comparable(svg) === comparable(readFileSync(FILE, "utf8"))) {
    console.log("The programs say what the picture shows: it is left as it is.");
  } else writeFileSync(FILE, svg);
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
