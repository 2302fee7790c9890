/** What a run of the tests says about promises: taken out of jest's results, and kept beside this file. */
import type { Environment } from "./environment";
import type { Promises } from "./evidence";
import { names, titlesFrom } from "./titles";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Run extends Environment {
  /** Day on which it began, in UTC: `2026-11-27`. */
  readonly day: string;
  /** Of all tests, also of those that no promise names. */
  readonly total: Counts;
  /** Suites that ended before their tests. */
  readonly brokenSuites: number;
  /** Suites of which a second run of the same commit counts, each with how many of its tests had failed in the first. */
  readonly repeated: Readonly<Record<string, number>>;
  /** Counts of the tests that promises name, by suite and titles. */
  readonly tests: Readonly<Record<string, Readonly<Record<string, Counts>>>>;
}

/** The part of what `jest --json` writes that is read here; our results processor adds the environment. */
export interface Results {
  readonly startTime: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly Assertion[];
  }[];
  readonly environment?: Environment;
}

interface Assertion {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
}

export class NoEnvironment extends Error {
  public constructor() {
    super("it does not say what the tests ran on");
  }
}

export class AnotherCommit extends Error {
  public constructor() {
    super("a suite that was run again has to be of the commit of the first run");
  }
}

/** @param again - of suites that were run a second time, whose results replace those of the first run */
export function runOf(results: Results, promises: Promises, again: readonly Results[] = []): Run {
  const { environment } = results;
  if (environment === undefined || again.some((each) => each.environment === undefined))
    throw new NoEnvironment();
  if (again.some((each) => each.environment?.commit !== environment.commit)) throw new AnotherCommit();
  const first = suitesOf(results);
  const second = new Map(again.flatMap((each) => [...suitesOf(each)]));
  const bySuite = new Map([...first, ...second]);
  const tests: Record<string, Record<string, Counts>> = {};
  for (const { tests: named } of Object.values(promises)) {
    for (const [suite, titles] of Object.entries(named)) {
      const ran = bySuite.get(suite);
      if (ran === undefined) continue;
      for (const text of titles) (tests[suite] ??= {})[text] = countsOf(namedBy(text, ran));
    }
  }
  return {
    day: new Date(results.startTime).toISOString().slice(0, 10),
    ...environment,
    total: countsOf([...bySuite.values()].flat()),
    brokenSuites: results.numRuntimeErrorTestSuites,
    repeated: Object.fromEntries(
      [...second.keys()].map((suite) => [suite, countsOf(first.get(suite) ?? []).failed]),
    ),
    tests,
  };
}

const suitesOf = ({ testResults }: Results): Map<string, readonly Assertion[]> =>
  new Map(
    testResults.map(({ name, assertionResults }) => [
      name.slice(name.lastIndexOf("/__tests__/") + 1),
      assertionResults,
    ]),
  );

const namedBy = (text: string, ran: readonly Assertion[]): Assertion[] => {
  const titles = titlesFrom(text);
  return ran.filter(({ ancestorTitles, title }) => names(titles, [...ancestorTitles, title]));
};

function countsOf(assertions: readonly Assertion[]): Counts {
  const passed = assertions.filter(({ status }) => status === "passed").length;
  const failed = assertions.filter(({ status }) => status === "failed").length;
  return { passed, failed, skipped: assertions.length - passed - failed };
}
