/** The last line of `.ci/run`, and its exit status, with stand-ins for npm, apt-get and the builds. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY, temporaryFolder } from "./fixture";

/** The suites' results come from RESULTS; the command FAILING fails. `npm ci` writes on until it is ended. */
const NPM = `#!/bin/sh
[ "$*" != ci ] || { [ -z "$SLOW" ] || sleep 5; echo "added 700 packages"; }
for word in "$@"; do case "$word" in --outputFile=*) echo "$RESULTS" >"\${word#*=}";; esac; done
case "$FAILING" in "npm $1" | "npm $1 $2") exit 1;; esac
`;
const named = (name: string): string => `#!/bin/sh\n[ "$FAILING" != ${name} ]\n`;

interface Results {
  readonly passed?: number;
  readonly total?: number;
  /** Suites that did not load. */
  readonly broken?: number;
}

function run(failing: string, { passed = 3, total = 3, broken = 0 }: Results = {}): [number | null, string] {
  const folder = temporaryFolder();
  for (const name of [".ci", "bin", "testbed/build", "testbed/nspawn"])
    mkdirSync(join(folder, name), { recursive: true });
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o755 });
  put(".ci/packages", "curl\n");
  put("bin/npm", NPM);
  for (const name of ["apt-get", "systemctl"]) put(`bin/${name}`, named(name));
  put("bin/sudo", '#!/bin/sh\nexec "$@"\n');
  put("testbed/build/build.sh", named("build"));
  put("testbed/nspawn/base.sh", named("base"));
  cpSync(join(REPOSITORY, ".ci/run"), join(folder, ".ci/run"));
  spawnSync("git", ["init", "--quiet", folder]);
  const { status, stdout } = spawnSync("bash", [".ci/run"], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
      FAILING: failing,
      SLOW: failing === "apt-get" ? "1" : "",
      RESULTS: JSON.stringify({
        numPassedTests: passed,
        numTotalTests: total,
        numRuntimeErrorTestSuites: broken,
      }),
    },
  });
  return [status, stdout.trimEnd().split("\n").at(-1) ?? ""];
}

test("CI passes when everything does", () => {
  expect(run("")).toEqual([0, "3 passed, 0 failed"]);
});

test.each([
  "apt-get",
  "build",
  "base",
  "npm ci",
  "npm run synth",
  "npm run lint",
  "npm run typecheck",
  "npm run test:cdktn",
])("it has failed without %s, and nothing comes after its summary", (name) => {
  expect(run(name)).toEqual([1, "0 passed, 1 failed"]);
});

test.each<[string, string, Results, string]>([
  ["a test fails", "npm test", { passed: 2 }, "2 passed, 1 failed"],
  ["a suite does not load", "npm test", { broken: 1 }, "3 passed, 1 failed"],
  ["the runner fails for another reason", "npm test", {}, "3 passed, 1 failed"],
  ["no test ran", "", { passed: 0, total: 0 }, "0 passed, 1 failed"],
])("it has failed where %s", (_, failing, results, summary) => {
  expect(run(failing, results)).toEqual([1, summary]);
});
