import fs from "node:fs";
import { join } from "node:path";
import { shellWord } from "../base/escape";
import { textTable } from "../base/table";
import { shownPath, type EmissionPlan, type Refusal } from "./emission";

const MOST_FILES = 100;
const MOST_LINES = 400;
const MOST_LINES_OF_A_FILE = 40;
// A diff takes time proportional to the square of the edits: 2000 take 0.2 s.
const MOST_EDITS = 2000;

/** Describes the file, why it is refused, what would be overwritten with what, and what to do. */
export function describeRefusal({ path, why, remedy, loss }: Refusal): string {
  if (loss === undefined) return `${path} ${why}. ${remedy}`;
  return [
    `${path} ${why}:`,
    ...excerpt(path, loss.there, loss.wanted),
    "Put a host's own additions into its local.nix. To overwrite the file:",
    `  npm run synth -- --accept ${shellWord(path)}`,
  ].join("\n");
}

/** Describes every file that does not match `main.ts`, with diffs, for `npm run check`. Empty if there are none. */
export function describeStale(plan: EmissionPlan): string {
  const files = staleFiles(plan);
  if (files.length === 0) return "";
  const rows = files.slice(0, MOST_FILES).map(({ state, path }) => [state, path]);
  const names = textTable(rows).map((line) => `  ${line}`);
  if (files.length > MOST_FILES) names.push(`  and ${files.length - MOST_FILES} more`);
  return [
    `These files do not match main.ts (${files.length} in ${shownPath(plan.folder, "")}):`,
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

/** Details of as many files as fit into the limit, and the number of others. */
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

/** A unified diff from the current to the new text, truncated. */
function excerpt(path: string, there: string, wanted: string): string[] {
  // Loaded on demand, because it takes 12 ms and most runs do not need it.
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
