import { UserError } from "../base/user-error";

/** What a person is told when `main.ts` does not synthesize. */
export function explain(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof Error)) return String(error);
  // The way to a fault through other people's code helps nobody; that to a mistake in code does.
  return validationFaults(error) ?? ofSystem(error) ?? ofCode(error) ?? error.stack ?? error.message;
}

/**
 * The faults that CDKTF collected. It throws a plain Error, whose first words alone tell it from a mistake in code (cdktf,
 * lib/errors.js, stackValidationFailure). Its advice to skip what it validates would not be heeded by HostFiles.
 */
function validationFaults({ message }: Error): string | undefined {
  const [faults = ""] = message.split("\nIf you wish to ignore");
  return faults.startsWith("Validation failed") ? faults.trimEnd() : undefined;
}

/** What a disk answers, by the codes of errno. */
const SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: "its folder is not there",
  EACCES: "you may not write it",
  EPERM: "you may not write it",
  EROFS: "its disk is read-only",
  ENOSPC: "its disk is full",
  EDQUOT: "your quota of its disk is used up",
};

/** A file that could not be written. */
function ofSystem({ code = "", path = "." }: NodeJS.ErrnoException): string | undefined {
  const why = SYSTEM[code];
  return why === undefined ? undefined : `${path} was not written: ${why}`;
}

/** `main.ts` is not TypeScript, or imports what is not there. */
function ofCode({ name, code, message }: NodeJS.ErrnoException): string | undefined {
  const lines = message.split("\n");
  // Of esbuild, by which tsx reads TypeScript: a count, then a line for each mistake.
  if (name === "TransformError") return lines.slice(1).join("\n");
  if (code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") return undefined;
  return `${lines[0]}. Are the packages installed? npm ci`;
}
