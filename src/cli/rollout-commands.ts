import { Argument, InvalidArgumentError, Option, type Command } from "commander";
import { shellWord } from "../base/escape";
import { UserError } from "../base/user-error";
import type { Rotation } from "./rollout";
import type { Ending } from "./action";
import { withCluster } from "./cluster-option";
import { DETAILED, type ExitCode } from "./exit-code";

/** @param what - the expected value, with an example */
export const wholeNumber =
  (what: string) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1)
      throw new InvalidArgumentError(`Expected ${what}, a whole number above 0.`);
    return value;
  };

const seconds = wholeNumber("seconds, such as 300");
const count = wholeNumber("a count, such as 3");

/** `rollout` and its subcommands. The implementation of a command is loaded when it runs. */
export function addRollout(root: Command, ending: Ending): void {
  const rollout = root
    .command("rollout")
    .description("roll out the emitted files to the hosts, and verify the cluster")
    .helpCommand(false)
    .addHelpText("after", NOTES);
  addPlan(rollout, ending);
  addApply(rollout, ending);
  addUpgrade(rollout, ending);
  addVerify(rollout, ending);
  addHost(rollout, ending);
  addRotate(rollout, ending);
  addKubeconfig(rollout, ending);
  addBackup(rollout, ending);
  addRestore(rollout, ending);
  withCluster(rollout);
}

const NOTES = `
Connects as root with your own ssh, so ~/.ssh/config, agents and jump hosts
work; ssh sees each host under its hostname. After apply has asked you, it pins
SSH host keys in known_hosts next to main.ts: commit that file. Each host's log
is in .rollout/logs, without secrets.`;

/** Options of several commands. */
const CONFIRM_SECONDS = [
  "--confirm-seconds <seconds>",
  "time after which an unconfirmed host reverts by itself",
  seconds,
  300,
] as const;
const ACCEPT_KEYS = [
  "--accept-new-host-keys",
  "trust SSH host keys that were never seen before, without comparing them",
  false,
] as const;
const AGENTS_AT_ONCE = [
  "--agents-at-once <count>",
  "number of agents to change at the same time",
  count,
  3,
] as const;
const REBOOT_SECONDS = [
  "--reboot-seconds <seconds>",
  "how long a node may take to come back after a reboot",
  seconds,
  600,
] as const;
const CONFIRM = [
  "--confirm <name>",
  "do not ask: the name of the server with clusterInit, which a person would type",
] as const;

function addPlan(rollout: Command, ending: Ending): void {
  withBuild(onHosts(rollout, "plan", "show what an apply would do, and why; changes nothing"))
    .option(...DETAILED)
    .action(ending(onNoWords(async (options) => (await import("./rollout.js")).plan(options))));
}

function addApply(rollout: Command, ending: Ending): void {
  const apply = onHosts(
    rollout,
    "apply",
    "roll out the emitted files, in an order that keeps the cluster available",
  );
  withTrials(withReboot(withBuild(apply)))
    .option(...ACCEPT_KEYS)
    .option(
      "--boot",
      "boot hosts into systems that cannot be activated while they run; hosts revert by themselves here too",
      false,
    )
    .action(ending(onNoWords(async (options) => (await import("./rollout.js")).apply(options))));
}

function addUpgrade(rollout: Command, ending: Ending): void {
  const upgrade = withJson(rollout.command("upgrade"))
    .description("bring the cluster to another NixOS and K3s, by one safe step that main.ts states")
    .option("--nixos <release>", "the release of NixOS to get to, such as 26.05", release)
    .option("--k3s <minor>", "the minor version of K3s to get to, such as 1.35", minor)
    .option(
      "--soak <seconds>",
      "how long the first host has to stay healthy before others follow",
      seconds,
      300,
    )
    .option("--to <folder>", "folder of the backup that is made first (default: backups, next to main.ts)");
  withTrials(withReboot(upgrade))
    .addHelpText("after", UPGRADE_NOTES)
    .action(ending(async (options) => (await import("./rollout.js")).upgrade(options)));
}

const UPGRADE_NOTES = `
It refuses what is not safe before anything is built, makes a backup and proves
that it restores, and changes one host before the others. Run the same command
again to continue where it stopped.`;

function release(text: string): string {
  if (/^\d\d\.(05|11)$/.test(text)) return text;
  throw new InvalidArgumentError("Expected a release of NixOS, such as 26.05.");
}

function minor(text: string): string {
  if (/^1\.\d{1,2}$/.test(text)) return text;
  throw new InvalidArgumentError("Expected a minor version of K3s, such as 1.35.");
}

function addVerify(rollout: Command, ending: Ending): void {
  onHosts(rollout, "verify", "compare the live cluster with main.ts; a health check, also for cron")
    .option("--watch [seconds]", "repeat after this many seconds (default: 30)", seconds)
    .action(ending(onNoWords(async (options) => (await import("./rollout.js")).verify(options))));
}

/** Commands about one host. */
function addHost(rollout: Command, ending: Ending): void {
  withAddresses(withJson(rollout.command("capture")))
    .description("store a host's own hardware configuration in its directory")
    .argument("<host>", "its hostname")
    .action(ending(async (host: string, options) => (await import("./rollout.js")).capture(host, options)));
  withReboot(withJson(rollout.command("remove")))
    .description("drain a node, power it off, and take it out of the cluster")
    .argument("<host>", "its hostname")
    .action(ending(async (host: string, options) => (await import("./rollout.js")).remove(host, options)));
}

function addRotate(rollout: Command, ending: Ending): void {
  withJson(rollout.command("rotate"))
    .description("replace secrets of the running cluster, host by host, and show that the new ones work")
    .addArgument(new Argument("<what>", "what to replace").choices(ROTATIONS))
    .option("--yes", "do not ask", false)
    .option("--agents-at-once <count>", "number of agents that restart K3s at the same time", count, 3)
    .option("--ready-seconds <seconds>", "how long a node may take to be Ready again", seconds, 300)
    .action(ending(async (what: Rotation, options) => (await import("./rollout.js")).rotate(what, options)));
}

const ROTATIONS: readonly Rotation[] = ["certificates", "token", "encryption-keys"];

function addKubeconfig(rollout: Command, ending: Ending): void {
  rollout
    .command("kubeconfig")
    .description("fetch the cluster's kubeconfig and merge it into yours")
    .option(
      "--name <name>",
      "name of its context (default: k3s; of a further cluster k3s-NAME, as its folder is nix-NAME)",
    )
    .option(
      "--output <file>",
      "file to merge it into, mode 0600 (default: the first of $KUBECONFIG, or ~/.kube/config)",
    )
    .option("--print", "print it and write nothing", false)
    .action(ending(async (options) => (await import("./rollout.js")).kubeconfig(options)));
}

function addBackup(rollout: Command, ending: Ending): void {
  withJson(rollout.command("backup"))
    .description("take a snapshot of etcd on a server, and bring it here with what a restore needs")
    .option("--to <folder>", "folder of the backups (default: backups, next to main.ts)")
    .option(
      "--volumes <claims>",
      "also copy volumes on the disks of nodes: namespace/name of claims that no pod mounts, with commas between them; repeatable",
      claimNames,
      [],
    )
    .option(
      "--quiesced <claims>",
      "the same where pods run, and you have seen to it that they write nothing now",
      claimNames,
      [],
    )
    .addOption(
      new Option(
        "--from-s3 [snapshot]",
        "instead of taking one, bring one that K3s put into the bucket of k3s.snapshots.s3: the newest, or that one; asks no host",
      ).conflicts(["volumes", "quiesced"]),
    )
    .action(ending(async (options) => (await import("./rollout.js")).backup(options)));
}

/** What a backup is for. */
function addRestore(rollout: Command, ending: Ending): void {
  withBackup(withJson(rollout.command("restore")))
    .description("put the cluster back to a backup; every later change is lost")
    .option(
      "--lost <names>",
      "servers that are gone for good, with commas between them; repeatable",
      hostNames,
      [],
    )
    .option(...CONFIRM)
    .action(ending(async (options) => (await import("./rollout.js")).restore(options)));
  withAddresses(withBackup(withJson(rollout.command("recover"))))
    .description("after the loss of all machines: roll out to new ones, and restore a backup there")
    .option(...CONFIRM)
    .option(...ACCEPT_KEYS)
    .option(...CONFIRM_SECONDS)
    .option(...REBOOT_SECONDS)
    .option(...AGENTS_AT_ONCE)
    .action(ending(async (options) => (await import("./rollout.js")).recover(options)));
  withBackup(withJson(rollout.command("restore-volumes")))
    .description("put volumes of a backup back on the disks of nodes; what is there stays beside them")
    .requiredOption(
      "--volumes <claims>",
      "namespace/name of claims that no pod mounts, with commas between them; repeatable",
      claimNames,
      [],
    )
    .option("--yes", "do not ask", false)
    .action(ending(async (options) => (await import("./rollout.js")).restoreVolumes(options)));
  const drill = rollout
    .command("drill")
    .description("prove that something works, without touching the cluster")
    .helpCommand(false);
  withBackup(withJson(drill.command("restore")))
    .description("restore a backup in namespaces of one host, and compare what comes up with the cluster")
    .option("--on-host <name>", "a host (default: the server with clusterInit)")
    .addOption(
      new Option("--here", "on this machine instead, which has Linux and K3s")
        .default(false)
        .conflicts("onHost"),
    )
    .option("--k3s <path>", "K3s for --here, of the backup's minor version (default: k3s in PATH)")
    .action(ending(async (options) => (await import("./rollout.js")).drill(options)));
}

const withBackup = (command: Command): Command =>
  command.requiredOption("--from <folder>", "a backup, such as backups/20261128T003000Z-mizar");

const onHosts = (rollout: Command, name: string, description: string): Command =>
  withAddresses(withJson(rollout.command(name)))
    .description(description)
    .option(
      "--on <names>",
      "hostnames, servers or agents, with commas between them; repeatable (default: all hosts)",
      hostNames,
      [],
    )
    // Without a description it is in no help.
    .argument("[words...]")
    .usage("[options]");

/** A hostname that is not an option gets the option. */
const onNoWords =
  <Options>(action: (options: Options) => Promise<ExitCode>) =>
  (words: readonly string[], options: Options): Promise<ExitCode> => {
    if (words.length > 0)
      throw new UserError("usage", `Name hosts with --on: --on ${words.map(shellWord).join(",")}`);
    return action(options);
  };

const withJson = (command: Command): Command =>
  command.option(
    "--json",
    "print JSON, one document per line: events to standard error, results to standard output",
    false,
  );

const withAddresses = (command: Command): Command =>
  command.option(
    "--at <host=address>",
    "address of a new host until it has its own; repeatable",
    address,
    {},
  );

const withBuild = (command: Command): Command =>
  command
    .option(
      "--rebuild",
      "also build hosts whose files have not changed, such as after an update of their nixpkgs channel",
      false,
    )
    .option(
      "--regenerate-identity",
      "give new hosts that share a machine-id or SSH host keys new ones",
      false,
    );

const withReboot = (command: Command): Command =>
  command
    .option("--yes", "do not ask", false)
    .option("--drain-seconds <seconds>", "how long pods may take to leave a node", seconds, 300)
    .option(
      "--force-bare-pods",
      "delete pods without a controller, which nothing recreates, from drained nodes",
      false,
    )
    .option(...REBOOT_SECONDS);

/** How hosts are changed, confirmed and rebooted. */
const withTrials = (command: Command): Command =>
  command
    .option(...CONFIRM_SECONDS)
    .option(
      "--reset-hung",
      "reset the VM of a host that hangs in a boot on trial: by PROXMOX_VE_API_TOKEN, or without it over SSH to the PVE node",
      false,
    )
    .option(...AGENTS_AT_ONCE)
    .option("--reboots-at-once <count>", "number of nodes to reboot at the same time", count, 1);

function hostNames(text: string, before: readonly string[]): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes(""))
    throw new InvalidArgumentError(
      "Expected names with commas between them, such as servers or hamal,mizar.",
    );
  return [...before, ...names];
}

/** As Kubernetes has them: a label, and a subdomain. */
const CLAIM = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

function claimNames(text: string, before: readonly string[]): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (!names.every((name) => CLAIM.test(name)))
    throw new InvalidArgumentError(
      "Expected namespace/name of claims with commas between them, such as default/data-web-0.",
    );
  return [...before, ...names];
}

function address(text: string, before: Record<string, string>): Record<string, string> {
  const [, host, at] = /^([a-z0-9-]+)=(\S+)$/.exec(text) ?? [];
  if (host === undefined || at === undefined) throw new InvalidArgumentError("Expected HOST=ADDRESS.");
  return { ...before, [host]: at };
}
