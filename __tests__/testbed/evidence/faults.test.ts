import { faultsOf } from "../../../testbed/evidence/faults";
import { readDocument } from "../../../testbed/evidence/sentences";
import type { Promises } from "../../../testbed/evidence/evidence";

const README = `# A cluster

- [Tutorial](docs/tutorial.md): why it cannot lock you out

You get

- **A firewall** that reloads atomically. <!-- promise: reload -->

It changes nothing of yours. <!-- promise: yours -->
`;

const PROMISES: Promises = {
  reload: { tests: { "__tests__/reload.test.ts": ["a host › keeps its connections"] } },
  yours: { tests: { "__tests__/emit.test.ts": ["refuses an edited file"] } },
};

const SOURCES: Record<string, string> = {
  "__tests__/reload.test.ts":
    'describe("a host", () => { test("keeps its connections", () => undefined); });',
  "__tests__/emit.test.ts": 'test("refuses an edited file", () => undefined);',
};

const faults = async ({
  readme = README,
  page = "",
  promises = PROMISES,
  sources = SOURCES,
  beds = [{ suites: ["__tests__/"], programs: [] }],
}: {
  readme?: string;
  page?: string;
  promises?: Promises;
  sources?: Record<string, string>;
  beds?: { suites: string[]; programs: [] }[];
} = {}): Promise<string[]> =>
  faultsOf({
    documents: new Map([
      ["README.md", await readDocument(readme)],
      ["docs/page.md", await readDocument(page)],
    ]),
    promises,
    beds,
    sourceOf: (suite) => sources[suite],
  });

test("documents whose promises have tests that there are have no fault", async () => {
  expect(await faults()).toEqual([]);
});

test.each(["never", "always", "cannot", "nothing", "Nobody", "exactly"])(
  "a sentence of any page with '%s' has to say which promise it makes, or why it makes none",
  async (word) => {
    const sentence = `It ${word} ends.`;
    const told = `docs/page.md: which test shows this? "${sentence}" Write <!-- promise: an-id --> behind it and the tests into testbed/evidence/promises.ts, or <!-- no promise: the reason -->`;
    expect(await faults({ page: sentence })).toEqual([told]);
    expect(await faults({ page: `| a |\n| - |\n| ${sentence} |\n` })).toEqual([told]);
    expect(await faults({ page: `${sentence} <!-- promise: yours -->` })).toEqual([]);
    expect(await faults({ page: `${sentence} <!-- no promise: weather -->` })).toEqual([]);
    expect(await faults({ page: `- [A page](page.md): why it ${word} ends\n` })).toEqual([]);
    expect(await faults({ page: `[A page](page.md). ${sentence}` })).toEqual([told]);
    expect(await faults({ page: `[Why it ${word} ends](page.md), it says: \`${sentence}\`` })).toEqual([]);
    expect(await faults({ page: `\`\`\`\n${sentence}\n\`\`\`\n` })).toEqual([]);
  },
);

test("an item of README's lists has to say which promise it makes, and one of another page has not", async () => {
  const list = "- **A preview** of what happens. Dangers first.\n";
  expect(await faults({ readme: `${README}\n${list}` })).toEqual([
    expect.stringMatching(/^README\.md: which test shows this\? "A preview of what happens\." Write/),
    expect.stringMatching(/^README\.md: which test shows this\? "Dangers first\." Write/),
  ]);
  expect(await faults({ page: list })).toEqual([]);
});

test("a promise without an entry is a fault, and so is an entry that no document promises", async () => {
  const { reload, ...rest } = PROMISES;
  expect(await faults({ promises: rest })).toEqual([
    "README.md: the promise reload has no tests. Name them in testbed/evidence/promises.ts",
  ]);
  expect(
    await faults({ readme: README.replace(" <!-- promise: yours -->", " <!-- no promise: so -->") }),
  ).toEqual([
    "testbed/evidence/promises.ts: no document promises yours. Mark the sentence with <!-- promise: yours -->, or remove the entry",
  ]);
  expect(reload).toBeDefined();
});

test.each([[{}], [{ "__tests__/emit.test.ts": [] }]])(
  "an entry with the tests %j is a fault",
  async (tests) => {
    expect(await faults({ promises: { ...PROMISES, yours: { tests } } })).toEqual([
      "testbed/evidence/promises.ts: the promise yours has no tests. Name them, or do not promise it",
    ]);
  },
);

test("a test that was renamed or removed is a fault of the promise that it showed", async () => {
  const renamed = { ...SOURCES, "__tests__/emit.test.ts": 'test("refuses one", () => undefined);' };
  expect(await faults({ sources: renamed })).toEqual([
    "testbed/evidence/promises.ts: __tests__/emit.test.ts has no test 'refuses an edited file', which shows yours. Name it as it is called now",
  ]);
  const { "__tests__/emit.test.ts": gone, ...rest } = SOURCES;
  expect(await faults({ sources: rest })).toEqual([
    "testbed/evidence/promises.ts: __tests__/emit.test.ts, which shows yours, is not there. Name the suite that does",
  ]);
  expect(gone).toBeDefined();
});

test("a suite of which nobody says what is real in it is a fault", async () => {
  expect(await faults({ beds: [{ suites: ["__tests__/reload"], programs: [] }] })).toEqual([
    "testbed/evidence/beds.ts: what is real in __tests__/emit.test.ts? Add the suite to a bed",
  ]);
});

test("a mark that is not read as one is a fault", async () => {
  expect(await faults({ page: "Text. <!-- promise yours -->" })).toEqual([
    "docs/page.md: <!-- promise yours --> is not read as a mark. Write <!-- promise: an-id --> or <!-- no promise: the reason --> behind the sentence, on its line",
  ]);
});
