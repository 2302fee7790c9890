import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { interruptible } from "../../src/cli/interruption";
import { REPOSITORY, temporaryFolder } from "../fixture";

/** A program that finishes what it has begun when it is asked to stop, as OpenTofu does. */
const PROGRAM = `#!/bin/sh
say() { echo "$1" >> "$0.log"; }
for signal in INT TERM; do trap "say $signal; asked=yes" "$signal"; done
say began
echo began
n=0
while [ -z "$asked" ] && [ $((n += 1)) -lt 100 ]; do sleep 0.05; done
sleep 0.5
say finished
`;

/**
 * Runs the program in the foreground in a process group of its own, and sends the signal once the program has started.
 *
 * @param whole - the signal goes to the whole group, as from a terminal, instead of to the wrapper alone
 */
async function signalled(signal: NodeJS.Signals, whole: boolean): Promise<string[]> {
  const folder = temporaryFolder();
  const program = join(folder, "program");
  writeFileSync(program, PROGRAM, { mode: 0o755 });
  const imported = (path: string): string => JSON.stringify(join(REPOSITORY, "src", path));
  const script =
    `import { runInForeground } from ${imported("base/process.ts")};\n` +
    `import { interruptible } from ${imported("cli/interruption.ts")};\n` +
    "void interruptible((interruption) =>" +
    `  runInForeground(${JSON.stringify(program)}, [], interruption)).then((status) => (process.exitCode = status));`;
  const file = join(folder, "wrapper.ts");
  writeFileSync(file, script);
  const wrapper = spawn(process.execPath, ["--import", TSX_LOADER, file], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 60_000,
  });
  const pid = wrapper.pid ?? 0;
  wrapper.stdout.once("data", () => process.kill(whole ? -pid : pid, signal));
  const status = await new Promise<number | null>((resolve) => wrapper.once("close", resolve));
  return [...readFileSync(`${program}.log`, "utf8").trim().split("\n"), `wrapper ended with ${status}`];
}

const TSX_LOADER = join(REPOSITORY, "node_modules", "tsx", "dist", "loader.mjs");

describe("a program in the foreground comes to its end, and its wrapper waits for it", () => {
  test.each<[string, NodeJS.Signals, boolean, string]>([
    ["Ctrl-C at the terminal reaches it once", "SIGINT", true, "INT"],
    ["SIGTERM for the wrapper is passed on", "SIGTERM", false, "TERM"],
    ["SIGHUP for the wrapper asks it to stop", "SIGHUP", false, "TERM"],
    ["a closed terminal asks it to stop, and does not kill it", "SIGHUP", true, "TERM"],
  ])("%s", async (_, signal, whole, expected) => {
    expect(await signalled(signal, whole)).toEqual(["began", expected, "finished", "wrapper ended with 0"]);
  });
});

describe("a request to stop", () => {
  /** The reasons of both abort signals after process signals at these milliseconds. */
  const after = (...signals: readonly [NodeJS.Signals, number][]): Promise<[unknown, unknown]> =>
    interruptible(({ stop, leave }) => {
      for (const [signal, milliseconds] of signals) {
        jest.spyOn(performance, "now").mockReturnValue(milliseconds);
        process.emit(signal, signal);
      }
      return Promise.resolve([stop.reason, leave.reason]);
    });

  afterEach(() => jest.restoreAllMocks());

  test("has the name of the signal as its reason", async () => {
    expect(await after()).toEqual([undefined, undefined]);
    expect(await after(["SIGHUP", 0])).toEqual(["SIGHUP", undefined]);
  });

  test("is a request to leave at once when it comes a second time", async () => {
    expect(await after(["SIGINT", 0], ["SIGTERM", 1000])).toEqual(["SIGINT", "SIGTERM"]);
  });

  test("by one Ctrl-C, which npm repeats, counts once", async () => {
    expect(await after(["SIGINT", 0], ["SIGINT", 2])).toEqual(["SIGINT", undefined]);
    expect(await after(["SIGINT", 0], ["SIGINT", 2], ["SIGINT", 900])).toEqual(["SIGINT", "SIGINT"]);
  });

  test("has no listener after the run: signals end the process again", async () => {
    const before = process.listenerCount("SIGINT");
    await after();
    await expect(interruptible(() => Promise.reject(new Error("it failed")))).rejects.toThrow("it failed");
    expect(process.listenerCount("SIGINT")).toBe(before);
  });
});
