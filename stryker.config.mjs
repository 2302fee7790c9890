/** Mutation tests of one folder of `src`, named by FOLDER: `npm run mutate`. */

/** Which suites are to notice a change of it, the fast ones first: unit tests that run it in their own process. */
const SUITES = {
  config: [
    "config/@(address|k3s-flags|snapshots|topology)",
    "firewall/*",
    "render/@(monitoring|template-vm)",
    "constructs/@(incomplete-settings|opentofu-json|host-files)",
    "config/@(faults|mistakes|every-setting)",
  ],
  firewall: ["firewall/*", "config/faults", "render/readme"],
  gate: ["gate/!(command)"],
  emit: ["emit/!(crash)", "constructs/host-files"],
};

const { FOLDER } = process.env;
const suites = SUITES[FOLDER];
if (suites === undefined) throw new Error(`FOLDER should be one of ${Object.keys(SUITES).join(", ")}`);

const OUTPUT = `.mutation/${FOLDER}`;

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  mutate: [`src/${FOLDER}/**/*.ts`],
  // Jest would load every suite and module for each mutant, which takes two seconds; Mocha runs what is loaded.
  testRunner: "mocha",
  mochaOptions: {
    require: ["tsx/cjs", "./testbed/mutation/jest-globals.cjs"],
    spec: suites.map((name) => `__tests__/${name}.test.ts`),
  },
  coverageAnalysis: "perTest",
  // Static mutants are what modules evaluate when they are loaded: settings' schemas, tables, and the mutation of a whole
  // function to one that returns nothing. Each would need a process that loads everything, and all tests.
  ignoreStatic: true,
  // CDKTF keeps every token of the process.
  maxTestRunnerReuse: 400,
  concurrency: 2,
  // On a busy machine a test that takes long is not one that hangs; Stryker finds endless loops by counting.
  dryRunTimeoutMinutes: 30,
  timeoutMS: 120_000,
  timeoutFactor: 10,
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
  reporters: ["progress-append-only", "clear-text", "html", "json"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `${OUTPUT}/report.html` },
  jsonReporter: { fileName: `${OUTPUT}/report.json` },
};
