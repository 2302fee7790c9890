import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A stack as CDKTF lists it. Paths are relative to the output folder. */
export interface SynthesizedStack {
  readonly name: string;
  /** Folder in which OpenTofu runs. */
  readonly workingDirectory: string;
  /** OpenTofu JSON. */
  readonly synthesizedStackPath: string;
  readonly annotations?: readonly { readonly message: string }[];
}

/** Where CDKTF writes by default. */
export const OUTPUT = "cdktf.out";

/** The file in which CDKTF lists the stacks of a synth. */
export const manifestIn = (outdir: string): string => join(outdir, "manifest.json");

/** The stacks of the last synth into that folder, which must have a manifest. */
export function synthesizedStacks(outdir: string): SynthesizedStack[] {
  const { stacks } = JSON.parse(readFileSync(manifestIn(outdir), "utf8")) as {
    stacks: Record<string, Omit<SynthesizedStack, "name">>;
  };
  return Object.entries(stacks).map(([name, stack]) => ({ ...stack, name }));
}

/** As `synthesizedStacks`, but none where no synth has left a manifest that can be read. */
export function stacksOfLastSynth(outdir: string): SynthesizedStack[] {
  try {
    return synthesizedStacks(outdir);
  } catch {
    return [];
  }
}

/**
 * Removes the folders of stacks that the app no longer has: whoever ran OpenTofu there would plan the former app against the state of
 * the present one. A folder that holds a state loses only the OpenTofu JSON.
 *
 * @param before - the stacks of the synth before
 */
export function removeFormerStacks(outdir: string, before: readonly SynthesizedStack[]): void {
  const present = new Set(synthesizedStacks(outdir).map(({ workingDirectory }) => workingDirectory));
  for (const { workingDirectory, synthesizedStackPath } of before) {
    const folder = join(outdir, workingDirectory);
    if (present.has(workingDirectory) || !existsSync(folder)) continue;
    const holdsState = readdirSync(folder).some((name) => name.includes(".tfstate"));
    rmSync(holdsState ? join(outdir, synthesizedStackPath) : folder, { recursive: true, force: true });
  }
}
