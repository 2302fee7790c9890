import { codeOf, UserError, type UserErrorCode } from "../base/user-error";
import { exitCodeOf, type ExitCode } from "./exit-code";
import { say } from "./terminal";

/** Prints why a command failed. Only a bug in this program gets a stack trace. @returns the exit code */
export function reportFailure(error: unknown): ExitCode {
  say(reasonOf(error), process.stderr);
  return exitCodeOf(error);
}

/** The JSON document that reports a failure instead of a result. */
export const failureDocument = (
  error: unknown,
): { readonly error: string; readonly code: UserErrorCode } => ({
  error: reasonOf(error),
  code: codeOf(error),
});

export function reasonOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
