import fc from "fast-check";
import { comment, nixString, systemdWord } from "../../src/base/escape";

describe("a Nix string", () => {
  test.each([
    ["plain", '"plain"'],
    ['say "hi"', '"say \\"hi\\""'],
    ["back\\slash", '"back\\\\slash"'],
    ["${builtins.abort}", '"\\${builtins.abort}"'],
    ["$${x}", '"$\\${x}"'],
    ["$HOME costs 5$", '"$HOME costs 5$"'],
    ["two\nlines\tand\r", '"two\\nlines\\tand\\r"'],
  ])("of %j is %s", (text, expected) => {
    expect(nixString(text)).toBe(expected);
  });

  test("stays on its line and ends where it ends, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("\\", '"', "$", "{", "}", "'", "\n", "a") }), (text) => {
        const inner = nixString(text).slice(1, -1);
        expect(inner).toMatch(/^(?:\\.|[^\\"\n$]|\$(?!\{))*$/);
      }),
    );
  });
});

test("a word of a systemd command line means itself", () => {
  expect(systemdWord("--x=100%$HOME%%")).toBe("--x=100%%$$HOME%%%%");
});

test("a comment ends with its line and not before", () => {
  expect(comment("a\nb\r\nc\u2028d\0e")).toBe("a b c d e");
});
