/** What a person sees of a rollout while it runs. */
import { StatusLine } from "../../src/base/status-line";
import { progressPrinter } from "../../src/rollout/format";
import type { Outcome } from "../../src/rollout/log";
import { screen, type Screen } from "../terminal";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function pass(seconds: number): void {
  jest.advanceTimersByTime(seconds * 1000);
}

/** Reports to a terminal or a pipe. */
function reporting({
  stream,
}: Screen): (host: string, step: string, outcome: Outcome, words?: string) => void {
  const listener = progressPrinter(new StatusLine(stream), stream.isTTY);
  return (host, step, outcome, words = "") => listener({ time: "", host, step, outcome, words });
}

test("a terminal shows which hosts build, and for how long, until each has built", () => {
  const terminal = screen();
  const report = reporting(terminal);
  for (const host of ["hamal", "mizar", "alnair"]) report(host, "build", "started");
  pass(65);
  expect(terminal.shown()).toEqual(["... build 1 min 5 s: hamal, mizar, alnair"]);
  report("mizar", "build", "done", "no reboot (65.0 s)");
  report("mizar", "drain", "started");
  report("hamal", "build", "failed", "exited with 1");
  pass(2);
  expect(terminal.shown()).toEqual([
    "mizar      build: no reboot (65.0 s)",
    "hamal      build FAILED",
    "... build 1 min 7 s: alnair; drain 2 s: mizar",
  ]);
  report("mizar", "drain", "done", "2.0 s");
  report("alnair", "build", "done", "no reboot (67.0 s)");
  expect(terminal.shown().slice(2)).toEqual([
    "mizar      drain: 2.0 s",
    "alnair     build: no reboot (67.0 s)",
    "",
  ]);
});

test("a terminal shows the last line of a build's output, without what a store path begins with", () => {
  const terminal = screen();
  const report = reporting(terminal);
  for (const host of ["hamal", "mizar"]) report(host, "build", "started");
  report("hamal", "build", "running", "evaluating");
  report("hamal", "build", "running", `building '/nix/store/${"0".repeat(32)}-k3s-1.34.2.drv'...`);
  report("mizar", "build", "running", "two\nlines");
  report("mizar", "drain", "running", "of a step that does not run");
  pass(5);
  expect(terminal.shown()).toEqual([
    "... build 5 s: hamal (building 'k3s-1.34.2.drv'...), mizar (two\ufffdlines)",
  ]);
  report("hamal", "build", "done", "no reboot (5.0 s)");
  pass(1);
  expect(terminal.shown().at(-1)).toBe("... build 6 s: mizar (two\ufffdlines)");
});

test("steps of the cluster name no host, and what is said stands above them", () => {
  const terminal = screen();
  const report = reporting(terminal);
  report("cluster", "survey the hosts", "started");
  report("cluster", "", "said", "the Kubernetes API cannot be asked");
  expect(terminal.shown()).toEqual([
    "cluster    the Kubernetes API cannot be asked",
    "... survey the hosts 0 s",
  ]);
});

test("many hosts are one line of the terminal", () => {
  const terminal = screen(40);
  const report = reporting(terminal);
  for (let each = 0; each < 20; each++) report(`k3s-agent-${each}`, "build", "started");
  expect(terminal.shown()).toEqual(["... build 0 s: k3s-agent-0, k3s-agent-…"]);
});

test("a pipe gets a line for each start and end, and no control character", () => {
  const pipe = screen(0, false);
  const report = reporting(pipe);
  report("hamal", "build", "started");
  report("hamal", "build", "running", "building");
  pass(600);
  report("hamal", "build", "done", "no reboot (10 min 0 s)");
  expect(pipe.written.join("")).toBe("hamal      build ...\nhamal      build: no reboot (10 min 0 s)\n");
});
