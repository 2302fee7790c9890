import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asSynthesized, temporaryFolder } from "../fixture";
import { CLI } from "../program";
import { SCRIPT } from "./terminal";
import { describeWith } from "./tools";

/** A folder as a synth leaves it, with a stand-in for OpenTofu that has changes in its plan and records its calls. */
function planned(): { folder: string; tofu: string; applied: () => boolean; asker: () => number } {
  const folder = temporaryFolder();
  const tofu = join(folder, "tofu");
  const calls = join(folder, "calls");
  const save = 'for word; do case "$word" in -out=*) : > "${word#-out=}" ;; esac; done';
  const plans = `case "$1" in plan) ${save}; exit 2 ;; show) echo "{}" ;; esac`;
  const asker = join(folder, "asker");
  writeFileSync(tofu, `#!/bin/sh\necho "$1" >> '${calls}'\necho "$PPID" > '${asker}'\n${plans}\n`);
  chmodSync(tofu, 0o755);
  asSynthesized(folder, ["k3s"]);
  return {
    folder,
    tofu,
    applied: () => readFileSync(calls, "utf8").split("\n").includes("apply"),
    asker: () => Number(readFileSync(asker, "utf8")),
  };
}

/** Runs the program of `npm run apply` in a terminal, and does something once it asks. */
async function asked(
  react: (terminal: ChildProcessWithoutNullStreams, asker: number) => void,
): Promise<{ status: number; applied: boolean }> {
  const { folder, tofu, applied, asker } = planned();
  const status = join(folder, "status");
  // This shell outlives the terminal and a Ctrl-C, which the terminal sends to it, too: dash would end.
  const command = `trap : HUP INT; '${CLI}' apply; echo $? > '${status}.new'; mv '${status}.new' '${status}'`;
  const terminal = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: folder,
    timeout: 60_000,
    env: { ...process.env, TERRAFORM_BINARY_NAME: tofu },
  });
  let shown = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    const before = shown.includes("Apply this plan?");
    shown += chunk.toString();
    if (!before && shown.includes("Apply this plan?")) react(terminal, asker());
  });
  while (!existsSync(status)) await new Promise((resolve) => setTimeout(resolve, 20));
  return { status: Number(readFileSync(status, "utf8")), applied: applied() };
}

const answer = (text: string): Promise<{ status: number; applied: boolean }> =>
  asked((terminal) => terminal.stdin.write(text));

describeWith([SCRIPT], "the question before an apply", () => {
  test("takes yes as yes", async () => {
    expect(await answer("yes\n")).toEqual({ status: 0, applied: true });
  });

  // The last two are Ctrl-D and Ctrl-C.
  test.each(["y\n", "no\n", "\n", "yes please\n", "\u0004", "\u0003"])("takes %j as no", async (text) => {
    expect(await answer(text)).toEqual({ status: 4, applied: false });
  });

  test("takes a signal as no", async () => {
    expect(await asked((_, asker) => process.kill(asker, "SIGTERM"))).toEqual({ status: 4, applied: false });
  });

  test("takes a closed terminal as no", async () => {
    expect(await asked((terminal) => terminal.kill("SIGKILL"))).toEqual({ status: 4, applied: false });
  });
});
