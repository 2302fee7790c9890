import { capture } from "../base/process";
import { UserError } from "../base/user-error";

/**
 * Runs this program's `check` in another process: it executes `main.ts`, and the signal can end it at any time.
 *
 * @throws UserError `invalid` when the emitted files do not match `main.ts`
 */
export async function checkFreshness(stop: AbortSignal): Promise<void> {
  const [, program = ""] = process.argv;
  const words = [...process.execArgv, program, "check"];
  const { status, stdout, stderr } = await capture(process.execPath, words, { signal: stop });
  if (status !== 0)
    throw new UserError("invalid", `${(stderr || stdout).trim()}\nThe hosts were not touched`);
}
