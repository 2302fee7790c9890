import type { Program } from "./programs";

/** What shows that a promise is kept. */
export interface Evidence {
  /** By suite, the titles of tests as the source states them, as jest joins them: `a host › keeps its connections`. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
  /** What the promise says and no test shows, in sentences. */
  readonly gaps?: readonly string[];
}

/** Evidence by the id of the promise. */
export type Promises = Readonly<Record<string, Evidence>>;

/** What is real in some suites and what is not. */
export interface Bed {
  /** Suites, or folders of suites. */
  readonly suites: readonly string[];
  /** Programs that are real. */
  readonly programs: readonly Program[];
  /** What is real beside them. */
  readonly real?: string;
  /** What stands in for something real. */
  readonly standIn?: string;
}

/** The most particular bed of a suite. */
export const bedOf = (suite: string, beds: readonly Bed[]): Bed | undefined =>
  beds
    .flatMap((bed) => bed.suites.filter((path) => suite.startsWith(path)).map((path) => ({ bed, path })))
    .sort((one, other) => other.path.length - one.path.length)[0]?.bed;
