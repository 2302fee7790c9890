/**
 * Runs a program that prints its events as lines of JSON. Once an event has come so many times, it kills the program or
 * runs a command. Prints how the program ended and its output.
 */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

interface Order {
  readonly argv: readonly string[];
  readonly when: { readonly host: string; readonly step: string; readonly outcome: string };
  readonly times: number;
  /** Seconds after the event. */
  readonly after: number;
  readonly signal?: NodeJS.Signals;
  readonly command?: readonly string[];
}

const { argv, when, times, after, signal, command }: Order = JSON.parse(process.argv[2] ?? "");
const [program = "", ...words] = argv;
const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
const said: string[] = [];
let [acted, seen] = [false, 0];

function act(): void {
  if (signal !== undefined) child.kill(signal);
  if (command !== undefined) spawnSync(command[0] ?? "", command.slice(1));
}

createInterface({ input: child.stderr }).on("line", (line) => {
  said.push(line);
  if (acted || !line.startsWith("{")) return;
  const event = JSON.parse(line) as Order["when"];
  if (event.host !== when.host || event.step !== when.step || event.outcome !== when.outcome) return;
  if (++seen < times) return;
  acted = true;
  setTimeout(act, after * 1000);
});
createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
child.on("close", (status, ended) => {
  console.log(JSON.stringify({ status: status ?? ended, acted, said: said.join("\n") }));
});
