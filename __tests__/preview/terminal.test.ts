/** The preview as a terminal draws it; its wording is in preview.test.ts. */
import { stripVTControlCharacters, styleText } from "node:util";
import { displayWidth } from "../../src/base/wrap";
import type { Block } from "../../src/preview/report";
import { toTerminal } from "../../src/preview/terminal";

const LONG_NAME = "k3s-agent-of-the-third-rack-in-the-cellar-of-the-old-building".padEnd(63, "0");
const IPV6 = "fd00:2222:3333:4444:5555:6666:7777:8888";

const report = (value: string): Block[] => [
  { kind: "title", text: "Preview" },
  { kind: "summary", text: `1 node added ${value}.`, against: `Compared with \`${value}\`.` },
  { kind: "note", text: `The base's app does not run: ${value}` },
  { kind: "dangers", items: [`**${value}**: \`cpu.cores\` \`4\` → \`8\` ${value}`] },
  { kind: "heading", text: "Nodes" },
  {
    kind: "table",
    head: ["", "node", "role", "VM ID", "address", "files"],
    rows: [["+", `\`${value}\``, "agent", "137", value, `\`nix/${value}\``]],
  },
  { kind: "list", items: [{ sign: "-", text: `\`${value}\`, VM 136` }, { text: value }] },
  { kind: "flows", flows: [{ sign: "+", text: `${value} ↔ every node: SSH (TCP 22)` }] },
  { kind: "failure", text: value },
  { kind: "output", text: `${value}\n  at ${value}` },
];

const plainly = (blocks: readonly Block[], columns: number): string =>
  toTerminal(blocks, { columns, paint: (_, text) => text });

test.each([
  [80, LONG_NAME],
  [80, IPV6],
  [80, `${LONG_NAME} ${IPV6}`],
  [120, LONG_NAME],
])("at %i columns no line is longer, for a name as long as it may be and for IPv6: %s", (columns, value) => {
  const lines = plainly(report(value), columns).split("\n");
  expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([]);
});

test("what main.ts says cannot steer the terminal, nor make a line of its own", () => {
  const hostile = "x\u001b[2J\u001b]0;title\u0007\r\n- mizar\u202e";
  const lines = plainly(
    report(hostile).filter(({ kind }) => kind !== "output"),
    80,
  ).split("\n");
  expect(lines.join("")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  expect(lines.filter((line) => line.startsWith("- mizar"))).toEqual([]);
});

test("colors add to the text, and replace none of it", () => {
  const paint = (style: "bold", text: string): string => styleText(style, text, { validateStream: false });
  const colored = toTerminal(report("hamal"), { columns: 80, paint: paint as never });
  expect(colored).toContain("\u001b[31m! hamal: cpu.cores 4 → 8 hamal\u001b[39m");
  expect(colored).toContain("\u001b[32m+\u001b[39m  hamal");
  expect(stripVTControlCharacters(colored)).toBe(plainly(report("hamal"), 80));
});
