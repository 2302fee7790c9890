import { codeOf, UserError, type UserErrorCode } from "../base/user-error";
import { exitCodeOf, type ExitCode } from "./exit-code";

/** Prints why a command failed. A trace helps with a mistake in this program, and with nothing else. @returns its exit code */
export function reportFailure(error: unknown): ExitCode {
  console.error(reasonOf(error));
  return exitCodeOf(error);
}

/** For a program, why there is no result. */
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
