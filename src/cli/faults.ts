import { UserError } from "../base/user-error";

/** Explains to a person why `main.ts` does not synthesize. */
export function explain(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof Error)) return String(error);
  // A stack trace helps with a bug in code, not with a fault in a setting.
  return validationFaults(error) ?? ofSystem(error) ?? ofCode(error) ?? error.stack ?? error.message;
}

/**
 * The faults that CDKTF collected. It throws a plain Error, which only its first words distinguish from a bug in code (cdktf,
 * lib/errors.js, stackValidationFailure). Its advice to skip the validation is cut off: HostFiles would not follow it.
 */
function validationFaults({ message }: Error): string | undefined {
  const [faults = ""] = message.split("\nIf you wish to ignore");
  return faults.startsWith("Validation failed") ? faults.trimEnd() : undefined;
}

/** Why a file could not be written, by errno. */
const SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "your disk quota is used up",
};

/** A file that could not be written. */
function ofSystem({ code = "", path = "." }: NodeJS.ErrnoException): string | undefined {
  const why = SYSTEM[code];
  return why === undefined ? undefined : `${path} was not written: ${why}`;
}

/** `main.ts` has a syntax error, or imports a module that is missing. */
function ofCode({ name, code, message }: NodeJS.ErrnoException): string | undefined {
  const lines = message.split("\n");
  // From esbuild, which tsx uses to read TypeScript: a count, then one line per error.
  if (name === "TransformError") return lines.slice(1).join("\n");
  if (code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") return undefined;
  return `${lines[0]}. Are the packages installed? npm ci`;
}
