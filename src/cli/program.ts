/**
 * The command tree: names, arguments, options, help. The implementation of a command is loaded when it runs, so that `--help`
 * and `--version` load neither CDKTF nor the rollout.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Argument, Command, Option } from "commander";
import { namingCluster } from "../base/command-line";
import { PACKAGE_ROOT } from "../base/package-root";
import { textTable } from "../base/table";
import { FORGES, OPTIONS } from "../init/options";
import type { Ending } from "./action";
import type { ClusterOptions } from "./cluster";
import { CLUSTER, withCluster } from "./cluster-option";
import type { Shell } from "./completion";
import { DETAILED, MEANINGS, type ExitCode } from "./exit-code";
import { addRollout } from "./rollout-commands";
import { addTemplate } from "./template-commands";

/** The name in `bin` of package.json. */
export const NAME = "proxmox-nixos-k3s";

/** @param ended - called with the exit code of the command that ran */
export function program(ended: (code: ExitCode) => void): Command {
  const ending: Ending =
    (action) =>
    async (...words) => {
      const name = await nameOf(words.at(-1));
      ended(await namingCluster(name, () => action(...words)));
    };
  const root = new Command(NAME)
    .version(version(), "-V, --version", "show the version")
    .helpOption("-h, --help", HELP)
    // Not as Commander's description, which has two lines of its own: all of it has to fit a screen of 24 lines.
    .usage("[options] [command]   K3s on NixOS and Proxmox VE")
    .addHelpText("after", exitCodes)
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => command.name(), optionDescription: described })
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replace(/\s*\n\s*/g, " ")}\n`) })
    .exitOverride();
  addEmission(root, ending);
  addNixpkgs(root, ending);
  addInventory(root, ending);
  addTemplate(root, ending);
  addReview(root, ending);
  addTofu(root, ending);
  addRollout(root, ending);
  addCompletion(root, ending);
  return root;
}

/** The cluster that a command names, where there are several. @param command - Commander's last word to an action */
async function nameOf(command: unknown): Promise<string | undefined> {
  const { cluster } = command instanceof Command ? command.opts<ClusterOptions>() : {};
  if (cluster === undefined) return undefined;
  return (await import("./cluster.js")).nameAmongSeveral(cluster);
}

const HELP = "show help, also for a command";

/** The list of exit codes, wrapped at 80 columns. */
const exitCodes = (): string =>
  Object.entries(MEANINGS)
    .map(([code, meaning]) => `${code} ${meaning}`)
    .reduce((text, item) => {
      const line = text.slice(text.lastIndexOf("\n") + 1);
      return `${text},${line.length + item.length + 3 > 80 ? "\n  " : " "}${item}`;
    }, "Exit codes:")
    .replace("codes:,", "codes:")
    .concat(". Each command is an npm script.");

/** Commander's description, without defaults that carry no information. */
function described({ description, argChoices, defaultValue }: Option): string {
  const isPlain =
    defaultValue === undefined || typeof defaultValue === "boolean" || typeof defaultValue === "object";
  const extra = [
    ...(argChoices === undefined ? [] : [`choices: ${argChoices.join(", ")}`]),
    ...(isPlain ? [] : [`default: ${String(defaultValue)}`]),
  ];
  return extra.length === 0 ? description : `${description} (${extra.join("; ")})`;
}

const version = (): string =>
  (JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string }).version;

/** Collects the values of an option that may be repeated. */
const collected = (value: string, before: readonly string[]): string[] => [...before, value];

/** From `main.ts` to files. */
function addEmission(root: Command, ending: Ending): void {
  addInit(root, ending);
  root
    .command("synth")
    .description("write OpenTofu JSON and the host files from main.ts")
    .option(
      "--accept <path|address>",
      "overwrite this file although it was edited, or accept this address of a VM that you moved in the state; repeatable",
      collected,
      [],
    )
    .option("--for-tofu", "fail at once where OpenTofu is not there, which comes next", false)
    .action(ending(async (options) => (await import("./synth.js")).synth(options)));
  root
    .command("check")
    .description("fail when the host files do not match main.ts")
    .action(ending(async () => (await import("./check.js")).check()));
}

/** Every question of `init` is also an option. */
function addInit(root: Command, ending: Ending): void {
  const init = root
    .command("init")
    .description("create a repository for your cluster, and synthesize it")
    .argument("<folder>", "new or empty folder")
    .option("--yes", "ask nothing, and use defaults for what is not given", false);
  for (const { flags, text, standard } of Object.values(OPTIONS)) {
    // A default of commander's would count as given, and nothing would be asked.
    const note = standard({}) === "" ? "" : ` (default: ${standard({})})`;
    init.option(flags, `${text}${note}`);
  }
  init
    .option(
      "--ssh-key <file>",
      "public key file for root; repeatable (default: all your keys)",
      collected,
      [],
    )
    .addOption(new Option("--ci <forge>", "forge whose CI checks changes").choices(FORGES).default("github"))
    .option("--package <spec>", "version or path of this package for package.json (default: its version)")
    .option("--no-install", "neither install packages nor synthesize")
    .action(ending(async (folder: string, options) => (await import("./init.js")).init(folder, options)));
}

function addNixpkgs(root: Command, ending: Ending): void {
  const nixpkgs = root
    .command("nixpkgs")
    .description("pin the nixpkgs that all hosts are built from")
    .helpCommand(false);
  nixpkgs
    .command("update")
    .description("write the newest revision of the hosts' channel to nixpkgs.json")
    .addHelpText(
      "after",
      "\nIt needs Nix, and asks channels.nixos.org and github.com. main.ts imports the\nfile as nixos.nixpkgs. A further cluster with the folder nix-NAME has\nnixpkgs-NAME.json.",
    )
    .action(ending(async (options) => (await import("./nixpkgs.js")).update(options)));
  withCluster(nixpkgs);
}

function addInventory(root: Command, ending: Ending): void {
  root
    .command("inventory")
    .description("write what the PVE nodes have to pve-nodes.json")
    .addHelpText(
      "after",
      "\nIt reads from Proxmox VE with PROXMOX_VE_ENDPOINT and PROXMOX_VE_API_TOKEN,\nand changes nothing there. main.ts imports the file as pve.nodes.",
    )
    .action(ending(async () => (await import("./inventory.js")).inventory()));
}

/** Commands that review a change before it is made. */
function addReview(root: Command, ending: Ending): void {
  root
    .command("doctor")
    .description("check what a cluster needs, from programs to Proxmox VE")
    .option("--json", "print JSON", false)
    .option(...CLUSTER)
    .addHelpText(
      "after",
      "\nIt reads from Proxmox VE with PROXMOX_VE_ENDPOINT and PROXMOX_VE_API_TOKEN,\nand changes nothing. Without them it checks the rest, and says what it did not\ncheck.",
    )
    .action(ending(async (options) => (await import("./doctor.js")).doctor(options)));
  root
    .command("preview")
    .description("show what the working tree changes for VMs, hosts and firewalls")
    .option("--base <ref>", "git ref to compare with, at the merge base", "HEAD")
    .addOption(new Option("--json", "print JSON").default(false).conflicts("markdown"))
    .option("--markdown", "print Markdown to a terminal too, as a pipe gets it", false)
    .option("--fail-on-danger", "fail when a change is dangerous", false)
    .option("--cluster <name>", "only this cluster, by its stack's name (default: all of the app)")
    .action(ending(async (options) => (await import("./preview.js")).preview(options)));
  root
    .command("simulate")
    .description("say what dies with each PVE node, disk, network and host")
    .option("--json", "print JSON", false)
    .option("--pairs", "list every two failures, also those that cost no more together", false)
    .option("--live", "also what each failure costs the pods that run, over SSH to the servers", false)
    .option(
      "--fail-on <costs>",
      "end with 4 when one failure costs some of quorum, api, services, fencing, capacity, as in quorum,capacity",
    )
    .option(
      "--allow <failure>",
      "a failure that may cost it all the same, by its name in the table; repeatable",
      collected,
      [],
    )
    .option(...CLUSTER)
    .addHelpText("after", "\nIt reads what the last synth wrote. Only --live asks machines, and only reads.")
    .action(ending(async (options) => (await import("./simulate.js")).simulate(options)));
  root
    .command("gate")
    .description("fail when a saved plan does to a node what you did not allow")
    .argument("<plan.json>", "output of tofu show -json (or terraform show -json) for a saved plan")
    .option(
      "--allow <node:kind>",
      "what to allow for a node, by hostname or resource address; repeatable",
      collected,
      [],
    )
    .option("--json", "print JSON", false)
    .addHelpText("after", kindsOfGate)
    .action(ending(async (path: string, options) => (await import("./gate.js")).judge(path, options)));
}

/** Loaded only for the help text. */
function kindsOfGate(): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { KINDS } = require("../gate/kinds") as typeof import("../gate/kinds");
  const lines = textTable(Object.entries(KINDS)).map((line) => `  ${line}\n`);
  return `\nKinds:\n${lines.join("")}`;
}

/** Our own options that may be written with one hyphen, as OpenTofu does. */
const OF_OPENTOFU: Readonly<Record<string, RegExp>> = {
  plan: /^-(?=detailed-exitcode$)/,
  apply: /^-(?=parallelism(=|$))/,
};

/** Adds the second hyphen to those options. */
export function spelled([command = "", ...words]: readonly string[]): string[] {
  const ours = OF_OPENTOFU[command];
  return [command, ...(ours === undefined ? words : words.map((word) => word.replace(ours, "--")))];
}

/** Commands that run OpenTofu. Unknown options are passed to it. */
function addTofu(root: Command, ending: Ending): void {
  passing(root.command("plan"))
    .description("run tofu plan on the last synth, and save the plan")
    .usage("[options] [arguments of tofu plan]")
    .option(...DETAILED)
    .option(...CLUSTER)
    .action(ending(async (words: string[], options) => (await import("./tofu.js")).plan(words, options)));
  passing(root.command("apply"))
    .description("plan with tofu, show the plan, ask, and apply exactly that plan")
    .usage("[options] [arguments of tofu plan]")
    .option("--yes", "do not ask", false)
    .option(
      "--parallelism <number>",
      "VMs to create or change at a time; parallel clones of one template block each other on Proxmox VE's storage lock",
      "1",
    )
    .option(...CLUSTER)
    .action(ending(async (words: string[], options) => (await import("./tofu.js")).apply(words, options)));
  passing(root.command("tofu"), "<arguments...>")
    .description("run any other tofu command in the stack's folder")
    .usage("[options] <arguments of tofu>")
    .option(...CLUSTER)
    .action(ending(async (words: string[], options) => (await import("./tofu.js")).other(words, options)));
}

/** The program has to be in PATH, by `npm install --global` or `npm link`. */
const INSTALLATION = `
Add to your shell's start-up file:
  bash, zsh   source <(${NAME} completion bash)
  fish        ${NAME} completion fish | source`;

function addCompletion(root: Command, ending: Ending): void {
  root
    .command("completion")
    .description("print the completion script for your shell")
    .addArgument(new Argument("<shell>", "your shell").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", INSTALLATION)
    .action(ending(async (shell: Shell) => (await import("./completion.js")).completion(root, shell)));
}

/** A command that passes unknown options on. `-help` then belongs to the wrapped program, so we have no `-h`. */
const passing = (command: Command, words = "[arguments...]"): Command =>
  command.argument(words).allowUnknownOption().helpOption("--help", HELP);
