import { code, plain, unmarked } from "../../src/base/markdown";
import { markdownTable } from "../../src/base/table";
import { rendered } from "../render/libraries";

/** Text that ends code or a cell, or starts a link, an image, a list or HTML. */
const HOSTILE = [
  "`",
  "``",
  "a`b``c```d",
  "`<img src=x onerror=alert(1)>`",
  "`` <img src=x onerror=alert(1)> ``",
  "a | b \\| c \\\\| d",
  "[x](javascript:alert(1)) ![x](y)",
  "<script>alert(1)</script> <!-- x -->",
  "&lt;b&gt; &#60;b>",
  "**a** _b_ ~~c~~ # d",
  "\\",
  "- [ ] a",
];

/** How a browser shows the texts as cells of a table. */
function cells(write: (text: string) => string): [string, readonly string[]][] {
  const [{ cells: all } = { cells: [] }] = rendered([
    markdownTable(
      ["text"],
      HOSTILE.map((text) => [write(text)]),
    ),
  ]);
  return all.map(({ text, elements }) => [text, elements]);
}

test("text written as code reads back unchanged, whatever it contains", () => {
  const elements = (text: string): string[] => (text.includes("\\|") ? [] : ["code"]);
  expect(cells(code)).toEqual(HOSTILE.map((text) => [text, elements(text)]));
});

test("text written as plain words reads back unchanged, whatever it contains", () => {
  expect(cells(plain)).toEqual(HOSTILE.map((text) => [text, []]));
});

test("of code, plain words and bold names a terminal gets the text", () => {
  for (const text of HOSTILE) {
    expect(unmarked(code(text))).toBe(text);
    expect(unmarked(plain(text))).toBe(text);
    expect(unmarked(`**hamal**: ${code(text)} and ${code("b")} ${plain(text)}`)).toBe(
      `hamal: ${text} and b ${text}`,
    );
  }
});
