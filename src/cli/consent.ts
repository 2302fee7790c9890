import { createInterface } from "node:readline";
import { UserError } from "../base/user-error";

export interface Consent {
  /** Somebody has agreed beforehand. */
  readonly yes: boolean;
  /** Its end takes the question back. */
  readonly stop: AbortSignal;
}

/**
 * Asks the person at the terminal. `yes` is a yes, as for OpenTofu; anything else is a no, and so are Ctrl-C, Ctrl-D, a
 * signal, and a terminal that is closed.
 *
 * @throws UserError `cancelled` after a no, `usage` where nobody can be asked
 */
export async function askForConsent(question: string, { yes, stop }: Consent): Promise<void> {
  if (yes) return;
  // The question is for eyes, and standard output may be for a program.
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UserError("usage", "Nobody can be asked here", {
      remedy: "state --yes to go on without a question",
    });
  if ((await answer(`\n${question} Only 'yes' is taken for yes: `, stop)) !== "yes")
    throw new UserError("cancelled", "It was not done, since you did not say yes");
}

/** @returns what was typed before Enter; nothing when the question was taken back */
async function answer(question: string, stop: AbortSignal): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const close = (): void => terminal.close();
  stop.addEventListener("abort", close);
  try {
    return await new Promise((resolve) => {
      // Ctrl-C, which readline hears in the place of the process, and Ctrl-D close it, too.
      terminal.once("close", () => resolve(undefined));
      terminal.question(question, resolve);
      if (stop.aborted) close();
    });
  } finally {
    stop.removeEventListener("abort", close);
    terminal.close();
  }
}
