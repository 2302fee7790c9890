import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../base/escape";
import { PACKAGE_ROOT } from "../base/package-root";
import type { Captured } from "../base/process";
import { UserError } from "../base/user-error";

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

/** The report of a program of `remote/`: lines `@name value`. */
export class Report {
  private readonly values = new Map<string, string[]>();

  public constructor(stdout: string) {
    for (const line of stdout.split("\n")) {
      const [, name, value] = /^@(\w+) ?(.*)$/.exec(line) ?? [];
      if (name === undefined) continue;
      const values = this.values.get(name);
      if (values === undefined) this.values.set(name, [value ?? ""]);
      else values.push(value ?? "");
    }
  }

  /** Empty when it was not reported. */
  public one(name: string): string {
    return this.values.get(name)?.[0] ?? "";
  }

  public all(name: string): string[] {
    return this.values.get(name) ?? [];
  }

  /** A value that was reported in base64. */
  public text(name: string): string {
    return Buffer.from(this.one(name), "base64").toString("utf8");
  }
}

/** @throws UserError when the program failed, with its own error message if it reported one */
export function reportOf(host: string, program: string, output: Captured): Report {
  const report = new Report(output.stdout);
  const reported = report.all("error").join("; ");
  if (output.status === 0 && reported === "") return report;
  const printed = `${output.stdout}\n${output.stderr}`
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("@"));
  const at = { host, step: program };
  if (printed.some(isDiskFull)) {
    const problem = [...(reported === "" ? [] : [reported]), "its disk is full"].join("; ");
    throw new UserError("failed", problem, {
      ...at,
      remedy: "nix-collect-garbage -d there, or grow the disk",
    });
  }
  throw new UserError(
    "failed",
    reported || `exited with ${output.status}: ${printed.slice(-5).join(" | ")}`,
    at,
  );
}

/** Programs report ENOSPC only by glibc's strerror message, in the locale that prelude.sh sets. */
const isDiskFull = (line: string): boolean => line.includes("No space left on device");
