import { createInterface } from "node:readline";
import { UserError } from "../base/user-error";
import { fitted } from "./terminal";

export interface Consent {
  /** Consent was given beforehand (`--yes`). */
  readonly yes: boolean;
  /** Aborting it withdraws the question. */
  readonly stop: AbortSignal;
  /** The only answer that means yes. @default "yes" */
  readonly word?: string;
}

/**
 * Asks the person at the terminal. Only `yes`, or the word that is asked for, means yes, as in OpenTofu. Any other answer means no, and so do Ctrl-C,
 * Ctrl-D, a signal, and a closed terminal.
 *
 * @throws UserError `cancelled` after a no, `usage` without a terminal
 */
export async function askForConsent(question: string, { yes, stop, word = "yes" }: Consent): Promise<void> {
  if (yes) return;
  // The question is for a person; standard output may be read by a program.
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UserError("usage", "There is no terminal to ask for consent", {
      remedy: "pass --yes to continue without being asked",
    });
  if ((await answer(fitted(`\n${question} Only '${word}' is accepted: `, process.stderr), stop)) !== word)
    throw new UserError("cancelled", `Cancelled: you did not answer ${word}`);
}

/** @returns what was typed before Enter; `undefined` when the question was withdrawn */
async function answer(question: string, stop: AbortSignal): Promise<string | undefined> {
  // In its raw mode, readline throws when the terminal is closed.
  const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const close = (): void => terminal.close();
  stop.addEventListener("abort", close);
  try {
    return await new Promise((resolve) => {
      // Ctrl-D closes it too.
      terminal.once("close", () => resolve(undefined));
      terminal.question(question, resolve);
      if (stop.aborted) close();
    });
  } finally {
    stop.removeEventListener("abort", close);
    terminal.close();
  }
}
