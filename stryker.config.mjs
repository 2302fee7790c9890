/** Mutation tests of one part of `src`, named by PART: `npm run mutate`. */

/** What VMs get of PVE nodes, and what clusters share: part of `config`, with suites that try thousands of clusters. */
const PVE = "src/config/{capacity,clusters,ha,losses,placement,pve}.ts";

/**
 * What is mutated, and which suites are to notice it, the fast ones first: unit tests that run it in their own process. A mutation
 * that no test notices costs the time of all tests that run it.
 */
const PARTS = {
  config: {
    files: ["src/config/**/*.ts", `!${PVE}`],
    suites: [
      "config/@(address|data-disks|fault|guest-network|history|k3s|k3s-aside|k3s-flags|references|rollout|snapshots|version-steps|warnings)",
      "firewall/@(firewall|ssh-access)",
      "config/model",
      "config/rules",
      "config/@(topology|api-vip|load-balancer|faults)",
      "constructs/incomplete-settings",
      "render/@(api-vip|load-balancer|drill)",
      "rollout/@(secrets|k3s-unit)",
    ],
  },
  pve: {
    files: [PVE],
    suites: [
      "config/@(capacity|clusters|model|rules|warnings)",
      "simulation/simulation",
      "constructs/@(pve|several-clusters)",
      "config/placement",
    ],
  },
  firewall: {
    files: ["src/firewall/**/*.ts"],
    suites: ["firewall/*", "config/faults", "render/readme"],
  },
  gate: { files: ["src/gate/**/*.ts"], suites: ["gate/!(command)"] },
  emit: { files: ["src/emit/**/*.ts"], suites: ["emit/!(crash)", "constructs/host-files"] },
};

const { PART } = process.env;
const part = PARTS[PART];
if (part === undefined) throw new Error(`PART should be one of ${Object.keys(PARTS).join(", ")}`);

const OUTPUT = `.mutation/${PART}`;

/** @type {import("@stryker-mutator/api/core").PartialStrykerOptions} */
export default {
  mutate: part.files,
  // Jest would load every suite and module for each mutant, which takes two seconds; Mocha runs what is loaded.
  testRunner: "mocha",
  mochaOptions: {
    require: ["tsx/cjs", "./testbed/mutation/jest-globals.cjs"],
    spec: part.suites.map((name) => `__tests__/${name}.test.ts`),
  },
  coverageAnalysis: "perTest",
  // Static mutants are what modules evaluate when they are loaded: settings' schemas, tables, and the mutation of a whole
  // function to one that returns nothing. Each would need a process that loads everything, and all tests.
  ignoreStatic: true,
  // CDKTF keeps every token of the process.
  maxTestRunnerReuse: 400,
  concurrency: 2,
  // On a busy machine a test that takes long is not one that hangs; Stryker finds most endless loops by counting.
  dryRunTimeoutMinutes: 30,
  timeoutMS: 30_000,
  timeoutFactor: 5,
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
