/**
 * What kind of failure it is. Callers decide by it, and a command's exit code follows from it.
 *
 * - `usage`: the command line cannot be understood.
 * - `invalid`: a file or a setting cannot be used as it is.
 * - `stale`: emitted files are not what `main.ts` says.
 * - `refused`: a check forbids it. What it would have changed is unchanged.
 * - `needs boot`: NixOS refuses to activate it while the host runs. Nothing was changed.
 * - `locked`: another rollout holds the lock.
 * - `unreachable`: no connection to a host came about.
 * - `connection lost`: a connection ended early. Nobody knows what the host did since.
 * - `unavailable`: the host answers, its Kubernetes API does not.
 * - `failed`: a step was tried and failed.
 * - `unhealthy`: the cluster is not what `main.ts` says.
 * - `cancelled`: a person said no.
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
  /** What to do, as words that follow a colon. @default - the problem says it */
  readonly remedy?: string;
  /** Hostname of the node that it is about. @default - none */
  readonly host?: string;
  /** What was being done there, e.g. `build`. @default - none */
  readonly step?: string;
  /** What it follows from. @default - none */
  readonly cause?: unknown;
}

/** A reason to stop that a person can act upon. It is shown without a stack trace. */
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

  /** The problem and the remedy, without where it is. */
  public get text(): string {
    return withRemedy(this.problem, this.remedy);
  }
}

/** Below a problem of several lines the remedy has a line of its own. */
function withRemedy(problem: string, remedy: string | undefined): string {
  if (remedy === undefined) return problem;
  if (!problem.includes("\n")) return `${problem}: ${remedy}`;
  return `${problem}\n${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}`;
}

export const hasCode = (error: unknown, ...codes: readonly UserErrorCode[]): error is UserError =>
  error instanceof UserError && codes.includes(error.code);

/** What is not a reason that a person can act upon has failed. */
export const codeOf = (error: unknown): UserErrorCode => (error instanceof UserError ? error.code : "failed");

/** Whether nobody knows what the host did. */
export const isDisconnected = (error: unknown): error is UserError =>
  hasCode(error, "unreachable", "connection lost");

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The message without the host's name, for a list in which that stands already. */
export const messageAtHost = (error: unknown): string =>
  error instanceof UserError
    ? [...(error.step === undefined ? [] : [error.step]), error.text].join(": ")
    : messageOf(error);

/** Several as one, of their code where it is the same, else `failed`. */
export function joined(errors: readonly unknown[], end = ""): UserError {
  const codes = new Set(errors.map(codeOf));
  const [code = "failed"] = codes.size === 1 ? codes : [];
  const cause = errors.length === 1 ? errors[0] : new AggregateError(errors);
  return new UserError(code, `${errors.map(messageOf).join("\n")}${end}`, { cause });
}
