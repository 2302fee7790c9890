import type { Captured } from "../base/process";
import { UserError } from "../base/user-error";

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
