/** What was looked at, and what was seen. */
export interface Check {
  readonly name: string;
  /** `unknown` is what could not be looked at. */
  readonly state: "ok" | "problem" | "unknown";
  /** What was seen, or why nothing was; part of a sentence. */
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

export const unknown = (name: string, found: string, remedy?: string): Check => ({
  name,
  state: "unknown",
  found,
  ...(remedy === undefined ? {} : { remedy }),
});

/** Of several things of one kind: all that is wrong with them, else what nobody could look at, else the summary. */
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
