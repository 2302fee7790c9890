/** How the program ends. Kinds of ends, the same for all commands: a script decides by them what to do next. */
export enum ExitCode {
  Done = 0,
  Failed = 1,
  Pending = 2,
  Refused = 4,
  /** As `EX_USAGE` of sysexits.h. */
  Usage = 64,
  /** As a shell says it of a program that SIGINT ended. */
  Interrupted = 130,
}

/** For `--help` and README. */
export const MEANINGS: Readonly<Record<ExitCode, string>> = {
  [ExitCode.Done]: "done",
  [ExitCode.Failed]: "failed",
  [ExitCode.Pending]: "changes are pending",
  [ExitCode.Refused]: "refused",
  [ExitCode.Usage]: "wrong usage",
  [ExitCode.Interrupted]: "interrupted",
};
