import { inWords, StatusLine } from "../../src/base/status-line";
import { screen } from "../terminal";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function pass(seconds: number): void {
  jest.advanceTimersByTime(seconds * 1000);
}

test("the time that something takes goes on in its place, and nothing is left of it", async () => {
  const { stream, shown, written } = screen();
  const done = new StatusLine(stream).during("Running main.ts", async () => {
    expect(shown()).toEqual(["Running main.ts ... 0 s"]);
    pass(65);
    expect(shown()).toEqual(["Running main.ts ... 1 min 5 s"]);
    return Promise.resolve();
  });
  await done;
  expect(shown()).toEqual([""]);
  const count = written.length;
  pass(10);
  expect(written).toHaveLength(count);
});

test("nothing is left of it after a failure either", async () => {
  const { stream, shown } = screen();
  const failed = new StatusLine(stream).during("Running", () => Promise.reject(new Error("no")));
  await expect(failed).rejects.toThrow("no");
  expect(shown()).toEqual([""]);
});

test("lines stand above it, whole", () => {
  const { stream, shown } = screen();
  const status = new StatusLine(stream);
  status.show(() => "... build 3 s: hamal, mizar");
  status.print("hamal      build: done (3.1 s)");
  status.print("mizar      build: done (3.2 s)");
  expect(shown()).toEqual([
    "hamal      build: done (3.1 s)",
    "mizar      build: done (3.2 s)",
    "... build 3 s: hamal, mizar",
  ]);
  status.hide();
  status.print("cluster    verify: 1.5 s");
  expect(shown().at(-2)).toBe("cluster    verify: 1.5 s");
});

test("it takes one line of the terminal, however narrow, and its text steers nothing", () => {
  const { stream, shown, written } = screen(20);
  new StatusLine(stream).show(() => "a text of more than 20 columns \u001b[2J\nsecond line");
  expect(shown()).toEqual(["a text of more tha…"]);
  // The cursor is never hidden, so a killed program leaves a terminal as it was.
  expect(written.join("").replaceAll("\u001b[K", "")).not.toContain("\u001b");
});

test("a pipe gets the lines, and nothing else", () => {
  const { stream, written } = screen(0, false);
  const status = new StatusLine(stream);
  status.show(() => "... build");
  status.print("hamal      build: done (3.1 s)");
  pass(5);
  status.hide();
  expect(written).toEqual(["hamal      build: done (3.1 s)\n"]);
});

test.each([
  [0.04, "0.0 s"],
  [59.94, "59.9 s"],
  [60, "1 min 0 s"],
  [725.9, "12 min 5 s"],
])("%f seconds are %s", (seconds, words) => {
  expect(inWords(seconds, 1)).toBe(words);
});
