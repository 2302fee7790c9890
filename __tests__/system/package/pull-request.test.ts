/**
 * The owner's first change: a project of `init` becomes a cluster of three servers and five agents by another `main.ts`, and the
 * checks of the project's own CI pass. They run as they stand, in a clone, as a forge's runner has it.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import packageJson from "../../../package.json";
import { packPackage } from "../../../testbed/package/install";
import { REPOSITORY } from "../../fixture";
import { describeWith, NPM_REGISTRY } from "../tools";

interface Step {
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Commands of the checks, with the variables that the forge gives them. */
const CHECKS: Readonly<Record<string, (folder: string) => readonly string[]>> = {
  github: (folder) => {
    const { jobs } = parse(readFileSync(join(folder, ".github/workflows/pull-request.yml"), "utf8")) as {
      jobs: { check: { steps: Step[] } };
    };
    return jobs.check.steps.flatMap(({ run, env = {} }) => {
      const stated = Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`);
      return run === undefined ? [] : [`${stated.join("").replace("${{ github.base_ref }}", "main")}${run}`];
    });
  },
  gitlab: (folder) => {
    const { check } = parse(readFileSync(join(folder, ".gitlab-ci.yml"), "utf8")) as {
      check: { script: string[] };
    };
    return check.script;
  },
};

describeWith([NPM_REGISTRY], "a pull request that makes it three servers and five agents", () => {
  let folder: string;
  let tarball: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "k3s-pull-request-")); // longer than one test
    tarball = packPackage(folder);
    run(folder, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key"));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(cwd: string, name: string, ...words: string[]): string {
    const env = {
      ...process.env,
      GITHUB_STEP_SUMMARY: join(folder, "summary.md"),
      CI_MERGE_REQUEST_DIFF_BASE_SHA: "origin/main",
    };
    const { status, stdout, stderr } = spawnSync(name, words, { cwd, env, encoding: "utf8" });
    expect({ words, status, stderr: status === 0 ? "" : stderr }).toEqual({ words, status: 0, stderr: "" });
    return stdout;
  }

  const git = (cwd: string, ...words: string[]): string =>
    run(cwd, "git", "-c", "user.name=A", "-c", "user.email=a@example.org", ...words);

  test.each(Object.entries(CHECKS))("by main.ts alone passes every check of %s", (forge, checks) => {
    const cluster = join(folder, forge);
    const init = ["init", cluster, "--yes", "--ssh-key", join(folder, "key.pub"), "--ci", forge];
    run(
      folder,
      "npx",
      "--yes",
      "--package",
      tarball,
      "--",
      packageJson.name,
      ...init,
      "--package",
      `file:${tarball}`,
    );
    git(cluster, "checkout", "--quiet", "-B", "main");
    git(cluster, "add", "--all");
    git(cluster, "commit", "--quiet", "--message=as init made it");

    git(cluster, "checkout", "--quiet", "-b", "topic");
    copyFileSync(join(REPOSITORY, "examples/ha-three-pve-nodes.ts"), join(cluster, "main.ts"));
    run(cluster, "npm", "run", "--silent", "synth");
    run(cluster, "npm", "run", "--silent", "snapshot");
    run(cluster, "npm", "run", "--silent", "typecheck");
    git(cluster, "commit", "--quiet", "--all", "--message=3+5");
    git(cluster, "add", "--all");
    git(cluster, "commit", "--quiet", "--message=hosts");

    const clone = `${cluster}-clone`;
    git(folder, "clone", "--quiet", cluster, clone);
    const outputs = checks(clone).map((command) => run(clone, "bash", "-e", "-c", command));
    expect(outputs.length).toBe(3);
    expect(outputs.at(-1)).toContain("8 nodes added");
    expect(git(clone, "status", "--porcelain", "--untracked-files=no")).toBe("");
  });
});
