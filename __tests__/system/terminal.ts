/** Gives a command a terminal, as a person has one. */
import { spawnSync } from "node:child_process";
import { shellWord } from "../../src/base/escape";
import type { Tool } from "./tools";

export const SCRIPT: Tool = {
  name: "script",
  debianPackage: "bsdutils",
  works: () => spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0,
};

/** All that a command writes to a terminal of so many columns, escape sequences included. */
export function shownAt(
  columns: number,
  words: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): { status: number | null; shown: string } {
  const command = `stty cols ${columns}; exec ${words.map(shellWord).join(" ")}`;
  // CI and TERM=dumb stand for a terminal without colors.
  const terminal = { CI: undefined, TERM: "xterm-256color", NO_COLOR: undefined, FORCE_COLOR: undefined };
  const { status, stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...terminal, ...env },
  });
  return { status, shown: stdout.replaceAll("\r\n", "\n") };
}
