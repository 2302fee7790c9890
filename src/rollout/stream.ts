/** A stream of bytes from one program to another. */
import { endGroup, type Captured, type Conversation, type Recorded } from "../base/process";

/** What is kept of the output of each program, in characters. */
const LIMIT = 64 * 1024;

/** How the programs ended. */
export interface Streamed {
  /** Without its standard output, which is the stream. */
  readonly source: Captured;
  readonly sink: Captured;
  /** The program that failed first, of which the other's failure is a consequence. */
  readonly failed?: "source" | "sink";
  readonly isLate: boolean;
}

export interface StreamOptions {
  /** Standard input of the source. */
  readonly input: string;
  /** After which both are killed. */
  readonly seconds: number;
  /** Hears how many bytes have been sent so far. */
  readonly onBytes: (sent: number) => void;
}

/** Kills programs after some seconds. */
export class TimeLimit {
  private late = false;
  private readonly timer: NodeJS.Timeout;

  public constructor(children: readonly (Conversation | Recorded)[], seconds: number) {
    this.timer = setTimeout(() => {
      this.late = true;
      for (const child of children) endGroup(child);
    }, seconds * 1000);
  }

  /** Whether it was needed. */
  public get isLate(): boolean {
    return this.late;
  }

  /** To be called when they have ended. */
  public clear(): void {
    clearTimeout(this.timer);
  }
}

/** Sends the standard output of one program to the standard input of another, as fast as that one takes it. */
export async function stream(
  source: Conversation,
  sink: Conversation,
  { input, seconds, onBytes }: StreamOptions,
): Promise<Streamed> {
  let failed: Streamed["failed"];
  const limit = new TimeLimit([source, sink], seconds);
  // The end of a program reports what is wrong with its pipes.
  for (const child of [source, sink]) child.stdin.on("error", () => undefined);
  let sent = 0;
  source.stdout.on("data", (chunk: Buffer) => onBytes((sent += chunk.length)));
  // The end of the source, whatever its cause, ends the sink's input: a stream that is cut off is no complete one.
  source.stdout.pipe(sink.stdin);
  source.stdin.end(input);
  const ends = [
    ended(source, ["stderr"]).then((end) => {
      if (end.status !== 0) failed ??= "source";
      return end;
    }),
    ended(sink, ["stdout", "stderr"]).then((end) => {
      if (end.status === 0) return end;
      failed ??= "sink";
      // Nobody reads what it still has to send.
      endGroup(source);
      return end;
    }),
  ] as const;
  try {
    const [from, to] = await Promise.all(ends);
    return { source: from, sink: to, failed, isLate: limit.isLate };
  } finally {
    limit.clear();
  }
}

/** @param kept - the output to keep the end of */
export function ended(
  child: Conversation | Recorded,
  kept: readonly ("stdout" | "stderr")[],
): Promise<Captured> {
  const said = { stdout: "", stderr: "" };
  for (const name of kept) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      said[name] = (said[name] + chunk).slice(-LIMIT);
    });
  }
  return new Promise((resolve) => {
    child.on("error", ({ message }) => resolve({ status: 127, stdout: "", stderr: message }));
    child.on("close", (status) => resolve({ status: status ?? 128, ...said }));
  });
}
