import { randomBytes } from "node:crypto";
import { converse, endGroup, type Conversation } from "../base/process";
import { withoutClient } from "./openssh";

/** Maximum size of a host's answer to one script, in characters, so that no host can fill the operator's memory. */
export const ANSWER_LIMIT = 16 * 1024 * 1024;

/** Maximum size of what the client prints while it connects, the host's banner included, in characters. */
const OPENING_LIMIT = 64 * 1024;

/** What is kept of a line that has not ended, in characters. */
const LINE_LIMIT = 1024;

/**
 * - `complete`: the script ended, and all its output has arrived.
 * - `broken`: the connection ended early. What the script did is unknown.
 * - `late`: the script did not end in time.
 * - `too much`: the output exceeded the limit.
 */
type Ending = "complete" | "broken" | "late" | "too much";

export interface Answer {
  readonly ending: Ending;
  /** Exit status of the script; 0 unless complete. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A shell that runs scripts one after another: an OpenSSH client and the remote shell, or one of this machine. The shell marks the end of each answer, so
 * that a truncated answer is not mistaken for a complete one.
 */
export class Connection {
  private readonly id = randomBytes(8).toString("hex");
  private readonly child: Conversation;
  private readonly stdout = new Stream(this.id);
  private readonly stderr = new Stream(this.id);
  private finish: ((ending: Ending) => void) | undefined;
  private isOver = false;
  private heard = performance.now();

  /** @param onError - when the program does not start */
  public constructor(program: string, words: readonly string[], onError: (error: Error) => void) {
    // A Ctrl-C at the terminal must not reach the program: what has begun is finished.
    this.child = converse(program, words);
    const ready = `printf '${Stream.ready(this.id)}'`;
    this.child.stdin.on("error", () => undefined); // the end of the client reports it
    this.child.stdin.write(`${ready}\n${ready} >&2\n`);
    for (const name of ["stdout", "stderr"] as const) {
      this.child[name].setEncoding("utf8").on("data", (chunk: string) => this.take(this[name], chunk));
    }
    this.child.on("error", (error) => {
      onError(error);
      this.end("broken");
    });
    this.child.on("close", () => this.end("broken"));
  }

  /** What the client printed until the shell answered, including the host's banner. */
  public get opening(): string {
    return this.stderr.opening;
  }

  /** Whether the shell has ever answered. */
  public get isReady(): boolean {
    return this.stdout.isReady;
  }

  public get isOpen(): boolean {
    return !this.isOver;
  }

  /** Seconds since the host last sent anything. */
  public get silentSeconds(): number {
    return (performance.now() - this.heard) / 1000;
  }

  /**
   * Runs a script in a subshell, once all of it has arrived. One at a time.
   *
   * @param onLine - hears each line of its standard output as it arrives
   */
  public run(script: string, seconds: number, onLine?: (line: string) => void): Promise<Answer> {
    this.stdout.begin(onLine);
    this.stderr.begin();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.end("late"), seconds * 1000);
      this.finish = (ending) => {
        clearTimeout(timer);
        this.finish = undefined;
        resolve({
          ending,
          status: this.stdout.status ?? 0,
          stdout: this.stdout.answer(),
          stderr: withoutClient(this.stderr.answer()),
        });
      };
      if (this.isOver) return this.finish("broken");
      const end = `printf '${Stream.end(this.id)}' "$status"`;
      this.child.stdin.write(`(\n${script}\n) </dev/null\nstatus=$?\n${end}\n${end} >&2\n`);
    });
  }

  /** Kills the client and its children at once: the proxy of a jump host would hold its output open. */
  public close(): void {
    this.end("broken");
  }

  private take(stream: Stream, chunk: string): void {
    this.heard = performance.now();
    stream.take(chunk);
    if (this.stdout.size + this.stderr.size > ANSWER_LIMIT) return this.end("too much");
    if (this.stdout.status !== undefined && this.stderr.status !== undefined) this.finish?.("complete");
  }

  private end(ending: Ending): void {
    if (!this.isOver) {
      this.isOver = true;
      endGroup(this.child);
    }
    this.finish?.(ending);
  }
}

/** Standard output or standard error of the remote shell. */
class Stream {
  public opening = "";
  public isReady = false;
  public status: number | undefined;
  /** Size of this answer, in characters. */
  public size = 0;
  private chunks: string[] = [];
  /** The end of the output so far, in which a marker may have begun. */
  private tail = "";
  /** The beginning of a line whose end has not arrived. */
  private line = "";
  private onLine: ((line: string) => void) | undefined;

  public constructor(private readonly id: string) {}

  public static readonly ready = (id: string): string => `@ready ${id}\\n`;
  public static readonly end = (id: string): string => `\\n@end ${id} %s\\n`;

  public begin(onLine?: (line: string) => void): void {
    this.onLine = onLine;
    this.chunks = [];
    this.tail = "";
    this.line = "";
    this.size = 0;
    this.status = undefined;
  }

  public take(chunk: string): void {
    if (this.isReady) this.takeAnswer(chunk);
    else this.takeOpening(chunk);
  }

  /** The output between the markers. */
  public answer(): string {
    const text = this.chunks.join("");
    const end = text.lastIndexOf(`\n@end ${this.id} `);
    return this.status === undefined || end < 0 ? text : text.slice(0, end);
  }

  private takeOpening(chunk: string): void {
    const mark = `@ready ${this.id}\n`;
    this.opening += chunk;
    const at = this.opening.indexOf(mark);
    if (at < 0) {
      // Keep enough for a marker that has begun.
      if (this.opening.length > OPENING_LIMIT) this.opening = this.opening.slice(-OPENING_LIMIT);
      return;
    }
    const rest = this.opening.slice(at + mark.length);
    this.opening = this.opening.slice(0, at);
    this.isReady = true;
    if (rest !== "") this.takeAnswer(rest);
  }

  private takeAnswer(chunk: string): void {
    if (this.onLine !== undefined) this.passOn(chunk, this.onLine);
    this.chunks.push(chunk);
    this.size += chunk.length;
    const window = this.tail + chunk;
    const [, status] = new RegExp(`\n@end ${this.id} (\\d+)\n`).exec(window) ?? [];
    if (status !== undefined) this.status = Number(status);
    this.tail = window.slice(-64);
  }

  private passOn(chunk: string, onLine: (line: string) => void): void {
    const lines = (this.line + chunk).split("\n");
    this.line = (lines.pop() ?? "").slice(0, LINE_LIMIT);
    for (const line of lines) onLine(line);
  }
}
