import { closeSync, fstatSync } from "node:fs";
import { isatty } from "node:tty";

/**
 * Lets this process end as usual, with its exit code, when its terminal or the reader of its output is gone.
 *
 * Writing then fails, which must not leave things half-done. At its exit Node resets the terminals that it was started with,
 * and aborts when one does not answer (https://github.com/nodejs/node/issues/51519, in Node 20). It leaves closed ones alone.
 */
export function surviveClosedTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  process.once("exit", () => {
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
