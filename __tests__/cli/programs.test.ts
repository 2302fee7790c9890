/** What a command says first where a program that it needs is not there. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../fixture";
import { CLI } from "../program";

/** In a folder in which a command has more to complain about, and with a PATH in which nothing is. */
function run(words: readonly string[]): {
  status: number | null;
  stdout: string;
  stderr: string;
  left: string[];
} {
  const folder = temporaryFolder();
  const env = { PATH: join(folder, "nowhere"), HOME: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...words], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr, left: readdirSync(folder) };
}

test.each([
  ["synth --for-tofu", /^tofu is not in PATH, and a plan needs it: install OpenTofu 1\.10 or later/],
  ["plan", /^tofu is not in PATH, and a plan needs it: /],
  ["apply", /^tofu is not in PATH, and an apply needs it: /],
  ["tofu state list", /^tofu is not in PATH, and this command needs it: /],
  [
    "rollout plan",
    /^\nssh is not in PATH, and every command of rollout needs it: install the OpenSSH client/,
  ],
  ["rollout apply --yes", /^\nssh is not in PATH/],
  ["rollout verify", /^\nssh is not in PATH/],
  ["rollout capture hamal", /^\nssh is not in PATH/],
  ["rollout remove hamal --yes", /^\nssh is not in PATH/],
  ["rollout kubeconfig", /^\nssh is not in PATH/],
  ["rollout backup", /^\nssh is not in PATH/],
  ["template plan", /^ssh is not in PATH, and the making of a template needs it/],
  ["template apply --yes", /^ssh is not in PATH/],
  ["nixpkgs update", /^nix-prefetch-url is not in PATH, and nixpkgs update needs it: install Nix/],
  ["init new --yes", /^npm is not in PATH, and the install needs it: install Node\.js/],
])("%s says in one line which program is missing, and does nothing", (command, message) => {
  const { status, stdout, stderr, left } = run(command.split(" "));
  expect({ status, stdout, left }).toEqual({ status: 1, stdout: "", left: [] });
  expect(stderr).toMatch(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

test("a preview says in one line that git is missing", () => {
  const { status, stdout, left } = run(["preview"]);
  expect({ status, left }).toEqual({ status: 1, left: [] });
  expect(stdout).toContain("git is not in PATH, and a preview needs it: install it from git-scm.com");
});

test("as JSON, it is the error of the document", () => {
  const { stdout } = run(["rollout", "plan", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    error: expect.stringContaining("ssh is not in PATH"),
    code: "failed",
  });
});
