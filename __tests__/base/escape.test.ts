import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { comment, nixString, shellWord, systemdPath, systemdWord } from "../../src/base/escape";
import { BASH, FISH, typed, ZSH } from "../shells";
import { describeWith } from "../system/tools";

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

  test("stays on one line and ends at its closing quote, whatever it contains", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("\\", '"', "$", "{", "}", "'", "\n", "a") }), (text) => {
        const inner = nixString(text).slice(1, -1);
        expect(inner).toMatch(/^(?:\\.|[^\\"\n$]|\$(?!\{))*$/);
      }),
    );
  });
});

describe("a word of a shell", () => {
  test.each([
    ["--node-name=hamal", "--node-name=hamal"],
    ["", "''"],
    ["two words", "'two words'"],
    ["it's", "'it'\\''s'"],
    ["back\\slash", "'back'\\\\'slash'"],
    ["=ls", "'=ls'"],
  ])("of %j is %s", (text, expected) => {
    expect(shellWord(text)).toBe(expected);
  });

  /** Characters that are special in some shell, doubled so that each also follows itself. */
  const SPECIAL = [
    ...Array.from("\\'\"!$`~#%&|;<>(){}[]*?^=+-,:@/. a\t"),
    "\\\\",
    "''",
    "!!",
    "!-1",
    "$HOME",
    "%self",
    "é",
  ];

  /** Words of special characters. Those for an interactive shell have no line breaks. */
  const words = (...more: string[]): string[] => [
    "",
    ...SPECIAL,
    ...more,
    ...fc.sample(fc.string({ unit: fc.constantFrom(...SPECIAL, ...more), maxLength: 12 }), 500),
  ];

  test.each([
    ["/bin/sh", []],
    ["bash", []],
  ])("is one word with that text in %s, line breaks included", (shell, options) => {
    const texts = words("\n", "\r");
    const { stdout } = spawnSync(shell, options, {
      input: `printf '%s\\0' ${texts.map(shellWord).join(" ")}\n`,
      encoding: "utf8",
    });
    expect(stdout.split("\0")).toEqual([...texts, ""]);
  });

  test("arrives unchanged at a shell that another shell starts", () => {
    const texts = words();
    const inner = texts.map((text) => shellWord(shellWord(text))).join(" ");
    const { stdout } = spawnSync("sh", ["-c", `set -- ${inner}; sh -c "printf '%s\\\\0' $*"`], {
      encoding: "utf8",
    });
    expect(stdout.split("\0")).toEqual([...texts, ""]);
  });

  for (const shell of [BASH, ZSH, FISH]) {
    describeWith([shell], `typed into ${shell.name}`, () => {
      test("is one word with that text", () => {
        const texts = words();
        const lines = texts.map((text) => `printf '%s\\0' ${shellWord(text)}\n`).join("");
        const printed = typed(`echo before\n${lines}`, shell);
        expect(printed.replace(/^before\n/, "").split("\0")).toEqual([...texts, ""]);
      });
    });
  }
});

test("a word of a systemd command line is taken literally", () => {
  expect(systemdWord("--x=100%$HOME%%")).toBe("--x=100%%$$HOME%%%%");
});

test("a comment ends at the end of its line and not before", () => {
  expect(comment("a\nb\r\nc\u2028d\0e")).toBe("a b c d e");
});

test.each([
  ["/var/lib/rancher", "var-lib-rancher"],
  ["/srv/a-b_c.d/", "srv-a\\x2db_c.d"],
  ["/.hidden/.too", "\\x2ehidden-.too"],
  ["/dev/disk/by-id/scsi-0QEMU", "dev-disk-by\\x2did-scsi\\x2d0QEMU"],
])("the path %s is %s in the name of a unit, as systemd-escape has it", (path, name) => {
  expect(systemdPath(path)).toBe(name);
});
