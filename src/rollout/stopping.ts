/** How a rollout heeds that it is asked to stop. */
import { UserError } from "../base/user-error";
import type { Log } from "./log";

/** @param rest - what was left undone, on lines of its own */
export const interrupted = (rest = ""): UserError =>
  new UserError("interrupted", `Stopped as you asked.${rest}`);

/** Gives up what changes nothing. @throws UserError `interrupted` when it is asked to stop before the work has ended */
export async function unlessStopped<T>(stop: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (stop.aborted) throw interrupted();
  const over = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener("abort", () => reject(interrupted()), { signal: over.signal });
  });
  try {
    // Nobody waits for the work any more when the other has come first; its connections are ended with the session.
    return await Promise.race([work(), stopped]);
  } finally {
    over.abort();
  }
}

/**
 * Runs what comes to its end when it is asked to stop, and tells the person so.
 *
 * @throws UserError `interrupted` when it was asked before the work began
 */
export async function untilFinished<T>(stop: AbortSignal, log: Log, work: () => Promise<T>): Promise<T> {
  if (stop.aborted) throw interrupted();
  const over = new AbortController();
  const notice =
    "Stopping: hosts that are being changed are finished, no other is begun. Again to leave at once";
  stop.addEventListener("abort", () => log.say("cluster", notice), { signal: over.signal });
  try {
    return await work();
  } finally {
    over.abort();
  }
}
