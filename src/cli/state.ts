import { join } from "node:path";
import { capture } from "../base/process";
import { openTofu, programPath } from "../base/programs";
import { OUTPUT, stacksOfLastSynth } from "../emit/manifest";

/** A remote state may be far away, or not answer. */
const PULL_MILLISECONDS = 20_000;

/**
 * OpenTofu's states of the stacks of the last synth, as far as they can be read. They may hold secrets.
 *
 * @param name - of the one stack that is meant. @default - all: an older version did not record the cluster's
 */
export async function pulledStates(stop: AbortSignal, name?: string): Promise<string[]> {
  const tofu = openTofu();
  if (programPath(tofu) === undefined) return [];
  const signal = AbortSignal.any([stop, AbortSignal.timeout(PULL_MILLISECONDS)]);
  const stacks = stacksOfLastSynth(OUTPUT).filter((stack) => name === undefined || stack.name === name);
  const states = stacks.map(async ({ workingDirectory }) => {
    try {
      const cwd = join(OUTPUT, workingDirectory);
      const { status, stdout } = await capture(tofu, ["state", "pull"], { cwd, signal });
      return status === 0 ? [stdout] : [];
    } catch (error) {
      if (stop.aborted) throw error;
      return [];
    }
  });
  return (await Promise.all(states)).flat();
}
