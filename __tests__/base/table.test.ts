import fc from "fast-check";
import { judged } from "../render/libraries";
import { fittedTable, markdownTable, textTable } from "../../src/base/table";
import { displayWidth, wrapped, wrappedLines } from "../../src/base/wrap";

/** Texts from descriptions, file names and messages, each with the number of columns that it takes in a terminal. */
const TEXTS: readonly [string, number][] = [
  ["", 0],
  ["alphard", 7],
  ["Größe ± 1 µs", 12],
  ["e\u0301", 1],
  ["Рабочий узел", 12],
  ["工作節點", 8],
  ["ノード・サーバー", 16],
  ["노드", 4],
  ["ｆｕｌｌ（１）", 14],
  ["🚀 ✅ ⚠️ ✓", 10],
  ["👩‍👩‍👧", 2],
];

test.each(TEXTS)("%j takes %i columns", (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test("a table in Markdown is formatted as prettier formats it, whatever its cells contain", () => {
  const words = TEXTS.map(([each]) => each).filter(Boolean);
  const text = fc.array(fc.constantFrom(...words, "`code`")).map((each) => each.join(" "));
  const rows = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 });
  const tables = fc.sample(rows, 50).map((each) => markdownTable(["one", "two"], each));
  expect(judged("prettier", tables)).toEqual(tables);
});

test("a table for a terminal has aligned columns and no trailing spaces", () => {
  const rows = [
    ["node", "role", "what"],
    ["hamal", "agent", ""],
    ["節點", "server", "up"],
  ];
  expect(textTable(rows)).toEqual([
    "node   role    what", //
    "hamal  agent",
    "節點   server  up",
  ]);
  expect(textTable(rows, "right")).toEqual([" node    role  what", "hamal   agent", " 節點  server    up"]);
  expect(textTable([])).toEqual([]);
});

test("a table in Markdown has aligned bars, and at least three dashes below each heading", () => {
  const table = markdownTable(["", "description"], [["a"], ["b", "節點 1"]]);
  expect(table.split("\n")).toEqual([
    "|     | description |",
    "| --- | ----------- |",
    "| a   |             |",
    "| b   | 節點 1      |",
    "",
  ]);
});

const COLUMNS = 40;

test("a table of a terminal breaks the cells that have no room between words, and longer words anywhere", () => {
  const rows = [
    ["", "setting", "impact"],
    ["~", "cpu.cores", "takes effect at the VM's next power-off"],
    ["~", "key", "AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFB anna"],
  ];
  expect(fittedTable(rows, COLUMNS)).toEqual([
    "   setting    impact",
    "~  cpu.cores  takes effect at the VM's",
    "              next power-off",
    "~  key        AAAAC3NzaC1lZDI1NTE5AAAAIE",
    "              FBQUFBQUFBQUFBQUFB anna",
  ]);
});

test("one that has room is as wide as its cells", () => {
  const rows = [
    ["node", "role"],
    ["hamal", "agent"],
  ];
  expect(fittedTable(rows, COLUMNS)).toEqual(textTable(rows));
});

test("a cell of blanks alone does not keep wider columns from giving", () => {
  const long = "x".repeat(100);
  expect(fittedTable([[long, " ", long]], COLUMNS)[0]).toBe(`${"x".repeat(17)}     ${"x".repeat(18)}`);
});

const anyText = fc.array(
  fc.constantFrom(...TEXTS.map(([text]) => text), "x".repeat(100), "fd00:22::abcd/64"),
);
const anyCell = anyText.map((words) => words.join(" "));

test("no line of one is longer than the terminal is wide, whatever stands in its cells", () => {
  const rows = fc.array(fc.array(anyCell, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(rows, (each) => {
      for (const line of fittedTable(each, 80)) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    }),
    { numRuns: 200 },
  );
});

test("a text breaks between words, hangs, keeps its indent, and leaves a longer word whole", () => {
  expect(
    wrapped("  ! it does not match main.ts: run npm run synth, then look again", COLUMNS, "    "),
  ).toEqual([
    "  ! it does not match main.ts: run npm", //
    "    run synth, then look again",
  ]);
  const path = "/nix/store/".padEnd(50, "x");
  expect(wrapped(`look at ${path} there`, COLUMNS)).toEqual(["look at", path, "there"]);
  fc.assert(
    fc.property(anyCell, (text) => {
      const lines = wrapped(text, COLUMNS);
      expect(lines.join(" ")).toBe(text);
      expect(lines.filter((line) => line.trim().includes(" ") && displayWidth(line) > COLUMNS)).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

test("each line of prose hangs below its first word, and a line of a file is never broken", () => {
  const file = "+".padEnd(COLUMNS + 1, " x");
  const text = [
    "hamal: refused",
    "  ! its firmware is seabios, main.ts states UEFI",
    "  [k3s/cluster] 'cores' of 'hamal' should be a whole number",
    `      + ${file}`,
    "--- nix/README.md there now",
    file,
    "",
    "a sentence that goes on for more than a line",
  ];
  expect(wrappedLines(text.join("\n"), COLUMNS).split("\n")).toEqual([
    "hamal: refused",
    "  ! its firmware is seabios, main.ts",
    "    states UEFI",
    "  [k3s/cluster] 'cores' of 'hamal'",
    "    should be a whole number",
    `      + ${file}`,
    "--- nix/README.md there now",
    file,
    "",
    "a sentence that goes on for more than a",
    "  line",
  ]);
});
