/**
 * Jest's globals for Mocha, as far as the suites of stryker.config.mjs use them, from Jest's own packages. Stryker runs Mocha
 * thousands of times in one process, and only switches the mutant; with Jest it loads every suite and module for each.
 */
const { basename, dirname, join } = require("node:path");
const { jestExpect } = require("@jest/expect");
const { bind } = require("jest-each");
const { ModuleMocker } = require("jest-mock");
const { SnapshotState } = require("jest-snapshot");
const { after, afterEach, before, beforeEach, it } = require("mocha");

const withEach = (block) => Object.assign((...args) => block(...args), { each: bind(block) });

const mocker = new ModuleMocker(globalThis);

// CDKTF takes a stack trace for each token, and nobody reads those of tests that notice a mutation.
Error.stackTraceLimit = 0;

Object.assign(globalThis, {
  afterAll: after,
  afterEach,
  beforeAll: before,
  beforeEach,
  test: withEach(it),
  expect: jestExpect,
  jest: {
    fn: mocker.fn,
    restoreAllMocks: mocker.restoreAllMocks.bind(mocker),
    spyOn: mocker.spyOn.bind(mocker),
  },
});

// Mocha sets its own anew for every suite that it loads.
let describe;
Object.defineProperty(globalThis, "describe", {
  get: () => describe,
  set: (block) => {
    describe = withEach(block);
  },
});

/** The snapshots of each suite, which count the texts of one run. */
const snapshots = new Map();

const readSnapshots = (suite) =>
  new SnapshotState(join(dirname(suite), "__snapshots__", `${basename(suite)}.snap`), {
    rootDir: process.cwd(),
    snapshotFormat: { escapeString: false, printBasicPrototype: false },
    updateSnapshot: "none",
  });

exports.mochaHooks = {
  beforeAll() {
    snapshots.clear();
  },
  beforeEach() {
    const { file } = this.currentTest;
    if (!snapshots.has(file)) snapshots.set(file, readSnapshots(file));
    jestExpect.setState({
      currentTestName: this.currentTest.fullTitle(),
      snapshotState: snapshots.get(file),
      suppressedErrors: [],
      testPath: file,
    });
  },
  // A snapshot that differs does not end a test, so that all of them are reported.
  afterEach() {
    const [difference] = jestExpect.getState().suppressedErrors;
    if (difference !== undefined) this.test.error(difference);
  },
};
