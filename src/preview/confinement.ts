import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { succeeds } from "../base/process";

/** What an app may know of the operator's environment: where programs are, and how text is written. */
const PASSED_ON = ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"];

/**
 * Environment of an app that somebody else may have written: none of the operator's credentials, and a home folder with
 * nothing in it.
 *
 * @param folder - a folder of the app's own, made here
 */
export function bareEnvironment(folder: string): NodeJS.ProcessEnv {
  const [home, temporary] = [join(folder, "home"), join(folder, "tmp")];
  for (const each of [home, temporary]) mkdirSync(each, { recursive: true });
  const known = PASSED_ON.filter((name) => process.env[name] !== undefined);
  return {
    ...Object.fromEntries(known.map((name) => [name, process.env[name]])),
    HOME: home,
    TMPDIR: temporary,
  };
}

/** Root may make a network namespace; others may in a user namespace, where the kernel grants one. */
const WAYS = [
  ["unshare", "-n"],
  ["unshare", "-rn"],
];

/** Command that runs what follows it without any network; empty where the system has none, as macOS. */
export const withoutNetwork = (): readonly string[] =>
  WAYS.find(([program = "", ...words]) => succeeds(program, [...words, "true"])) ?? [];
