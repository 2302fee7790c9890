import { join, relative } from "node:path";
import { namingCluster, npmRun } from "../base/command-line";
import { counted, enumerated } from "../base/markdown";
import { mustHave } from "../base/programs";
import { StatusLine } from "../base/status-line";
import type { EmissionReport } from "../emit/app";
import { removeFormerStacks, stacksOfLastSynth, synthesizedStacks } from "../emit/manifest";
import { ExitCode, exitCodeOf } from "./exit-code";
import { explain } from "./faults";
import { outputFolder, runMain } from "./main-ts";
import { say } from "./terminal";

interface Options {
  /** File paths and Terraform addresses. */
  readonly accept: readonly string[];
  /** OpenTofu runs next: write nothing when it is missing. */
  readonly forTofu: boolean;
}

/** `synth`: runs `main.ts`, and lists what was written. */
export async function synth({ accept, forTofu }: Options): Promise<ExitCode> {
  if (forTofu) mustHave("openTofu", "a plan");
  const outdir = outputFolder();
  try {
    const before = stacksOfLastSynth(outdir);
    const report = await new StatusLine(process.stderr).during("Running main.ts", () =>
      runMain(outdir, { accept }),
    );
    removeFormerStacks(outdir, before);
    const stacks = synthesizedStacks(outdir);
    // Warnings come last, where they are seen.
    for (const line of written(report)) say(line);
    for (const { synthesizedStackPath } of stacks)
      console.log(`For OpenTofu: ${relative(".", join(outdir, synthesizedStackPath))}.`);
    for (const { annotations = [] } of stacks)
      for (const { message } of annotations) say(`Warning: ${message}`, process.stderr);
    console.log(
      `Next: ${report.written.length + report.removed.length > 0 ? `git diff ${report.folders.join(" ")}, npm run preview, ` : ""}${planning(stacks.map(({ name }) => name)).join(", ")}`,
    );
    return ExitCode.Done;
  } catch (error) {
    say(explain(error), process.stderr);
    return exitCodeOf(error);
  }
}

/** The commands that plan what a synth has written. */
export const planning = (stacks: readonly string[]): string[] =>
  stacks.map((name) => namingCluster(stacks.length > 1 ? name : undefined, () => npmRun("plan")));

function written({ folders, written, removed }: EmissionReport): string[] {
  if (written.length + removed.length === 0)
    return [
      `${enumerated(folders.map((folder) => `${folder}/`))} ${folders.length > 1 ? "are" : "is"} unchanged.`,
    ];
  return [
    ...(written.length > 0 ? [`Written: ${counted(written.length, "file")} in ${foldersOf(written)}.`] : []),
    ...(removed.length > 0 ? [`Removed: ${removed.join(", ")}.`] : []),
  ];
}

/** At most ten folders: `nix/k3s-agent/` for a host's files, `nix/` for the cluster's own. */
function foldersOf(paths: readonly string[]): string {
  const folders = [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/") + 1) || path))].sort();
  const more = folders.length > 10 ? ` and ${folders.length - 10} more` : "";
  return `${folders.slice(0, 10).join(", ")}${more}`;
}
