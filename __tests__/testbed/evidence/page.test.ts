import type { Bed, Promises } from "../../../testbed/evidence/evidence";
import { evidencePage } from "../../../testbed/evidence/page";
import { AnotherCommit, NoEnvironment, runOf, type Results, type Run } from "../../../testbed/evidence/run";
import { readDocument } from "../../../testbed/evidence/sentences";

const PROMISES: Promises = {
  yours: { tests: { "__tests__/emit.test.ts": ["refuses %s"] }, gaps: ["A full disk is not tried."] },
  reload: {
    tests: { "__tests__/system/reload.test.ts": ["a host › keeps its connections", "a host › is caught"] },
  },
};

const BEDS: Bed[] = [
  { suites: ["__tests__/"], programs: ["Node"] },
  { suites: ["__tests__/system/"], programs: ["nft", "dnsmasq"], real: "packets", standIn: "K3s" },
];

const result = (suite: string, ...tests: [string, ...string[]][]): Results["testResults"][number] => ({
  name: `/somewhere/${suite}`,
  assertionResults: tests.map(([status, ...titles]) => ({
    status,
    ancestorTitles: titles.slice(0, -1),
    title: titles.at(-1) ?? "",
  })),
});

const RESULTS: Results = {
  startTime: Date.UTC(2026, 10, 27, 23, 59),
  numRuntimeErrorTestSuites: 0,
  environment: { commit: "0123456789abcdef", modified: false, programs: { Node: "20.19.0", nft: "1.0.6" } },
  testResults: [
    result(
      "__tests__/emit.test.ts",
      ["passed", "refuses a"],
      ["passed", "refuses b"],
      ["failed", "is not named"],
    ),
    result(
      "__tests__/system/reload.test.ts",
      ["failed", "a host", "keeps its connections"],
      ["pending", "a host", "is caught"],
    ),
  ],
};

const page = async (run: Run): Promise<string> =>
  evidencePage({
    documents: new Map([
      ["README.md", await readDocument("Reloads atomically. <!-- promise: reload -->\n")],
      ["docs/page.md", await readDocument("Overwrites nothing. <!-- promise: yours -->\n")],
    ]),
    promises: PROMISES,
    beds: BEDS,
    gaps: ["Proxmox VE never ran."],
    run,
  });

/** The page of a run of these suites alone. */
const pageOf = (...testResults: Results["testResults"]): Promise<string> =>
  page(runOf({ ...RESULTS, testResults }, PROMISES));

test("the page says of each promise what showed it, in the documents' order", async () => {
  expect(await page(runOf(RESULTS, PROMISES))).toMatchSnapshot();
});

test("a test that failed, was skipped or did not run is not counted as evidence", async () => {
  const host = "__tests__/system/reload.test.ts";
  const row = async (...tests: [string, ...string[]][]): Promise<string | undefined> =>
    /\| \[reload\]\(#reload\) +\| (.*?) +\|/.exec(await pageOf(result(host, ...tests)))?.[1];
  const [kept, caught] = [
    ["a host", "keeps its connections"],
    ["a host", "is caught"],
  ] as const;
  expect(await row(["passed", ...kept], ["passed", ...caught])).toBe("2 passed");
  expect(await row(["passed", ...kept], ["failed", ...caught])).toBe("1 passed and **1 failed**");
  expect(await row(["passed", ...kept], ["pending", ...caught])).toBe("1 passed and **1 skipped**");
  expect(await row(["passed", ...kept])).toBe("1 passed, **1 of 2 did not run**");
  expect(await row(["pending", "a host", "nft is missing"])).toBe("**did not run**");
  expect(await pageOf()).toContain("| [reload](#reload) | **did not run** |");
});

test("a run says which day and commit it was of, and of suites that broke", async () => {
  const run = runOf(RESULTS, PROMISES);
  expect(await page(run)).toContain(
    "On 2026-11-27, of commit `0123456789ab`: 2 passed, **2 failed** and **1 skipped**.",
  );
  expect(await page({ ...run, modified: true, brokenSuites: 1 })).toContain(
    "of commit `0123456789ab`, with changes that are not in it: 2 passed, **2 failed** and **1 skipped**.\n\n1 suite did not get as far as the tests.",
  );
});

test("a suite that was run again counts by its second run of the same commit, and the page says what the first was", async () => {
  const host = "__tests__/system/reload.test.ts";
  const again: Results = {
    ...RESULTS,
    testResults: [
      result(host, ["passed", "a host", "keeps its connections"], ["passed", "a host", "is caught"]),
    ],
  };
  const text = await page(runOf(RESULTS, PROMISES, [again]));
  expect(text).toMatch(/\| \[reload\]\(#reload\) +\| 2 passed +\|/);
  expect(text).toContain("4 passed and **1 failed**.");
  expect(text).toContain(
    `\`${host}\` was run twice, and the second run counts: in the first, 1 test of it failed.`,
  );
  const other = { ...again, environment: { commit: "another", modified: false, programs: {} } };
  expect(() => runOf(RESULTS, PROMISES, [other])).toThrow(AnotherCommit);
});

test("results that do not say what they ran on are refused", () => {
  const { environment, ...others } = RESULTS;
  expect(environment).toBeDefined();
  expect(() => runOf(others, PROMISES)).toThrow(NoEnvironment);
});
