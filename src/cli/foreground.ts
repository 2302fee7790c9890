import { spawn, type ChildProcess } from "node:child_process";

/** Signals that would end a program at once, and by which it is asked here to stop when it can. */
export const STOP_SIGNALS = ["SIGTERM", "SIGHUP"] as const;

/**
 * Runs a program in sight of the person, and waits until it has ended, whatever signal comes meanwhile: a program that
 * outlives its wrapper changes things that nobody watches.
 *
 * - Ctrl-C reaches the program from the terminal; a second one from here would make OpenTofu give up at once.
 * - SIGTERM is passed on, and SIGHUP, of a closed terminal, becomes SIGTERM. The program and the providers that it
 *   starts ignore SIGHUP: OpenTofu has no handler for it (its `cmd/tofu/signal_unix.go`) and would die with a clone
 *   half-made and the state's lock left behind. A Go program keeps a SIGHUP ignored that it was started with.
 *
 * @returns its exit code; 1 where a signal ended it
 * @throws Error when there is no shell; a program that does not start has the shell's exit code, 126 or 127
 */
export async function runInForeground(
  program: string,
  words: readonly string[],
  where: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  let child: ChildProcess | undefined;
  const ignore = (): void => undefined;
  const stop = (): void => void child?.kill("SIGTERM");
  // Before there is a program that could be left behind.
  process.on("SIGINT", ignore);
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  try {
    return await new Promise((resolve, reject) => {
      child = spawn("/bin/sh", ["-c", 'trap "" HUP; exec "$@"', "sh", program, ...words], {
        ...where,
        stdio: "inherit",
      });
      child.once("error", reject);
      child.once("close", (status) => resolve(status ?? 1));
    });
  } finally {
    process.off("SIGINT", ignore);
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}
