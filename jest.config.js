const { availableParallelism } = require("node:os");

// Where it is set, each start of Node reads all certificates of the machine, which takes longer than the rest of the start. Tests
// start Node thousands of times, and ask nobody outside of this machine.
delete process.env.NODE_EXTRA_CA_CERTS;

// Programs in Go that tests run, such as OpenTofu and Kubernetes' API server, collect garbage less often: they take up to a quarter less
// processor time, and up to three times the memory.
process.env.GOGC ??= "400";

/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/__tests__"],
  // A guard against what hangs. Some tests run the CLI, which takes seconds on a busy machine.
  testTimeout: 120_000,
  testMatch: ["**/*.test.ts"],
  // Jest leaves a core to itself, of two the half. System tests wait: four workers keep two cores 93 % busy. It reads "150%" as
  // 150 workers.
  maxWorkers: availableParallelism() + 2,
  testSequencer: "<rootDir>/__tests__/sequencer.mjs",
  // What needs a real K3s, which no package registry has: `npm run test:k3s`.
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/__tests__/k3s/"],
  transform: {
    "\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  moduleNameMapper: {
    "^proxmox-nixos-k3s$": "<rootDir>/constructs",
    // Its main file is an ES module, which jest does not load.
    "^marked$": "<rootDir>/node_modules/marked/lib/marked.umd.js",
  },
  // For `npm run evidence`. Asking the programs takes seconds, which only a run with `--json` needs.
  testResultsProcessor: process.argv.includes("--json")
    ? "<rootDir>/testbed/evidence/results-processor.mjs"
    : undefined,
};
