/** The program as an owner runs it, up to its first connection to a host. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json";
import { REPOSITORY, temporaryFolder } from "../fixture";
import { CLI } from "../program";
import { Project } from "../project";

/** Runs the program, where there is no project unless a folder is given. */
function run(
  words: readonly string[],
  environment: Record<string, string> = {},
  cwd = temporaryFolder(),
): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(CLI, words, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  return { status, stdout, stderr };
}

test("files that do not match main.ts are not rolled out", () => {
  const project = new Project();
  project.edit("main.ts", (text) =>
    text.replace('hostname: "mizar", vmId: 136', 'hostname: "mizar", vmId: 137'),
  );
  const { status, output } = project.npm("rollout", "--", "plan");
  expect(status).toBe(1);
  expect(output).toContain("These files do not match main.ts");
  expect(output).toContain("The hosts were not touched");
  expect(existsSync(project.path("known_hosts"))).toBe(false);
});

test("files that were changed by hand are not rolled out", () => {
  const project = new Project();
  project.edit("nix/k3s-agent/nftables.nft", (text) => text.replace("policy drop", "policy accept"));
  const { status, output } = project.script("rollout", "apply", "--yes");
  expect([status, output]).toEqual([1, expect.stringContaining("nix/k3s-agent/nftables.nft was changed")]);
});

test("only nix/ has to match: neither npm, nor a script of it, nor a generated document stops a rollout", () => {
  const project = new Project();
  project.edit("package.json", (text) => text.replaceAll(/"(check|reference)": /g, '"former-$1": '));
  project.edit("docs/reference/settings.md", (text) => `${text}stale\n`);
  const bin = temporaryFolder();
  for (const name of ["npm", "npx"]) writeFileSync(join(bin, name), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  writeFileSync(join(bin, "ssh"), "#!/bin/sh\nexit 255\n", { mode: 0o755 });
  const { status, stdout, stderr } = run(
    ["rollout", "plan"],
    { PATH: `${bin}:${process.env.PATH}` },
    project.folder,
  );
  expect([status, stdout + stderr]).toEqual([
    4,
    expect.stringContaining("Not possible now: alphard is unreachable"),
  ]);
});

test("a wrong name is told before anything else is done", () => {
  const project = new Project();
  project.edit("main.ts", (text) => text.replace("cores: 4", "cores: 5"));
  const { status, output } = project.script("rollout", "apply", "--on", "hamall");
  expect([status, output]).toEqual([64, expect.stringContaining("hamall; did you mean hamal? There are")]);
  expect(output).not.toContain("do not match");
});

test("an unknown host is named together with those that main.ts has", () => {
  const { status, output } = new Project().script("rollout", "plan", "--at", "alnair=10.0.0.1");
  expect([status, output]).toEqual([
    64,
    expect.stringContaining("No such host in main.ts: alnair. There are alphard, hamal, mizar"),
  ]);
});

test.each(["plan", "apply", "verify"])("rollout %s names --on to who names hosts without it", (command) => {
  const { status, stdout, stderr } = run(["rollout", command, "--json", "hamal", "mizar"]);
  expect([status, stdout, stderr]).toEqual([64, "", "Name hosts with --on: --on hamal,mizar\n"]);
});

test.each([
  ["rollout --help", "roll out the emitted files to the hosts"],
  ["rollout plan --help", "show what an apply would do, and why; changes nothing"],
  ["rollout plan --help", "--detailed-exitcode end with 2 when changes are pending"],
  ["plan --help", "--detailed-exitcode end with 2 when changes are pending"],
  ["rollout apply --help", "--on <names>"],
  ["rollout apply --help", "--confirm-seconds <seconds>"],
  ["rollout verify --help", "--watch [seconds]"],
  ["rollout capture --help", "store a host's own hardware configuration"],
  ["rollout remove --help", "--drain-seconds <seconds>"],
  ["rollout kubeconfig --help", "--print"],
  ["rollout backup --help", "--to <folder>"],
  ["nixpkgs --help", "write the newest revision of the hosts' channel"],
  ["inventory --help", "write what the PVE nodes have to pve-nodes.json"],
  ["template apply --help", "what a failure leaves, it names"],
  ["template scan --help", "look for identities and secrets on a template's disk"],
  ["doctor --help", "says what it did not check"],
  ["preview --help", "--fail-on-danger"],
  ["simulate --help", "--fail-on <costs>"],
  ["simulate --help", "--live also what each failure costs the pods that run"],
  ["gate --help", "power-cycle"],
  ["apply --help", "--parallelism <number>"],
])("help: %s", (words, expected) => {
  const { status, stdout } = run(words.split(" "));
  expect([status, stdout.replace(/\s+/g, " ")]).toEqual([0, expect.stringContaining(expected)]);
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("a reader who leaves early causes neither a failure nor a message", () => {
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-c", `"${CLI}" --help | true; echo "\${PIPESTATUS[0]}"`],
    {
      encoding: "utf8",
    },
  );
  expect([status, stdout, stderr]).toEqual([0, "0\n", ""]);
});

test("output that a full disk does not take is a failure, and said", () => {
  const { status, stderr } = spawnSync("sh", ["-c", `"${CLI}" --help >/dev/full`], { encoding: "utf8" });
  expect([status, stderr]).toEqual([1, "The output is incomplete: ENOSPC: no space left on device, write\n"]);
});

test("the help of the program fits a screen of 80 columns and 24 lines", () => {
  const lines = run(["--help"]).stdout.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test("the version is that of package.json, and only the command tree is loaded to print it", () => {
  const folder = temporaryFolder();
  const hook = join(folder, "hook.cjs");
  const list = join(folder, "loaded");
  writeFileSync(
    hook,
    `process.on("exit", () => require("node:fs").writeFileSync("${list}", Object.keys(require.cache).join("\\n")));`,
  );
  const { status, stdout } = spawnSync(join(REPOSITORY, "src/cli/bin.mjs"), ["--version"], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: `--require ${hook}` },
  });
  expect([status, stdout]).toEqual([0, `${packageJson.version}\n`]);
  const loaded = readFileSync(list, "utf8").split("\n");
  const packages = loaded.flatMap((file) => /node_modules\/([^/]+)/.exec(file)?.[1] ?? []);
  expect(new Set(packages)).toEqual(new Set(["commander", "esbuild", "tsx"]));
  const others = loaded.flatMap((file) => /\/src\/((?!cli\/|base\/).*)/.exec(file)?.[1] ?? []);
  expect(others).toEqual(["init/options.ts"]);
});

test.each([
  ["rollout apply --confirm-seconds 0", "Expected seconds, such as 300, a whole number above 0"],
  ["rollout apply --agents-at-once 3s", "Expected a count, such as 3, a whole number above 0"],
  ["rollout apply --at alphard", "Expected HOST=ADDRESS"],
  ["rollout apply --on hamal,,mizar", "Expected names with commas between them"],
  ["rollout verify --on=", "Expected names with commas between them"],
  ["rollout appyl", "unknown command 'appyl' (Did you mean apply?)"],
  ["previw", "unknown command 'previw' (Did you mean preview?)"],
  ["preview --bse main", "unknown option '--bse' (Did you mean --base?)"],
  ["tofu", "missing required argument"],
])("a usage error is reported in one line: %s", (words, expected) => {
  const { status, stdout, stderr } = run(words.split(" "));
  expect([status, stdout, stderr]).toEqual([64, "", expect.stringMatching(/^error: .*\n$/)]);
  expect(stderr).toContain(expected);
});
