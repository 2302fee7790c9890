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

export function runOf(results: Results, promises: Promises): Run {
  const { environment } = results;
  if (environment === undefined) throw new NoEnvironment();
  const bySuite = new Map(
    results.testResults.map(({ name, assertionResults }) => [
      name.slice(name.lastIndexOf("/__tests__/") + 1),
      assertionResults,
    ]),
  );
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
    tests,
  };
}

const namedBy = (text: string, ran: readonly Assertion[]): Assertion[] => {
  const titles = titlesFrom(text);
  return ran.filter(({ ancestorTitles, title }) => names(titles, [...ancestorTitles, title]));
};

function countsOf(assertions: readonly Assertion[]): Counts {
  const passed = assertions.filter(({ status }) => status === "passed").length;
  const failed = assertions.filter(({ status }) => status === "failed").length;
  return { passed, failed, skipped: assertions.length - passed - failed };
}
