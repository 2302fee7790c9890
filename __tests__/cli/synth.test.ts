import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { programPath } from "../../src/base/programs";
import { planning } from "../../src/cli/synth";
import { Project } from "../project";

test("it prints what it wrote, for which hosts, what comes next, or that nothing changed", () => {
  const project = new Project();
  project.edit("main.ts", (text) => text.replace("vmId: 135,", "vmId: 135, cores: 8,"));
  const { status, output } = project.script("synth");
  expect({ status, output }).toEqual({
    status: 0,
    output: expect.stringContaining("cdktf.out/stacks/k3s/cdk.tf.json"),
  });
  expect(output).toMatch(/^Written: 3 files in k8s\/, nix\/\.$/m);
  expect(output).toMatch(/^Next: .*npm run preview/m);
  expect(project.script("synth").output).toMatch(/^nix\/ is unchanged\.$/m);
});

test("what comes next is a plan of each cluster", () => {
  expect(planning(["k3s"])).toEqual(["npm run plan"]);
  expect(planning(["k3s", "lab"])).toEqual([
    "npm run plan -- --cluster k3s",
    "npm run plan -- --cluster lab",
  ]);
});

test("a node that goes is told with its files, and that its VM will be destroyed", () => {
  const project = new Project();
  project.edit("main.ts", (text) => text.replace(/.*"mizar".*\n/, ""));
  const { output } = project.script("synth");
  expect(output).toMatch(/^Removed: nix\/k3s-agent-1\/configuration\.nix, /m);
  expect(output).toMatch(/^Warning: mizar, VM 136, will be DESTROYED by the next apply$/m);
});

test("the CDKTF CLI makes the same JSON of the same project", () => {
  const project = new Project();
  expect(project.script("synth").status).toBe(0);
  const json = project.text("cdktf.out/stacks/k3s/cdk.tf.json");
  rmSync(project.path("cdktf.out"), { recursive: true });
  const cdktf = spawnSync("npx", ["cdktf", "synth"], {
    cwd: project.folder,
    env: { ...process.env, CHECKPOINT_DISABLE: "1" },
  });
  expect(cdktf.status).toBe(0);
  expect(project.text("cdktf.out/stacks/k3s/cdk.tf.json")).toBe(json);
});

describe("a failure is reported in one line", () => {
  const expectFailure = (project: Project, damage: (project: Project) => void, expected: RegExp): void => {
    damage(project);
    const { status, output } = project.script("synth");
    expect(output).toMatch(expected);
    expect(status).toBeGreaterThan(0);
  };

  test.each<[string, (project: Project) => void, RegExp]>([
    [
      "main.ts cannot be read",
      (project) => project.edit("main.ts", (text) => `${text}const x = ;\n`),
      /^\S*\/main\.ts:\d+:10: ERROR: Unexpected ";"\n$/,
    ],
    [
      "main.ts is not here",
      (project) => rmSync(project.path("main.ts")),
      /^there is no main\.ts in \S+: run this in the project's folder\n$/,
    ],
    ["cdktf.json is not here", (project) => rmSync(project.path("cdktf.json")), /^cdktf\.json is missing\n$/],
  ])("%s", (_, damage, expected) => expectFailure(new Project(), damage, expected));

  test.each<[string, (project: Project) => void, RegExp]>([
    [
      "the bindings are not here",
      (project) => rmSync(project.path(".gen")),
      /^Cannot find module '\S*\.gen\/providers\S*'\. Are the packages installed\? npm ci\n$/,
    ],
    [
      "the packages are not here",
      (project) => rmSync(project.path("node_modules")),
      /^The packages are not installed: npm ci\n$/,
    ],
  ])("%s", (_, damage, expected) => expectFailure(Project.withCode(), damage, expected));
});

describe("a missing program is reported before anything is written", () => {
  /** Runs the npm scripts in their order, as npm does, without OpenTofu and Terraform. */
  const without = (project: Project, ...words: string[]): ReturnType<typeof spawnSync> =>
    spawnSync("npm", ["run", "--silent", ...words], {
      cwd: project.folder,
      encoding: "utf8",
      env: { ...process.env, TERRAFORM_BINARY_NAME: undefined, PATH: pathWithNode(project.path("bin")) },
    });

  /** A PATH with only the programs that npm's scripts need. */
  function pathWithNode(folder: string): string {
    mkdirSync(folder);
    for (const name of ["node", "npm", "sh", "git"]) symlinkSync(programPath(name) ?? "", join(folder, name));
    return folder;
  }

  test.each(["plan", "apply"])(
    "npm run %s reports that OpenTofu is missing, and does not synthesize",
    (script) => {
      const project = new Project();
      expect(without(project, script)).toMatchObject({
        status: 1,
        stdout: "",
        stderr: expect.stringMatching(
          /^tofu is not in PATH, and a plan needs it: install OpenTofu 1\.10 or later/,
        ),
      });
      expect(existsSync(project.path("cdktf.out"))).toBe(false);
    },
  );

  test("npm run diff explains how to use OpenTofu where Terraform is missing", () => {
    expect(without(new Project(), "diff")).toMatchObject({
      status: 1,
      stderr: "terraform is not in PATH: with OpenTofu, TERRAFORM_BINARY_NAME=tofu npm run diff\n",
    });
  });
});
