/** The result of one check. */
export interface Check {
  readonly name: string;
  /** `warning`: it works, but badly. `unknown`: it could not be checked. */
  readonly state: "ok" | "warning" | "problem" | "unknown";
  /** What was found, or why it could not be checked; without a period. */
  readonly found: string;
  /** What to do, as a sentence. @default - nothing */
  readonly remedy?: string;
}

export const ok = (name: string, found: string): Check => ({ name, state: "ok", found });

export const problem = (name: string, found: string, remedy: string): Check => ({
  name,
  state: "problem",
  found,
  remedy,
});

export const warning = (name: string, found: string, remedy: string): Check => ({
  name,
  state: "warning",
  found,
  remedy,
});

export const unknown = (name: string, found: string, remedy?: string): Check => ({
  name,
  state: "unknown",
  found,
  ...(remedy === undefined ? {} : { remedy }),
});

/** One check of several things: the problems, or what could not be checked, or the summary. */
export function summed(name: string, { problems, unseen, summary, remedy }: Parts): Check {
  if (problems.length > 0) return problem(name, [...problems, ...unseen].join("; "), remedy);
  return unseen.length > 0 ? unknown(name, unseen.join("; ")) : ok(name, summary);
}

interface Parts {
  readonly problems: readonly string[];
  readonly unseen: readonly string[];
  readonly summary: string;
  /** Of the problems. */
  readonly remedy: string;
}
