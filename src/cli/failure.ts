import { UserError, type UserErrorCode } from "../base/user-error";
import { ExitCode } from "./exit-code";

/** Prints why a command failed. A trace helps with a mistake in this program, and with nothing else. @returns its exit code */
export function reportFailure(error: unknown): ExitCode {
  console.error(reasonOf(error));
  return (error instanceof UserError ? CODES[error.code] : undefined) ?? ExitCode.Failed;
}

/** What is told apart; everything else has failed. */
const CODES: Readonly<Partial<Record<UserErrorCode, ExitCode>>> = {
  usage: ExitCode.Usage,
  refused: ExitCode.Refused,
  cancelled: ExitCode.Refused,
  interrupted: ExitCode.Interrupted,
};

export function reasonOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
