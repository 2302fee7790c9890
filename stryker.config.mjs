/** Mutation tests of one folder of `src`, named by FOLDER: `npm run mutate`. */

/** Which tests are to notice a change of it: unit tests that run it in their own process, so that Stryker sees what they reach. */
const TESTS = {
  config: ["config/*", "constructs/opentofu-json", "constructs/incomplete-settings", "constructs/host-files"],
  firewall: ["firewall/*", "render/host"],
  gate: ["gate/!(command)"],
  emit: ["emit/!(crash)", "constructs/host-files"],
};

const { FOLDER } = process.env;
const tests = TESTS[FOLDER];
if (tests === undefined) throw new Error(`FOLDER should be one of ${Object.keys(TESTS).join(", ")}`);

const OUTPUT = `.mutation/${FOLDER}`;

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  mutate: [`src/${FOLDER}/**/*.ts`],
  testRunner: "jest",
  jest: {
    config: { testMatch: tests.map((name) => `**/__tests__/${name}.test.ts`) },
    // Jest looks for what imports a file below its roots alone, which are the tests.
    enableFindRelatedTests: false,
  },
  coverageAnalysis: "perTest",
  concurrency: 2,
  // On a busy machine a test that takes long is not one that hangs.
  timeoutMS: 30_000,
  // Stryker copies the project and does not ask git what to leave out: state and plans hold secrets.
  ignorePatterns: [
    "/.mutation",
    "/.rollout",
    "/state",
    "/cdktf.out",
    "/coverage",
    "*.tfstate*",
    "*.tfplan",
    "/plan.json",
    "kubeconfig",
  ],
  tempDirName: `${OUTPUT}/sandbox`,
  cleanTempDir: "always",
  incremental: true,
  incrementalFile: `${OUTPUT}/incremental.json`,
  reporters: ["clear-text", "html", "json"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `${OUTPUT}/report.html` },
  jsonReporter: { fileName: `${OUTPUT}/report.json` },
};
