import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { succeeds } from "../base/process";

const PASSED_VARIABLES = ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"];

/**
 * Environment for an untrusted app: without the operator's credentials, and with an empty home folder.
 *
 * @param folder - a folder for the app, which is created
 */
export function bareEnvironment(folder: string): NodeJS.ProcessEnv {
  const [home, temporary] = [join(folder, "home"), join(folder, "tmp")];
  for (const each of [home, temporary]) mkdirSync(each, { recursive: true });
  return { ...passedVariables(), HOME: home, TMPDIR: temporary };
}

/** The path and the locale. */
export function passedVariables(): NodeJS.ProcessEnv {
  const known = PASSED_VARIABLES.filter((name) => process.env[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, process.env[name]]));
}

/** Root can create a network namespace; other users need a user namespace, if the kernel allows one. */
const WAYS = [
  ["unshare", "-n"],
  ["unshare", "-rn"],
];

/** Command prefix that runs a command without a network; empty if the system has no such way, as on macOS. */
export const withoutNetwork = (): readonly string[] =>
  WAYS.find(([program = "", ...words]) => succeeds(program, [...words, "true"])) ?? [];
