/** The commands of documents, and whether the programs that they call know them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { program, spelled } from "../src/cli/program";
import packageJson from "../package.json";
import { REPOSITORY } from "./fixture";
import { textOf } from "./markdown";

const OURS: Readonly<Record<string, string>> = packageJson.scripts;

/** Scripts of a project that `init` created. */
const OWNERS = [...textOf("templates/init/package.json.hbs").matchAll(/^ {4}"(\w+)": "/gm)].map(
  ([, name]) => name as string,
);

export const isScript = (name: string): boolean => name in OURS || OWNERS.includes(name);

/** Subcommands of OpenTofu with their options; `__tests__/system/tofu/documents.test.ts` asks the real one. */
export const OPENTOFU: Readonly<Record<string, readonly string[]>> = {
  destroy: [],
  import: [],
  init: [],
  plan: ["-destroy"],
  "providers lock": ["-platform"],
  show: ["-json"],
  "state list": [],
  "state rm": [],
  untaint: [],
};

/** What is not of this project, by program and subcommand. Privileges and VMs are checked in `__tests__/system/tofu`. */
const OTHERS = [
  /^export [A-Z_]+=/,
  /^git (add|diff)( |$)/,
  /^(truncate|rm) /, // EMPTY_TEMPLATE
  /^pveum (role add|role delete|user add|user delete|user token add|acl modify) /,
  /^qm (unlock|destroy) \d+/,
  /^ssh root@[\d.]+ nix-channel --(add|update)( |$)/,
  /^nixos-rebuild build --flake \.\/nix#alphard$/,
  /^nix run github:nix-community\/nixos-anywhere -- --flake \.\/nix#alphard root@[\d.]+$/,
  // On hosts: `__tests__/system/data-disks.test.ts` runs them.
  /^(disk=\S+|mkfs\.ext4 \$disk|mount \$disk \/\S+|mount --bind \/ \/mnt|umount \/mnt|cp -a \S+ \S+|k3s-killall\.sh)$/,
  /^systemctl (stop|start) k3s$/,
  /^systemctl restart systemd-growfs@\S+\.service$/,
  /^journalctl -b -u format-scsi1$/,
  /^kubectl config delete-context /,
  /^node -p /,
  /^npm test -- --json --outputFile=\S+$/, // Jest's own
  /^npm run evidence -- \S+$/,
];

/** Commands of a script, each as its words. */
export const commandsIn = (script: string): string[][] =>
  script
    .split(/\n|&&/)
    .map((line) => line.replace(/(^|\s)#.*/, "").replace(/\s>\S+/, ""))
    .map((line) =>
      (line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, "$2")),
    )
    .filter((words) => words.length > 0);

/** What is wrong with a command; `undefined` if nothing is. */
export function faultOf(words: readonly string[]): string | undefined {
  const [name, second = "", ...rest] = words;
  if (OTHERS.some((pattern) => pattern.test(words.join(" ")))) return undefined;
  if (name === "npm") return npmFault(second, rest);
  if (name === "npx") {
    if (/^\.\/proxmox-nixos-k3s-.*\.tgz$/.test(second))
      return second.includes(`-${packageJson.version}.tgz`) ? programFault(rest) : "another version";
    return second === "jest" && rest.every((path) => existsSync(join(REPOSITORY, path)))
      ? undefined
      : "unknown";
  }
  return "an unknown program";
}

function npmFault(command: string, words: readonly string[]): string | undefined {
  if (["ci", "install", "pack", "test"].includes(command))
    return words.length === 0 ? undefined : "unknown words";
  const [script = "", ...rest] = words.filter((word) => word !== "--silent");
  if (command !== "run" || !isScript(script)) return "no script";
  if (rest.length > 0 && rest[0] !== "--") return "options without --";
  const [, ours] = /^node src\/cli\/bin\.mjs (.*)$/.exec(OURS[script] ?? "") ?? [];
  if (ours !== undefined) return programFault([...ours.split(" "), ...rest.slice(1)]);
  return rest.length === 0 ? undefined : "options of a script that has none";
}

/** Asks this project's own command tree. */
function programFault(words: readonly string[]): string | undefined {
  const root = program(() => undefined);
  withoutActions(root);
  try {
    root.parse(spelled(words), { from: "user" });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === "commander.helpDisplayed" ? undefined : message;
  }
  return words[0] === "tofu" ? openTofuFault(words.slice(1)) : undefined;
}

function withoutActions(command: Command): void {
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const each of command.commands) withoutActions(each);
}

function openTofuFault(words: readonly string[]): string | undefined {
  const options = OPENTOFU[words.slice(0, 2).join(" ")] ?? OPENTOFU[words[0] ?? ""];
  if (options === undefined) return `OpenTofu's command is not in the list`;
  const used = words.filter((word) => word.startsWith("-")).map((word) => word.replace(/=.*/, ""));
  return used.every((option) => options.includes(option)) ? undefined : `an option that is not in the list`;
}
