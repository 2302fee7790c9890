import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { transformSync } from "@swc/core";
import { environment, unshare } from "./unshare";
import type { Order, Ran } from "./supervisor";

/** Seconds after which a sandbox ends, even if its creator was killed. */
const LONGEST_SECONDS = 1200;

/**
 * Network namespaces in their own mount and PID namespaces: its creator may be killed at any time, and
 * nothing is left. The machine's own network is out of reach.
 */
export class NetnsSandbox {
  private readonly replies = new Map<number, (reply: never) => void>();
  private orders = 0;
  private complaints = "";
  private readonly ended: Promise<void>;

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    /** Contains its programs, and is removed with the sandbox. */
    public readonly folder: string,
  ) {
    createInterface({ input: child.stdout }).on("line", (line) => this.hear(JSON.parse(line)));
    child.stderr.on("data", (chunk: Buffer) => (this.complaints += chunk.toString()));
    child.stdin.on("error", () => undefined); // said by its end
    this.ended = new Promise((resolve) => child.once("close", () => resolve()));
  }

  /**
   * @param programs - TypeScript files that will be started in it
   * @param own - command that creates the namespaces
   */
  public static async start(
    programs: readonly string[] = [],
    own: readonly string[] = unshare() ?? ["false"],
  ): Promise<NetnsSandbox> {
    const folder = mkdtempSync(join(tmpdir(), "namespaces-"));
    for (const program of [join(__dirname, "supervisor.ts"), ...programs]) {
      writeFileSync(join(folder, `${basename(program, ".ts")}.js`), javaScript(program));
    }
    const limit = ["-s", "KILL", String(LONGEST_SECONDS), ...own];
    const sandbox = new NetnsSandbox(
      spawn("timeout", [...limit, process.execPath, join(folder, "supervisor.js")], { env: environment }),
      folder,
    );
    await sandbox.shell("mount -t tmpfs none /run && mkdir /run/netns");
    return sandbox;
  }

  /** Runs a program to its end. Throws when it fails. */
  public async run(argv: readonly string[], input?: string): Promise<string> {
    const { status, stdout, stderr } = await this.attempt(argv, input);
    if (status !== 0) throw new Error(`${argv.join(" ").slice(0, 200)}: ${stderr || `ended with ${status}`}`);
    return stdout;
  }

  /** Runs a program to its end, whatever its exit status. */
  public attempt(argv: readonly string[], input?: string): Promise<Ran> {
    return this.order<Ran>({ do: "run", argv, input });
  }

  /** Commands one after another, up to one that fails, which throws. */
  public async shell(script: string): Promise<void> {
    await this.run(["sh", "-e"], script);
  }

  /** Command that runs what follows in that namespace. */
  public static in(namespace: string): string[] {
    return ["nsenter", `--net=/run/netns/${namespace}`];
  }

  /** Starts one of the programs in a namespace, whose name identifies it. It answers lines of JSON with lines. */
  public startProgram(namespace: string, program: string): void {
    this.startCommand(namespace, namespace, [process.execPath, join(this.folder, `${program}.js`)]);
  }

  /**
   * Starts a command in a namespace that answers lines of JSON with lines.
   *
   * @param name - identifies it
   */
  public startCommand(name: string, namespace: string, command: readonly string[]): void {
    this.send({ do: "start", name, argv: [...NetnsSandbox.in(namespace), ...command] });
  }

  /** Asks what was started under that name; a program has the name of its namespace. */
  public ask<Request extends object, Answer>(name: string, request: Request): Promise<Answer> {
    const id = ++this.orders;
    this.send({ do: "tell", name, line: JSON.stringify({ id, ...request }) });
    return this.reply<Answer>(id);
  }

  public async stop(): Promise<void> {
    this.child.stdin.end();
    await this.ended;
  }

  private order<T>(order: Order): Promise<T> {
    return this.reply<T>(this.send(order));
  }

  private send(order: Order): number {
    const id = ++this.orders;
    this.child.stdin.write(`${JSON.stringify({ id, ...order })}\n`);
    return id;
  }

  private async reply<T>(id: number): Promise<T> {
    const ended = this.ended.then(() => Promise.reject(new Error(`the sandbox ended: ${this.complaints}`)));
    return Promise.race([new Promise<T>((resolve) => this.replies.set(id, resolve)), ended]);
  }

  private hear(message: { id?: number; ran?: Ran; line?: string }): void {
    const { id, result } =
      message.line === undefined ? { id: message.id, result: message.ran } : JSON.parse(message.line);
    this.replies.get(id)?.(result as never);
    this.replies.delete(id);
  }
}

/** Compiles a file for plain Node: a compiler in each of many programs would take longer than the rest. */
export function javaScript(file: string): string {
  const jsc = { target: "es2022", parser: { syntax: "typescript" } } as const;
  return transformSync(readFileSync(file, "utf8"), { jsc, module: { type: "commonjs" } }).code;
}
