import { readFileSync } from "node:fs";
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

/** The file in which CDKTF lists the stacks of a synth. */
export const manifestIn = (outdir: string): string => join(outdir, "manifest.json");

/** The stacks of the last synth into that folder, which must have a manifest. */
export function synthesizedStacks(outdir: string): SynthesizedStack[] {
  const { stacks } = JSON.parse(readFileSync(manifestIn(outdir), "utf8")) as {
    stacks: Record<string, Omit<SynthesizedStack, "name">>;
  };
  return Object.entries(stacks).map(([name, stack]) => ({ ...stack, name }));
}
