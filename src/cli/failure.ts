import { UserError } from "../base/user-error";
import { ExitCode } from "./exit-code";

/** Prints why a command failed. A trace helps with a mistake in this program, and with nothing else. @returns its exit code */
export function tellFailure(error: unknown): ExitCode {
  console.error(reasonOf(error));
  return ExitCode.Failed;
}

export function reasonOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
