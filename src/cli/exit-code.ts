import { codeOf, USER_ERROR_CODES, type UserErrorCode } from "../base/user-error";

/** Exit codes, the same for all commands, so that scripts can branch on them. */
export enum ExitCode {
  Done = 0,
  Failed = 1,
  Pending = 2,
  Unreachable = 3,
  Refused = 4,
  /** As `EX_USAGE` of sysexits.h. */
  Usage = 64,
  /** What a shell reports for a program that SIGINT ended. */
  Interrupted = 130,
}

/** Shown in `--help` and `docs/reference/command-line.md`. */
export const MEANINGS: Readonly<Record<ExitCode, string>> = {
  [ExitCode.Done]: "done",
  [ExitCode.Failed]: "failed",
  [ExitCode.Pending]: "changes are pending",
  [ExitCode.Unreachable]: "unreachable",
  [ExitCode.Refused]: "refused",
  [ExitCode.Usage]: "wrong usage",
  [ExitCode.Interrupted]: "interrupted",
};

const CODES: Readonly<Record<UserErrorCode, ExitCode>> = {
  usage: ExitCode.Usage,
  invalid: ExitCode.Failed,
  stale: ExitCode.Pending,
  refused: ExitCode.Refused,
  "needs boot": ExitCode.Refused,
  locked: ExitCode.Refused,
  unreachable: ExitCode.Unreachable,
  "connection lost": ExitCode.Unreachable,
  unavailable: ExitCode.Unreachable,
  failed: ExitCode.Failed,
  unhealthy: ExitCode.Failed,
  cancelled: ExitCode.Refused,
  interrupted: ExitCode.Interrupted,
};

/** Exit code of a command that fails with this error. */
export const exitCodeOf = (error: unknown): ExitCode => CODES[codeOf(error)];

/** The kinds of failure that end with this exit code. */
export const codesOf = (exit: ExitCode): UserErrorCode[] =>
  USER_ERROR_CODES.filter((code) => CODES[code] === exit);

/** An option of both plan commands. Without it they exit with 0, so that `plan && apply` goes on. */
export const DETAILED = [
  "--detailed-exitcode",
  `end with ${ExitCode.Pending} when changes are pending`,
  false,
] as const;
