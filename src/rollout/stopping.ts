/** Handling of requests to stop. */
import { UserError } from "../base/user-error";
import type { Log } from "./log";

/** @param rest - what was not done, on separate lines */
export const interrupted = (rest = ""): UserError =>
  new UserError("interrupted", `Stopped as you asked.${rest}`);

/** Abandons work that changes nothing. @throws UserError `interrupted` when asked to stop before the work is done */
export async function unlessStopped<T>(stop: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (stop.aborted) throw interrupted();
  const over = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener("abort", () => reject(interrupted()), { signal: over.signal });
  });
  try {
    // After a request to stop nothing waits for the work; the session closes its connections.
    return await Promise.race([work(), stopped]);
  } finally {
    over.abort();
  }
}

/**
 * Runs work that finishes what it has begun when asked to stop, and tells the operator so.
 *
 * @throws UserError `interrupted` when asked to stop before the work began
 */
export async function untilFinished<T>(stop: AbortSignal, log: Log, work: () => Promise<T>): Promise<T> {
  if (stop.aborted) throw interrupted();
  const over = new AbortController();
  const notice =
    "Stopping: hosts that are being changed will be finished, and no others started. Ask again to stop at once";
  stop.addEventListener("abort", () => log.info("cluster", notice), { signal: over.signal });
  try {
    return await work();
  } finally {
    over.abort();
  }
}
