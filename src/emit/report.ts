import fs from "node:fs";
import { join } from "node:path";
import { shellWord } from "../base/escape";
import { textTable } from "../base/table";
import { shownPath, type EmissionPlan, type Refusal } from "./emission";

const MOST_FILES = 100;
const MOST_LINES = 400;
const MOST_LINES_OF_A_FILE = 40;
// The time that a diff takes grows with the square of the edits: 2000 take 0.2 s.
const MOST_EDITS = 2000;

/** Names the file, says why it is refused, what would be lost for what, and the way out. */
export function describeRefusal({ path, why, remedy, loss }: Refusal): string {
  if (loss === undefined) return `${path} ${why}. ${remedy}`;
  return [
    `${path} ${why}:`,
    ...excerpt(path, loss.there, loss.wanted),
    "A host's own additions go into its local.nix. To give up what is there now:",
    `  npm run synth -- --accept ${shellWord(path)}`,
  ].join("\n");
}

/** Every file that is not what `main.ts` says, with diffs, for `npm run check`. Empty when there is none. */
export function describeStale(plan: EmissionPlan): string {
  const files = staleFiles(plan);
  if (files.length === 0) return "";
  const rows = files.slice(0, MOST_FILES).map(({ state, path }) => [state, path]);
  const names = textTable(rows).map((line) => `  ${line}`);
  if (files.length > MOST_FILES) names.push(`  and ${files.length - MOST_FILES} more`);
  return [
    `Not what main.ts says (${files.length} under ${shownPath(plan.folder, "")}):`,
    ...names,
    ...details(files),
  ].join("\n");
}

interface StaleFile {
  readonly state: "missing" | "stale" | "left over" | "refused";
  readonly path: string;
  readonly detail?: () => string;
}

function staleFiles({ folder, writes, removals, refusals }: EmissionPlan): StaleFile[] {
  const stale = writes.map(({ path, text }): StaleFile => {
    const shown = shownPath(folder, path);
    if (!fs.existsSync(join(folder, path))) return { state: "missing", path: shown };
    const detail = () => excerpt(shown, fs.readFileSync(join(folder, path), "utf8"), text).join("\n");
    return { state: "stale", path: shown, detail };
  });
  const leftOver = removals.map((path): StaleFile => ({ state: "left over", path: shownPath(folder, path) }));
  const refused = refusals.map((refusal): StaleFile => ({
    state: "refused",
    path: refusal.path,
    detail: () => describeRefusal(refusal),
  }));
  return [...stale, ...leftOver, ...refused];
}

/** The details of as many files as the bound allows, and how many it left out. */
function details(files: readonly StaleFile[]): string[] {
  const all = files.flatMap(({ detail }) => detail ?? []);
  const lines: string[] = [];
  for (const [index, detail] of all.entries()) {
    if (lines.length >= MOST_LINES)
      return [...lines, "", `The diffs of ${all.length - index} more are not shown.`];
    lines.push("", ...detail().split("\n"));
  }
  return lines;
}

/** A unified diff from what is there to what is wanted, cut after some lines. */
function excerpt(path: string, there: string, wanted: string): string[] {
  // Loaded here, because it takes 12 ms and a run without complaints needs none of it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = require("diff") as typeof import("diff");
  const patch = createTwoFilesPatch(path, path, there, wanted, "there now", "from HostFiles", {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
    maxEditLength: MOST_EDITS,
    stripTrailingCr: true,
  });
  if (patch === undefined) return [`(more than ${MOST_EDITS} lines differ)`];
  const lines = patch.replace(/\n$/, "").split("\n");
  if (!patch.includes("\n@@ ")) return ["(the lines are the same; their ends or their encoding differ)"];
  if (lines.length <= MOST_LINES_OF_A_FILE) return lines;
  const more = lines.length - MOST_LINES_OF_A_FILE;
  return [
    ...lines.slice(0, MOST_LINES_OF_A_FILE),
    `(and ${more} more ${more === 1 ? "line" : "lines"} of this diff)`,
  ];
}
