import { randomBytes } from "node:crypto";
import { converse, endGroup, type Conversation } from "../base/process";
import { withoutClient } from "./openssh";

/** What a host may say in answer to one script, in characters; more would fill the operator's memory. */
export const ANSWER_LIMIT = 16 * 1024 * 1024;

/** What the client may say while it connects; a host's banner is among it. */
const OPENING_LIMIT = 64 * 1024;

/**
 * - `complete`: the script ended, and all that it said has come.
 * - `broken`: the connection ended before. Nobody knows what became of the script.
 * - `late`: no end within the time.
 * - `too much`: the host said more than anybody reads.
 */
type Ending = "complete" | "broken" | "late" | "too much";

export interface Answer {
  readonly ending: Ending;
  /** Of the script; 0 unless complete. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A client of OpenSSH and the shell that it reaches, which runs scripts one after another. Each answer has an end that
 * the shell marks, so that one which was cut off is not taken for a whole one.
 */
export class Connection {
  private readonly id = randomBytes(8).toString("hex");
  private readonly child: Conversation;
  private readonly stdout = new Stream(this.id);
  private readonly stderr = new Stream(this.id);
  private finish: ((ending: Ending) => void) | undefined;
  private isOver = false;
  private heard = performance.now();

  /** @param onError - when the client does not start */
  public constructor(words: readonly string[], onError: (error: Error) => void) {
    // A Ctrl-C at the terminal is for us: what has begun is finished.
    this.child = converse("ssh", words);
    const ready = `printf '${Stream.ready(this.id)}'`;
    this.child.stdin.on("error", () => undefined); // said by the client's end
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

  /** What the client said of its own work until the shell answered, and what a host's banner said. */
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

  /** Since the host was last heard of. */
  public get silentSeconds(): number {
    return (performance.now() - this.heard) / 1000;
  }

  /** Runs a script in a shell of its own, when all of it has arrived there. One at a time. */
  public run(script: string, seconds: number): Promise<Answer> {
    this.stdout.begin();
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

  /** Ends it at once, with what the client started: a proxy of a jump host would hold its output open. */
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

/** One of the two ways by which a shell answers. */
class Stream {
  public opening = "";
  public isReady = false;
  public status: number | undefined;
  /** Characters of this answer. */
  public size = 0;
  private chunks: string[] = [];
  /** The last that came, in which a mark may have begun. */
  private tail = "";

  public constructor(private readonly id: string) {}

  public static readonly ready = (id: string): string => `@ready ${id}\\n`;
  public static readonly end = (id: string): string => `\\n@end ${id} %s\\n`;

  public begin(): void {
    this.chunks = [];
    this.tail = "";
    this.size = 0;
    this.status = undefined;
  }

  public take(chunk: string): void {
    if (this.isReady) this.takeAnswer(chunk);
    else this.takeOpening(chunk);
  }

  /** What was said between the marks. */
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
      // A mark that has begun stays whole.
      if (this.opening.length > OPENING_LIMIT) this.opening = this.opening.slice(-OPENING_LIMIT);
      return;
    }
    const rest = this.opening.slice(at + mark.length);
    this.opening = this.opening.slice(0, at);
    this.isReady = true;
    if (rest !== "") this.takeAnswer(rest);
  }

  private takeAnswer(chunk: string): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    const window = this.tail + chunk;
    const [, status] = new RegExp(`\n@end ${this.id} (\\d+)\n`).exec(window) ?? [];
    if (status !== undefined) this.status = Number(status);
    this.tail = window.slice(-64);
  }
}
