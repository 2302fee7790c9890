import { spawn, spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asSynthesized, CLI, temporaryFolder } from "../fixture";
import { describeWith, type Tool } from "./tools";

/** Gives a command a terminal, without which nobody is asked. */
const SCRIPT: Tool = {
  name: "script",
  debianPackage: "bsdutils",
  works: () => spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0,
};

/** A folder as a synth leaves it, with a stand-in for OpenTofu that plans something and notes its calls. */
function planned(): { folder: string; tofu: string; applied: () => boolean } {
  const folder = temporaryFolder();
  const tofu = join(folder, "tofu");
  const calls = join(folder, "calls");
  const save = 'for word; do case "$word" in -out=*) : > "${word#-out=}" ;; esac; done';
  const plans = `case "$1" in plan) ${save}; exit 2 ;; show) echo "{}" ;; esac`;
  writeFileSync(tofu, `#!/bin/sh\necho "$1" >> '${calls}'\n${plans}\n`);
  chmodSync(tofu, 0o755);
  asSynthesized(folder, ["k3s"]);
  return { folder, tofu, applied: () => readFileSync(calls, "utf8").split("\n").includes("apply") };
}

/** Runs the program of `npm run apply` in a terminal, and types an answer once it asks. */
async function answer(text: string): Promise<{ status: number | null; applied: boolean }> {
  const { folder, tofu, applied } = planned();
  const command = `'${CLI}' apply`;
  const terminal = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: folder,
    timeout: 60_000,
    env: { ...process.env, TERRAFORM_BINARY_NAME: tofu },
  });
  let shown = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    const asked = shown.includes("Apply this plan?");
    shown += chunk.toString();
    if (!asked && shown.includes("Apply this plan?")) terminal.stdin.write(text);
  });
  const status = await new Promise<number | null>((resolve) => terminal.once("close", resolve));
  return { status, applied: applied() };
}

describeWith([SCRIPT], "the question before an apply", () => {
  test("takes yes for yes", async () => {
    expect(await answer("yes\n")).toEqual({ status: 0, applied: true });
  });

  // The last two are Ctrl-D and Ctrl-C.
  test.each(["y\n", "no\n", "\n", "yes please\n", "\u0004", "\u0003"])("takes %j for no", async (text) => {
    expect(await answer(text)).toEqual({ status: 4, applied: false });
  });
});
