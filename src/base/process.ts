/** Runs programs. No other module starts a process. */
import {
  spawn,
  spawnSync,
  type ChildProcess,
  type ChildProcessByStdio,
  type ChildProcessWithoutNullStreams,
} from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { UserError } from "./user-error";

export interface Where {
  /** @default - this process's own */
  readonly cwd?: string;
  /** @default - this process's own */
  readonly env?: NodeJS.ProcessEnv;
}

export interface CaptureOptions extends Where {
  /** Kills the program and all that it started. @default - it runs to its end */
  readonly signal?: AbortSignal;
  /** Shows its standard error to the person, and lets it ask for a passphrase. @default false */
  readonly interactive?: boolean;
  /** Maximum size of its output, in bytes. @default 256 MiB */
  readonly limit?: number;
}

/** The result of a program that has ended. */
export interface Captured {
  /** Its exit status; 128 plus the signal's number when a signal ended it, as in a shell. */
  readonly status: number;
  readonly stdout: string;
  /** Empty when interactive. */
  readonly stderr: string;
}

const LIMIT = 256 * 1024 * 1024;

/**
 * Runs a program and captures its output. Unless it is interactive, its standard input is empty and a Ctrl-C at the terminal
 * does not reach it.
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
    // Said, since a test's `process` is not the one that `spawn` takes it from.
    env: where.env ?? process.env,
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

/** A request to stop, by a person or the system. The reason of each abort signal is the name of the process signal. */
export interface Interruption {
  /** Aborted by the first request: finish what has begun, and begin nothing else. */
  readonly stop: AbortSignal;
  /** Aborted by the second request: leave at once. */
  readonly leave: AbortSignal;
}

/**
 * Runs a program in the foreground and waits for its end, whatever signal arrives meanwhile: a program that outlives its
 * wrapper makes changes unwatched.
 *
 * The program and its children ignore SIGHUP, which a closed terminal sends. OpenTofu has no handler for it (its
 * `cmd/tofu/signal_unix.go`): it would die with a half-made clone and leave the state locked. A Go program keeps SIGHUP
 * ignored when it was started that way.
 *
 * @param interruption - passed on as SIGTERM. A Ctrl-C is not passed on: it has reached the program from the terminal, and a
 *   second signal would make OpenTofu give up at once
 * @returns its exit status, as in `Captured`; 126 or 127 when it does not start, as in a shell
 * @throws UserError `failed` without a shell, `interrupted` when it was asked to stop before it began
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

/** A running program with open pipes. */
export type Conversation = ChildProcessWithoutNullStreams;

/**
 * Starts a program with open pipes, in its own process group, which a Ctrl-C at the terminal does not reach. The caller
 * listens for `error`, and ends it with `endGroup`.
 */
export const converse = (program: string, words: readonly string[]): Conversation =>
  spawn(program, words, { stdio: "pipe", detached: true, env: process.env });

/** A running program whose standard output goes into a file. */
export type Recorded = ChildProcessByStdio<Writable, null, Readable>;

/** As `converse`, but what the program prints goes straight into an open file, without this process in between. */
export const record = (program: string, words: readonly string[], descriptor: number): Recorded =>
  spawn(program, words, {
    stdio: ["pipe", descriptor, "pipe"],
    detached: true,
    env: process.env,
  }) as Recorded;

/** Kills a program that leads a process group, and all that it started. Does nothing when it has ended. */
export function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

/** Whether a short program exits with 0. Blocks: for code that cannot be asynchronous, such as a synth. */
export const succeeds = (program: string, words: readonly string[]): boolean =>
  spawnSync(program, words, { stdio: "ignore" }).status === 0;

/** @returns the exit status, once all its output has arrived */
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
  if (signal?.aborted === true) throw new UserError("interrupted", "Interrupted");
}
