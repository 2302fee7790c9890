import fc from "fast-check";
import { judged } from "../render/libraries";
import { displayWidth, markdownTable, textTable } from "../../src/base/table";

/** As they stand in descriptions, file names and messages; of each, how many columns a terminal gives it. */
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

test("a table in Markdown is as prettier writes it, whatever stands in its cells", () => {
  const words = TEXTS.map(([each]) => each).filter(Boolean);
  const text = fc.array(fc.constantFrom(...words, "`code`")).map((each) => each.join(" "));
  const rows = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 });
  const tables = fc.sample(rows, 50).map((each) => markdownTable(["one", "two"], each));
  expect(judged("prettier", tables)).toEqual(tables);
});

test("a table for a terminal has its columns below each other, and nothing behind the last", () => {
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

test("a table in Markdown has bars below each other, and a rule of three at least", () => {
  const table = markdownTable(["", "description"], [["a"], ["b", "節點 1"]]);
  expect(table.split("\n")).toEqual([
    "|     | description |",
    "| --- | ----------- |",
    "| a   |             |",
    "| b   | 節點 1      |",
    "",
  ]);
});
