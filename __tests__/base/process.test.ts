import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  capture,
  converse,
  endGroup,
  runInForeground,
  succeeds,
  type Interruption,
} from "../../src/base/process";
import { temporaryFolder } from "../fixture";

const sh = (script: string): [string, string[]] => ["sh", ["-c", script]];

/** An interruption that never comes. */
const NONE: Interruption = { stop: new AbortController().signal, leave: new AbortController().signal };

/** Whether a process with this ID exists and has not ended. */
const lives = (pid: string): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A script that starts a process and writes down its ID, and one that runs this script and waits. */
function parent(): { readonly script: string; readonly started: string; readonly child: () => string } {
  const file = join(temporaryFolder(), "child");
  return {
    script: `sleep 600 & echo $! >'${file}.new'; mv '${file}.new' '${file}'; wait`,
    started: `[ -e '${file}' ]`,
    child: () => (existsSync(file) ? readFileSync(file, "utf8").trim() : ""),
  };
}

describe("a program whose output is captured", () => {
  test("returns its exit code and its complete standard output and error", async () => {
    const many = "x".repeat(300_000);
    const script = `head -c 300000 /dev/zero | tr '\\0' x; echo no >&2; exit 3`;
    expect(await capture(...sh(script))).toEqual({ status: 3, stdout: many, stderr: "no\n" });
  });

  test("keeps a character of several bytes that arrives in two chunks", async () => {
    const script = "printf '\\303'; sleep 0.1; printf '\\251'";
    expect((await capture(...sh(script))).stdout).toBe("é");
  });

  test("has the exit code that a shell reports when a signal ended it", async () => {
    expect((await capture(...sh("kill -TERM $$"))).status).toBe(143);
  });

  test("reads nothing, and runs in the given folder", async () => {
    const cwd = temporaryFolder();
    const { stdout } = await capture(...sh('cat; pwd; echo "$NAME"'), {
      cwd,
      env: { ...process.env, NAME: "a" },
    });
    expect(stdout).toBe(`${cwd}\na\n`);
  });

  test("that does not exist is an error for a person", async () => {
    await expect(capture("program-that-is-not-there", [])).rejects.toMatchObject({
      code: "failed",
      message: expect.stringContaining("program-that-is-not-there does not start"),
    });
  });

  test("is killed with its children when it prints more than the limit", async () => {
    const { script, started, child } = parent();
    const endless = `(${script}) & until ${started}; do sleep 0.01; done; while :; do echo more; done`;
    await expect(capture(...sh(endless), { limit: 1_000_000 })).rejects.toMatchObject({
      code: "failed",
      message: "sh prints more than 1000000 bytes",
    });
    await until(() => !lives(child()));
  });

  test("is killed with its children by the abort signal", async () => {
    const { script, child } = parent();
    const stop = new AbortController();
    const run = capture(...sh(script), { signal: stop.signal });
    await until(() => child() !== "");
    expect(lives(child())).toBe(true);
    stop.abort();
    await expect(run).rejects.toMatchObject({ code: "interrupted" });
    await until(() => !lives(child()));
  });

  test("does not start after the abort signal", async () => {
    const file = join(temporaryFolder(), "ran");
    const run = capture("touch", [file], { signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ code: "interrupted" });
    expect(existsSync(file)).toBe(false);
  });
});

test("a program in the foreground does not start after a request to stop", async () => {
  const file = join(temporaryFolder(), "ran");
  const run = runInForeground("touch", [file], { ...NONE, stop: AbortSignal.abort("SIGINT") });
  await expect(run).rejects.toMatchObject({ code: "interrupted" });
  expect(existsSync(file)).toBe(false);
});

test.each([
  ["exit 0", 0],
  ["exit 3", 3],
  ["kill -TERM $$", 143],
])("a program in the foreground, '%s', has the exit code %d", async (script, status) => {
  expect(await runInForeground(...sh(script), NONE)).toBe(status);
});

test("a program with open pipes is killed with its children", async () => {
  const { script, child } = parent();
  const program = converse(...sh(script));
  await until(() => child() !== "");
  endGroup(program);
  await until(() => !lives(child()));
  endGroup(program);
});

test.each([
  ["true", true],
  ["false", false],
  ["program-that-is-not-there", false],
])("whether %s succeeds", (program, expected) => {
  expect(succeeds(program, [])).toBe(expected);
});
