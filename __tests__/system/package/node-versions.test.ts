/**
 * "Yours in five minutes", as a newcomer tries it: an empty folder, the packed package, the npm registry, and one of the
 * versions of Node that are supported. npm's cache is new each time. The duration is printed, and is not a condition.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { builtProgram } from "../../../testbed/build/programs";
import { packPackage } from "../../../testbed/package/install";
import pinned from "../../../testbed/build/node/package.json";
import packageJson from "../../../package.json";
import { REPOSITORY } from "../../fixture";
import { built, describeWith, NPM_REGISTRY } from "../tools";

/** Maximum size of an owner's `node_modules`, in MB. */
const LIMIT_MB = 150;

const nameOf = (major: string): string => `node_modules/node-${major}-${process.arch}/bin/node`;

const MAJORS = [...new Set(Object.keys(pinned.optionalDependencies).map((name) => name.split("-")[1] ?? ""))];

test("the versions that are tried are those that are promised", () => {
  const text = (file: string): string => readFileSync(join(REPOSITORY, file), "utf8");
  expect(MAJORS).toEqual(["20", "22", "24"]);
  expect(packageJson.engines.node).toMatch(/^>=20\./);
  expect(MAJORS).toContain(text(".nvmrc").trim());
  expect(text("CHANGELOG.md")).toContain("Node 20, 22 and 24");
  const workflows = ["pull-request", "plan", "k3s"].map((name) => text(`.github/workflows/${name}.yml`));
  const used = [...workflows, text("templates/init/github.yml.hbs"), text("templates/init/gitlab-ci.yml.hbs")]
    .flatMap((workflow) => [...workflow.matchAll(/(?:node-version: |image: node:)(\d+)/g)])
    .map(([, major]) => major);
  expect(used.length).toBeGreaterThan(4);
  expect(used.filter((major) => !MAJORS.includes(major as string))).toEqual([]);
});

const TOOLS = [...MAJORS.map((major) => built("node", nameOf(major))), NPM_REGISTRY];

describeWith(TOOLS, "from an empty folder with the tarball and the registry alone", () => {
  let folder: string;
  let tarball: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "k3s-newcomer-")); // longer than one test
    tarball = packPackage(folder);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(MAJORS)(
    "with Node %s there is a cluster whose tests pass, and nothing is deprecated",
    (major) => {
      const home = mkdtempSync(join(folder, `node-${major}-`));
      const program = builtProgram("node", nameOf(major)) as string;
      const env = {
        ...process.env,
        PATH: [dirname(program), process.env.PATH].join(delimiter),
        npm_config_cache: join(home, "cache"),
        npm_config_update_notifier: "false",
        NODE_OPTIONS: "",
      };
      const run = (cwd: string, name: string, ...words: string[]) => {
        const { status, stdout, stderr } = spawnSync(name, words, { cwd, env, encoding: "utf8" });
        return { status, stdout, stderr };
      };

      expect(run(home, "node", "--version").stdout).toMatch(new RegExp(`^v${major}\\.`));
      const start = Date.now();
      const key = ["--ssh-key", join(folder, "key.pub")];
      const init = ["init", "my-cluster", "--yes", ...key, "--package", `file:${tarball}`];
      const made = run(home, "npx", "--yes", "--package", tarball, "--", packageJson.name, ...init);
      expect(made).toMatchObject({ status: 0, stderr: "" });
      expect(made.stdout).toMatch(/Written: \d+ files in nix\//);
      const seconds = (Date.now() - start) / 1000;

      const cluster = join(home, "my-cluster");
      const megabytes = Number(run(cluster, "du", "-sm", "node_modules").stdout.split("\t")[0]);
      process.stderr.write(
        `Node ${major}: init to the first synth ${seconds.toFixed(1)} s, node_modules ${megabytes} MB\n`,
      );
      expect(megabytes).toBeGreaterThan(0);
      expect(megabytes).toBeLessThan(LIMIT_MB);

      expect(run(cluster, "npm", "run", "synth")).toMatchObject({ status: 0, stderr: "" });
      expect(run(cluster, "npm", "test")).toMatchObject({ status: 0, stderr: "" });
      // As the CDKTF CLI runs the app.
      expect(run(cluster, "node", `node_modules/${packageJson.name}/dist/app.js`)).toEqual({
        status: 0,
        stdout: "",
        stderr: "",
      });
      rmSync(home, { recursive: true, force: true });
    },
  );
});
