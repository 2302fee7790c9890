/** The only place that listens to the signals by which a person or a system asks this process to stop. */

import type { Interruption } from "../base/process";

/** Of Ctrl-C, of a system that shuts down, and of a terminal that was closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One Ctrl-C may come twice: the terminal tells all of a job, and npm passes on to its script what it hears itself
 * (`@npmcli/run-script`, lib/signal-manager.js). So may the end of a terminal, by the kernel and by its shell.
 */
const ECHO_MILLISECONDS = 300;

/** Runs what decides itself how it ends when it is asked to stop; a signal would end the process at once otherwise. */
export async function interruptible<T>(run: (interruption: Interruption) => Promise<T>): Promise<T> {
  const [stop, leave] = [new AbortController(), new AbortController()];
  let heard = -Infinity;
  const hear = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - heard < ECHO_MILLISECONDS) return;
    heard = now;
    (stop.signal.aborted ? leave : stop).abort(signal);
  };
  // Nobody reads it any more when the terminal was closed, which is no reason to leave things half-done.
  const ignore = (): void => undefined;
  for (const signal of SIGNALS) process.on(signal, hear);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignore);
  try {
    return await run({ stop: stop.signal, leave: leave.signal });
  } finally {
    for (const signal of SIGNALS) process.off(signal, hear);
    for (const stream of [process.stdout, process.stderr]) stream.off("error", ignore);
  }
}
