/** Programs that run on hosts, as texts: a rollout sends them over SSH, and a drill is emitted. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../base/escape";
import { PACKAGE_ROOT } from "../base/package-root";

/** Of a program of `remote/`. */
export type Variables = Readonly<Record<string, string | number>>;

const REMOTE = join(PACKAGE_ROOT, "src/rollout/remote");

/**
 * A program of `remote/`, with its variables set. The last line starts it, and no part of that line does. So it never runs when a
 * connection breaks half-way.
 */
export function remoteScript(
  name: string,
  variables: Variables = {},
  start = "{ main </dev/null; }",
): string {
  const values = Object.entries(variables).map(([key, value]) => `${key}=${shellWord(String(value))}`);
  return [text("prelude.sh"), ...values, "main() {", text(`${name}.sh`), "}", start, ""].join("\n");
}

/** The same as one word of a shell command. Its standard input is a stream of bytes. */
export const pipedCommand = (name: string): string =>
  `/bin/sh -c ${shellWord(remoteScript(name, {}, "{ main; }"))}`;

/** Text of a program, with the parts that it shares with others in place of its lines `include <part>`. */
export const text = (name: string): string =>
  readFileSync(join(REMOTE, name), "utf8").replace(/^include (.+)\n/gm, (_, part: string) =>
    text(`${part}.sh`),
  );
