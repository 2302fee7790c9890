import { spawnSync } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./fixture";
import type { Tool } from "./system/tools";

/** A shell for interactive use. */
export type Shell = Tool & {
  /** Options with which it reads standard input as if a person typed it, without this machine's configuration. */
  readonly typed: readonly string[];
};

const shell = (name: string, typed: readonly string[]): Shell => ({
  name,
  debianPackage: name,
  works: () => spawnSync(name, ["-c", "true"]).status === 0,
  typed,
});

export const BASH = shell("bash", ["--norc", "--noprofile", "-o", "history", "-o", "histexpand"]);
export const ZSH = shell("zsh", ["-f", "-i"]);
export const FISH = shell("fish", ["--no-config"]);

/** What the shell prints when a person types these lines. */
export function typed(lines: string, shell: Shell, environment: Record<string, string> = {}): string {
  const file = join(temporaryFolder(), "lines");
  writeFileSync(file, `${lines}exit\n`);
  const input = openSync(file, "r"); // fish does not read from a socket
  const env = { ...process.env, ...environment };
  const { stdout } = spawnSync(shell.name, shell.typed, {
    stdio: [input, "pipe", "ignore"],
    env,
    encoding: "utf8",
  });
  closeSync(input);
  return stdout;
}
