import { UserError } from "../base/user-error";

/** What a person is told when `main.ts` does not synthesize. */
export function explain(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof Error)) return String(error);
  // The way to a fault through other people's code helps nobody; that to a mistake in code does.
  return validationFaults(error) ?? error.stack ?? error.message;
}

/**
 * The faults that CDKTF collected. It throws a plain Error, whose first words alone tell it from a mistake in code (cdktf,
 * lib/errors.js, stackValidationFailure). Its advice to skip what it validates would not be heeded by HostFiles.
 */
function validationFaults({ message }: Error): string | undefined {
  const [faults = ""] = message.split("\nIf you wish to ignore");
  return faults.startsWith("Validation failed") ? faults.trimEnd() : undefined;
}
