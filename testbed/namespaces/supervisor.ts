/**
 * The first process of a sandbox of namespaces: runs programs on request, and ends with its standard input. As
 * the first process of a PID namespace, it ends everything that it started. It also removes its folder.
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";

export type Order =
  /** Runs a program to its end. */
  | { readonly do: "run"; readonly argv: readonly string[]; readonly input?: string }
  /** Starts a program that answers lines with lines. */
  | { readonly do: "start"; readonly name: string; readonly argv: readonly string[] }
  /** Sends a line to it. */
  | { readonly do: "tell"; readonly name: string; readonly line: string };

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const started = new Map<string, NodeJS.WritableStream>();

const say = (message: object): unknown => process.stdout.write(`${JSON.stringify(message)}\n`);

function run(argv: readonly string[], input = ""): Promise<Ran> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  child.stdin.on("error", () => undefined); // a program that does not read
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ status: null, stdout: "", stderr: error.message }));
    child.on("close", (status) => resolve({ status, ...output }));
  });
}

function start(name: string, argv: readonly string[]): void {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  started.set(name, child.stdin);
  createInterface({ input: child.stdout }).on("line", (line) => say({ name, line }));
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, ...order } = JSON.parse(line) as { id: number } & Order;
    if (order.do === "run") void run(order.argv, order.input).then((ran) => say({ id, ran }));
    else if (order.do === "start") start(order.name, order.argv);
    else started.get(order.name)?.write(`${order.line}\n`);
  })
  .on("close", () => {
    // A process may still write to the folder.
    if (process.pid === 1) process.kill(-1, "SIGKILL");
    rmSync(__dirname, { recursive: true, force: true, maxRetries: 10 });
    process.exit();
  });
