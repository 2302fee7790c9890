import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../fixture";
import { describeWith, type Tool } from "./tools";

const REPOSITORY = join(__dirname, "..", "..");

/** Gives a command a terminal, without which nobody is asked. */
const SCRIPT: Tool = {
  name: "script",
  debianPackage: "bsdutils",
  works: () => spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0,
};

/** Runs `npm run apply`'s program in a terminal, with a stand-in for OpenTofu, and types an answer. */
function answer(text: string): { status: number | null; applied: boolean } {
  const folder = temporaryFolder();
  const tofu = join(folder, "tofu");
  const calls = join(folder, "calls");
  const plans = 'case "$1" in plan) exit 2 ;; show) echo "{}" ;; esac';
  writeFileSync(tofu, `#!/bin/sh\necho "$1" >> ${calls}\n${plans}\n`);
  chmodSync(tofu, 0o755);
  mkdirSync(join(folder, "cdktf.out", "stacks", "k3s"), { recursive: true });
  const stacks = { k3s: { workingDirectory: "stacks/k3s" } };
  writeFileSync(join(folder, "cdktf.out", "manifest.json"), JSON.stringify({ stacks }));
  const tsx = join(REPOSITORY, "node_modules", ".bin", "tsx");
  const command = `${tsx} ${join(REPOSITORY, "tools", "tofu.ts")} apply`;
  const { status } = spawnSync("script", ["-qec", command, "/dev/null"], {
    cwd: folder,
    input: `${text}\n`,
    timeout: 20_000,
    env: { ...process.env, TERRAFORM_BINARY_NAME: tofu },
  });
  const applied = existsSync(calls) && readFileSync(calls, "utf8").split("\n").includes("apply");
  return { status, applied };
}

describeWith([SCRIPT], "the question before an apply", () => {
  test("takes yes for yes", () => {
    expect(answer("yes")).toEqual({ status: 0, applied: true });
  });

  test.each(["y", "no", "", "yes please"])("takes '%s' for no", (text) => {
    expect(answer(text)).toEqual({ status: 1, applied: false });
  });
});
