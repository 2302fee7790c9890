/**
 * The kind of failure. Callers branch on it, and it determines a command's exit code.
 *
 * - `usage`: the command line is wrong.
 * - `invalid`: a file or a setting cannot be used as it is.
 * - `stale`: the emitted files do not match `main.ts`.
 * - `refused`: a check forbids it. Nothing was changed.
 * - `needs boot`: NixOS refuses to activate the system while the host runs. Nothing was changed.
 * - `locked`: another rollout holds the lock.
 * - `unreachable`: no connection to a host could be made.
 * - `connection lost`: a connection broke. What the host has done since is unknown.
 * - `unavailable`: the host answers, but its Kubernetes API does not.
 * - `failed`: a step was tried and failed.
 * - `unhealthy`: the cluster does not match `main.ts`.
 * - `cancelled`: a person answered no.
 * - `interrupted`: a person or a signal asked to stop.
 */
export const USER_ERROR_CODES = [
  "usage",
  "invalid",
  "stale",
  "refused",
  "needs boot",
  "locked",
  "unreachable",
  "connection lost",
  "unavailable",
  "failed",
  "unhealthy",
  "cancelled",
  "interrupted",
] as const;

export type UserErrorCode = (typeof USER_ERROR_CODES)[number];

export interface UserErrorDetails {
  /** What to do, as text that follows a colon. @default - the problem implies it */
  readonly remedy?: string;
  /** Hostname of the node concerned. @default - none */
  readonly host?: string;
  /** The step that failed there, such as `build`. @default - none */
  readonly step?: string;
  /** The underlying error. @default - none */
  readonly cause?: unknown;
}

/** A failure that a person can act upon. It is shown without a stack trace. */
export class UserError extends Error {
  public override readonly name = "UserError";
  public readonly remedy?: string;
  public readonly host?: string;
  public readonly step?: string;

  public constructor(
    public readonly code: UserErrorCode,
    /** What is wrong. */
    public readonly problem: string,
    { remedy, host, step, cause }: UserErrorDetails = {},
  ) {
    const where = [host, step].filter((word) => word !== undefined);
    super([...where, withRemedy(problem, remedy)].join(": "), cause === undefined ? {} : { cause });
    this.remedy = remedy;
    this.host = host;
    this.step = step;
  }

  /** The problem and the remedy, without the host and the step. */
  public get text(): string {
    return withRemedy(this.problem, this.remedy);
  }
}

/** After a problem of several lines, the remedy gets its own line. */
function withRemedy(problem: string, remedy: string | undefined): string {
  if (remedy === undefined) return problem;
  if (!problem.includes("\n")) return `${problem}: ${remedy}`;
  return `${problem}\n${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}`;
}

export const hasCode = (error: unknown, ...codes: readonly UserErrorCode[]): error is UserError =>
  error instanceof UserError && codes.includes(error.code);

/** `failed` for every error that is not a UserError. */
export const codeOf = (error: unknown): UserErrorCode => (error instanceof UserError ? error.code : "failed");

/** Whether it is unknown what the host did. */
export const isDisconnected = (error: unknown): error is UserError =>
  hasCode(error, "unreachable", "connection lost");

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The message without the host's name, for a list that already shows it. */
export const messageAtHost = (error: unknown): string =>
  error instanceof UserError
    ? [...(error.step === undefined ? [] : [error.step]), error.text].join(": ")
    : messageOf(error);

/** Several errors as one. It has their code if they all have the same, else `failed`. */
export function joined(errors: readonly unknown[], end = ""): UserError {
  const codes = new Set(errors.map(codeOf));
  const [code = "failed"] = codes.size === 1 ? codes : [];
  const cause = errors.length === 1 ? errors[0] : new AggregateError(errors);
  return new UserError(code, `${[...new Set(errors.map(messageOf))].join("\n")}${end}`, { cause });
}
