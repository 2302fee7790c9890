/** How programs are run: the only module that starts any. */
import { spawn, spawnSync, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { constants } from "node:os";
import { UserError } from "./user-error";

export interface Where {
  /** @default - this process's own */
  readonly cwd?: string;
  /** @default - this process's own */
  readonly env?: NodeJS.ProcessEnv;
}

export interface CaptureOptions extends Where {
  /** Ends the program at once, and all that it started. @default - it comes to its end */
  readonly signal?: AbortSignal;
  /** The person sees what it says on standard error, and may be asked for a passphrase. @default false */
  readonly interactive?: boolean;
  /** What it may print, in bytes. @default 256 MiB */
  readonly limit?: number;
}

/** What a program that has ended came to. */
export interface Captured {
  /** Its exit code; of one that a signal ended 128 and the signal's number, as a shell has it. */
  readonly status: number;
  readonly stdout: string;
  /** Empty where the person saw it. */
  readonly stderr: string;
}

const LIMIT = 256 * 1024 * 1024;

/**
 * Runs a program and takes what it prints. It reads nothing, and a Ctrl-C at the terminal does not reach it, unless it is
 * interactive.
 *
 * @throws UserError `failed` when it does not start or prints more than the limit, `interrupted` when the signal ended it
 */
export async function capture(
  program: string,
  words: readonly string[],
  { signal, interactive = false, limit = LIMIT, ...where }: CaptureOptions = {},
): Promise<Captured> {
  refuseAborted(signal);
  const other = interactive ? "inherit" : "pipe";
  const child = spawn(program, words, {
    ...where,
    stdio: [interactive ? "inherit" : "ignore", "pipe", other],
    // Without a terminal of its own, a program cannot ask for a passphrase.
    detached: !interactive,
  });
  const stop = (): void => endGroup(child);
  signal?.addEventListener("abort", stop);
  let size = 0;
  const chunksOf = (stream: NodeJS.ReadableStream | null): Buffer[] => {
    const chunks: Buffer[] = [];
    stream?.on("data", (chunk: Buffer) => {
      if ((size += chunk.length) > limit) return stop();
      chunks.push(chunk);
    });
    return chunks;
  };
  const [stdout, stderr] = [chunksOf(child.stdout), chunksOf(child.stderr)];
  try {
    const status = await ended(child, program);
    refuseAborted(signal);
    if (size > limit) throw new UserError("failed", `${program} prints more than ${limit} bytes`);
    return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** How a person or a system asks for an end. The reason of each is the name of the signal that came. */
export interface Interruption {
  /** Aborted first: what has begun comes to its end, and nothing else begins. */
  readonly stop: AbortSignal;
  /** Aborted when it was asked for again: nothing comes to its end. */
  readonly leave: AbortSignal;
}

/**
 * Runs a program in sight of the person, and waits until it has ended, whatever signal comes meanwhile: a program that
 * outlives its wrapper changes things that nobody watches.
 *
 * The program and those that it starts ignore SIGHUP, of a closed terminal: OpenTofu has no handler for it (its
 * `cmd/tofu/signal_unix.go`) and would die with a clone half-made and the state's lock left behind. A Go program keeps a
 * SIGHUP ignored that it was started with.
 *
 * @param interruption - is passed on by SIGTERM; a Ctrl-C has reached the program from the terminal, and a second signal
 *   would make OpenTofu give up at once
 * @returns its exit code, as `Captured` has it; of a program that does not start 126 or 127, as a shell has it
 * @throws UserError `failed` where there is no shell, `interrupted` when it was to stop before it began
 */
export async function runInForeground(
  program: string,
  words: readonly string[],
  { stop, leave }: Interruption,
  where: Where = {},
): Promise<number> {
  refuseAborted(stop);
  const child = spawn("/bin/sh", ["-c", 'trap "" HUP; exec "$@"', "sh", program, ...words], {
    ...where,
    stdio: "inherit",
  });
  const passOn = ({ target }: Event): void => {
    if ((target as AbortSignal).reason !== "SIGINT") child.kill("SIGTERM");
  };
  for (const signal of [stop, leave]) signal.addEventListener("abort", passOn);
  try {
    return await ended(child, "/bin/sh");
  } finally {
    for (const signal of [stop, leave]) signal.removeEventListener("abort", passOn);
  }
}

/** A program that is talked with. */
export type Conversation = ChildProcessWithoutNullStreams;

/**
 * Starts a program to talk with, in a process group of its own, which a Ctrl-C at the terminal does not reach. Whoever
 * starts it listens for `error`, and ends it by `endGroup`.
 */
export const converse = (program: string, words: readonly string[]): Conversation =>
  spawn(program, words, { stdio: "pipe", detached: true });

/** Kills a program that leads a process group, and all that it started; one that has ended is left alone. */
export function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in this moment.
  }
}

/** Whether a program of a moment ends with 0: for code that cannot wait, as a synth. */
export const succeeds = (program: string, words: readonly string[]): boolean =>
  spawnSync(program, words, { stdio: "ignore" }).status === 0;

/** @returns the exit code, when all that it printed has come */
function ended(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new UserError("failed", `${program} does not start: ${cause.message}`, { cause })),
    );
    child.once("close", (status, signal) =>
      resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new UserError("interrupted", "It was interrupted");
}
