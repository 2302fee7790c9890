import type { Command } from "commander";
import { shellWord } from "../base/escape";
import { ExitCode } from "./exit-code";

export type Shell = "bash" | "zsh" | "fish";

/** The words that may follow a command: subcommands and options. */
interface Words {
  /** The command's path, such as `rollout apply`; empty for the program itself. */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

/** `completion`: prints a completion script. It is generated from the command tree, so it is complete. */
export function completion(root: Command, shell: Shell): Promise<ExitCode> {
  const all = wordsOf(root, []);
  console.log({ bash, zsh, fish }[shell](root.name(), all));
  return Promise.resolve(ExitCode.Done);
}

function wordsOf(command: Command, path: readonly string[]): Words[] {
  const help = command.createHelp();
  const words = [
    ...help.visibleCommands(command).map((each) => ({ word: each.name(), description: each.description() })),
    ...help
      .visibleOptions(command)
      .flatMap(({ long, description }) => (long ? [{ word: long, description }] : [])),
  ];
  return [
    { path: path.join(" "), words },
    ...command.commands.flatMap((each) => wordsOf(each, [...path, each.name()])),
  ];
}

const names = ({ words }: Words): string => words.map(({ word }) => word).join(" ");

/** Finds the longest known command path among the words typed so far. */
const CURRENT = `path= word=
  for word in "\${before[@]}"; do
    case " $paths " in *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;; esac
  done`;

const slashed = (path: string): string => path.replaceAll(" ", "/");

const cases = (all: readonly Words[]): string =>
  all.map((each) => `    '${slashed(each.path)}') words='${names(each)}' ;;`).join("\n");

const pathsOf = (all: readonly Words[]): string =>
  all
    .map(({ path }) => slashed(path))
    .filter(Boolean)
    .join(" ");

const functionName = (program: string): string => `_${program.replaceAll("-", "_")}`;

/** Falls back to file names, for arguments such as plan.json. */
const bash = (program: string, all: readonly Words[]): string => `${functionName(program)}() {
  local paths='${pathsOf(all)}' path word words
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  ${CURRENT}
  case $path in
${cases(all)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F ${functionName(program)} ${program}`;

const zsh = (program: string, all: readonly Words[]): string => `#compdef ${program}
${functionName(program)}() {
  local paths='${pathsOf(all)}' path word words_of before
  before=("\${(@)words[2,CURRENT-1]}")
  ${CURRENT}
  case $path in
${cases(all).replaceAll(") words=", ") words_of=")}
  esac
  compadd -- \${=words_of}
  _files
}
compdef ${functionName(program)} ${program}`;

function fish(program: string, all: readonly Words[]): string {
  const groups = [
    ...new Set(all.flatMap(({ path }) => (path.includes(" ") ? [path.split(" ")[0] ?? ""] : []))),
  ];
  return all
    .flatMap(({ path, words }) => {
      const children = all.filter(
        (each) => each.path !== "" && each.path.split(" ").slice(0, -1).join(" ") === path,
      );
      const seen = path.split(" ").filter(Boolean);
      const further = children.map((each) => each.path.split(" ").at(-1)).join(" ");
      // A name may occur twice: apply, and rollout apply.
      const elsewhere = groups.filter((group) => seen.length > 0 && group !== seen[0]).join(" ");
      const conditions = [
        ...(elsewhere === "" ? [] : [`not __fish_seen_subcommand_from ${elsewhere}`]),
        ...seen.map((name) => `__fish_seen_subcommand_from ${name}`),
        ...(further === "" ? [] : [`not __fish_seen_subcommand_from ${further}`]),
      ];
      const when = conditions.length === 0 ? "" : ` -n ${shellWord(conditions.join("; and "))}`;
      return words.map(({ word, description }) => {
        const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
        return `complete -c ${program}${when} ${what} -d ${shellWord(description)}`;
      });
    })
    .join("\n");
}
