/**
 * The tree of commands: names, arguments, options, help. What a command does is loaded when it runs, so that `--help`
 * and `--version` load nothing of CDKTF or of a rollout.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Argument, Command, Option } from "commander";
import { PACKAGE_ROOT } from "../base/package-root";
import { textTable } from "../base/table";
import type { Ending } from "./action";
import type { Shell } from "./completion";
import { DETAILED, MEANINGS, type ExitCode } from "./exit-code";
import { addRollout } from "./rollout-commands";

/** Of `bin` in package.json. */
export const NAME = "proxmox-nixos-k3s";

/** @param ended - is told the exit code of the command that ran */
export function program(ended: (code: ExitCode) => void): Command {
  const ending: Ending =
    (action) =>
    async (...words) =>
      ended(await action(...words));
  const root = new Command(NAME)
    .description("A K3s cluster on NixOS and Proxmox VE, from main.ts. Each command is an npm script.")
    .version(version(), "-V, --version", "show the version")
    .helpOption("-h, --help", HELP)
    .addHelpText("after", exitCodes)
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => command.name(), optionDescription: described })
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replace(/\s*\n\s*/g, " ")}\n`) })
    .exitOverride();
  addEmission(root, ending);
  addReview(root, ending);
  addTofu(root, ending);
  addRollout(root, ending);
  addCompletion(root, ending);
  return root;
}

const HELP = "show help; also of a command";

/** In lines of at most 80 columns. */
const exitCodes = (): string =>
  Object.entries(MEANINGS)
    .map(([code, meaning]) => `${code} ${meaning}`)
    .reduce((text, item) => {
      const line = text.slice(text.lastIndexOf("\n") + 1);
      return `${text},${line.length + item.length + 3 > 80 ? "\n  " : " "}${item}`;
    }, "\nExit codes:")
    .replace("codes:,", "codes:");

/** Commander's own, without defaults that say nothing. */
function described(option: Option): string {
  const { description, defaultValue } = option;
  const plain =
    defaultValue === undefined || typeof defaultValue === "boolean" || typeof defaultValue === "object";
  return plain ? description : `${description} (default: ${String(defaultValue)})`;
}

const version = (): string =>
  (JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string }).version;

/** Of an option that may be stated several times. */
const collected = (value: string, before: readonly string[]): string[] => [...before, value];

/** From `main.ts` to files. */
function addEmission(root: Command, ending: Ending): void {
  addInit(root, ending);
  root
    .command("synth")
    .description("write OpenTofu JSON and the hosts' files from main.ts")
    .option(
      "--accept <path|address>",
      "overwrite that file although it was edited, or take that address of a VM for one that you moved in the state; as often as you like",
      collected,
      [],
    )
    .option("--for-tofu", "fail at once where OpenTofu is not there, which comes next", false)
    .action(ending(async (options) => (await import("./synth.js")).synth(options)));
  root
    .command("check")
    .description("fail when the hosts' files are not what main.ts says")
    .action(ending(async () => (await import("./check.js")).check()));
}

/** Its questions are its options. They are declared here by hand, since to load them is to load the settings. */
function addInit(root: Command, ending: Ending): void {
  root
    .command("init")
    .description("make a repository of your own, and synthesize it")
    .argument("<folder>", "which has to be empty, or not to be there")
    .option("--yes", "ask nothing: what is not stated has its default", false)
    .option("--pve-nodes <names>", "PVE nodes on which the VMs run, the template's first")
    .option("--endpoint <url>", "URL of Proxmox VE's API")
    .option("--network <cidr>", "network of the nodes")
    .option("--gateway <address>", "default gateway and name server; without one the hosts ask DHCP")
    .option("--servers <number>", "servers, which run the control plane")
    .option("--agents <number>", "agents")
    .option("--first-vm-id <id>", "VM ID of the first node, and its host number in the network")
    .option("--template-vm-id <id>", "VM ID of the template with NixOS")
    .option("--datastore <name>", "PVE datastore of the disks")
    .option("--bridge <name>", "PVE bridge of the node network")
    .option("--root-uuid <uuid>", "UUID of the template's root filesystem")
    .option("--token-command <words>", "program that prints the join token; else one is made, outside of git")
    .option(
      "--ssh-key <file>",
      "public key for root; as often as you like (default: all of yours)",
      collected,
      [],
    )
    .addOption(
      new Option("--ci <forge>", "checks of changes")
        .choices(["github", "gitlab", "forgejo", "none"])
        .default("github"),
    )
    .option("--package <spec>", "what package.json requires this package by (default: its version)")
    .option("--no-install", "do not install packages, and do not synthesize")
    .action(ending(async (folder: string, options) => (await import("./init.js")).init(folder, options)));
}

/** What a change does, before anybody does it. */
function addReview(root: Command, ending: Ending): void {
  root
    .command("preview")
    .description("say what the working tree changes for VMs, hosts and firewalls")
    .option("--base <ref>", "git ref to compare with, where the branch left it", "HEAD")
    .option("--json", "print JSON instead of Markdown", false)
    .option("--fail-on-danger", "fail when something is dangerous", false)
    .action(ending(async (options) => (await import("./preview.js")).preview(options)));
  root
    .command("gate")
    .description("fail on a saved plan that does to a node what nobody allowed")
    .argument("<plan.json>", "what tofu show -json, or terraform show -json, says of a saved plan")
    .option(
      "--allow <node:kind>",
      "what may be done to a node, by its hostname or resource address; as often as you like",
      collected,
      [],
    )
    .option("--json", "print JSON", false)
    .addHelpText("after", kindsOfGate)
    .action(ending(async (path: string, options) => (await import("./gate.js")).judge(path, options)));
}

/** Loaded for the help alone. */
function kindsOfGate(): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { KINDS } = require("../gate/kinds") as typeof import("../gate/kinds");
  const lines = textTable(Object.entries(KINDS)).map((line) => `  ${line}\n`);
  return `\nKinds:\n${lines.join("")}`;
}

/** Options of ours that a command has as OpenTofu spells them, with one hyphen. */
const OF_OPENTOFU: Readonly<Record<string, RegExp>> = {
  plan: /^-(?=detailed-exitcode$)/,
  apply: /^-(?=parallelism(=|$))/,
};

/** With a second hyphen before these. */
export function spelled([command = "", ...words]: readonly string[]): string[] {
  const ours = OF_OPENTOFU[command];
  return [command, ...(ours === undefined ? words : words.map((word) => word.replace(ours, "--")))];
}

/** OpenTofu. What is not an option here is one of its own. */
function addTofu(root: Command, ending: Ending): void {
  const STACK = ["--stack <name>", "which stack, where the app has several"] as const;
  passing(root.command("plan"))
    .description("run tofu plan on what was synthesized last, and save the plan")
    .usage("[options] [arguments of tofu plan]")
    .option(...DETAILED)
    .option(...STACK)
    .action(ending(async (words: string[], options) => (await import("./tofu.js")).plan(words, options)));
  passing(root.command("apply"))
    .description("plan, show, ask, and apply exactly that plan with tofu")
    .usage("[options] [arguments of tofu plan]")
    .option("--yes", "do not ask", false)
    .option(
      "--parallelism <number>",
      "VMs that are made or changed at once; parallel clones of one template run into Proxmox VE's lock on its storage",
      "1",
    )
    .option(...STACK)
    .action(ending(async (words: string[], options) => (await import("./tofu.js")).apply(words, options)));
  passing(root.command("tofu"), "<arguments...>")
    .description("run any other command of tofu in the stack's folder")
    .usage("[options] <arguments of tofu>")
    .option(...STACK)
    .action(ending(async (words: string[], options) => (await import("./tofu.js")).other(words, options)));
}

function addCompletion(root: Command, ending: Ending): void {
  root
    .command("completion")
    .description("print what makes your shell complete commands and options")
    .addArgument(new Argument("<shell>", "which one").choices(["bash", "zsh", "fish"]))
    .action(ending(async (shell: Shell) => (await import("./completion.js")).completion(root, shell)));
}

/** A command that hands unknown options on. `-help` is then for the program behind it, and no `-h` of ours. */
const passing = (command: Command, words = "[arguments...]"): Command =>
  command.argument(words).allowUnknownOption().helpOption("--help", HELP);
