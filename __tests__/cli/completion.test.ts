/** Completion by the shells themselves, where they are installed. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../fixture";
import { CLI } from "../program";
import { BASH, FISH, ZSH } from "../shells";
import { describeWith } from "../system/tools";

/** Words so far, the beginning of the next word, and everything that each shell has to offer for it. */
const CASES: readonly [string, string, readonly string[]][] = [
  ["", "pre", ["preview"]],
  ["", "r", ["rollout"]],
  ["rollout", "ve", ["verify"]],
  [
    "rollout apply",
    "--re",
    ["--rebuild", "--regenerate-identity", "--reset-hung", "--reboot-seconds", "--reboots-at-once"],
  ],
  ["rollout apply --on hamal", "--yes", ["--yes"]],
  ["gate", "--al", ["--allow"]],
  ["apply", "--cl", ["--cluster"]],
  ["rollout apply", "--cl", ["--cluster"]],
  // An option of the other `apply`.
  ["rollout apply", "--para", []],
];

const script = (name: string): string => {
  const file = join(temporaryFolder(), `completion.${name}`);
  writeFileSync(file, spawnSync(CLI, ["completion", name], { encoding: "utf8" }).stdout);
  return file;
};

function said(program: string, ...words: string[]): string[] {
  // An empty folder: files are offered, too.
  const { stdout, stderr } = spawnSync(program, words, { cwd: temporaryFolder(), encoding: "utf8" });
  if (stderr !== "") throw new Error(stderr);
  return stdout.split("\n").filter(Boolean).sort();
}

describeWith([BASH], "bash", () => {
  test.each(CASES)("completes '%s' '%s'", (before, word, expected) => {
    const words = ["proxmox-nixos-k3s", ...before.split(" ").filter(Boolean), word];
    const line = words.map((each) => `'${each}'`).join(" ");
    const asked = `. '${script("bash")}'; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _proxmox_nixos_k3s; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(said("bash", "-c", asked)).toEqual([...expected].sort());
  });
});

describeWith([FISH], "fish", () => {
  test.each(CASES)("completes '%s' '%s'", (before, word, expected) => {
    const line = ["proxmox-nixos-k3s", ...before.split(" ").filter(Boolean), word].join(" ");
    const lines = said("fish", "--no-config", "-c", `source '${script("fish")}'; complete -C '${line}'`);
    expect(lines.map((each) => each.split("\t")[0])).toEqual([...expected].sort());
  });
});

describeWith([ZSH], "zsh", () => {
  test.each(CASES)("completes '%s' '%s'", (before, word, expected) => {
    const words = ["proxmox-nixos-k3s", ...before.split(" ").filter(Boolean), word];
    const line = words.map((each) => `'${each}'`).join(" ");
    // zsh completes only in its line editor, so the offers are read from the calls of the function.
    const asked =
      `compdef() { :; }; _files() { :; }; compadd() { shift; print -l -- \${(M)@:#${word}*}; }; . '${script("zsh")}'; ` +
      `words=(${line}); CURRENT=${words.length}; _proxmox_nixos_k3s`;
    expect(said("zsh", "-f", "-c", asked)).toEqual([...expected].sort());
  });
});

test("an unknown shell is reported in one line", () => {
  const { status, stderr } = spawnSync(CLI, ["completion", "csh"], { encoding: "utf8" });
  expect([status, stderr]).toEqual([
    64,
    expect.stringMatching(/^error: .*Allowed choices are bash, zsh, fish.*\n$/),
  ]);
});
