import { closeSync, fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { ExitCode } from "./exit-code";

/** What a write to a pipe without a reader, and to a terminal that is gone, fails with. */
const NOBODY_READS: readonly (string | undefined)[] = ["EPIPE", "EIO"];

/**
 * Lets this process end as usual, with its exit code, when its terminal or the reader of its output is gone.
 *
 * Writing then fails, which must not leave things half-done. Any other failure, such as a full disk, loses output that
 * somebody wants: the command goes on to its end, and then has failed.
 *
 * At its exit Node resets the terminals that it was started with, and aborts when one does not answer
 * (https://github.com/nodejs/node/issues/51519, in Node 20). It leaves closed ones alone.
 */
export function surviveClosedTerminal(): void {
  let lost: Error | undefined;
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!NOBODY_READS.includes(error.code)) lost ??= error;
    });
  process.once("exit", (code) => {
    if (lost !== undefined) {
      console.error(`The output is incomplete: ${lost.message}`);
      if (code === (ExitCode.Done as number)) process.exitCode = ExitCode.Failed;
    }
    for (const descriptor of [0, 1, 2]) if (isGone(descriptor)) closeSync(descriptor);
  });
}

/** A character device that is not a terminal, or no longer. Of /dev/null it is true, too, and makes no difference. */
function isGone(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice() && !isatty(descriptor);
  } catch {
    return false; // It is closed already.
  }
}
