/** The only module that listens to the signals that ask this process to stop. */

import type { Interruption } from "../base/process";
import { UserError } from "../base/user-error";

/** Ctrl-C, a system that shuts down, and a closed terminal. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One Ctrl-C may arrive twice: the terminal signals the whole job, and npm forwards its own signals to the script
 * (`@npmcli/run-script`, lib/signal-manager.js). A closed terminal may do so too, through the kernel and the shell.
 */
const ECHO_MILLISECONDS = 300;

/** Runs code that handles a request to stop by itself. Otherwise a signal would end the process at once. */
export async function interruptible<T>(run: (interruption: Interruption) => Promise<T>): Promise<T> {
  const [stop, leave] = [new AbortController(), new AbortController()];
  let heard = -Infinity;
  const hear = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - heard < ECHO_MILLISECONDS) return;
    heard = now;
    (stop.signal.aborted ? leave : stop).abort(signal);
  };
  for (const signal of SIGNALS) process.on(signal, hear);
  try {
    return await run({ stop: stop.signal, leave: leave.signal });
  } finally {
    for (const signal of SIGNALS) process.off(signal, hear);
  }
}

/**
 * Rejects as soon as the person asks a second time, without waiting for running steps.
 *
 * @param remains - what that leaves, when it happens. @default - nothing
 */
export const left = (leave: AbortSignal, remains: () => string = () => ""): Promise<never> =>
  new Promise((_, reject) => {
    leave.addEventListener("abort", () => {
      const words = remains();
      reject(new UserError("interrupted", `Stopped at once${words === "" ? "" : `. ${words}`}`));
    });
  });
