import { InvalidArgumentError, type Command } from "commander";
import type { Ending } from "./action";
import { DETAILED } from "./exit-code";

/** @param what - what is counted, with an example */
const wholeNumber =
  (what: string) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1)
      throw new InvalidArgumentError(`Expected ${what}, a whole number above 0.`);
    return value;
  };

const seconds = wholeNumber("seconds, such as 300");
const count = wholeNumber("a count, such as 3");

/** `rollout` and what belongs to it. What a command does is loaded when it runs. */
export function addRollout(root: Command, ending: Ending): void {
  const rollout = root
    .command("rollout")
    .description("bring the hosts to what was emitted, and verify the cluster")
    .helpCommand(false)
    .addHelpText("after", NOTES);
  addPlan(rollout, ending);
  addApply(rollout, ending);
  addVerify(rollout, ending);
  addHost(rollout, ending);
  addKubeconfig(rollout, ending);
}

const NOTES = `
It connects by your own ssh as root, so ~/.ssh/config, agents and jump hosts
work; hosts are known to it by their hostnames. SSH host keys are pinned in
known_hosts beside main.ts when apply has asked: commit that file. Logs of each
host are in .rollout/logs, without secrets.`;

function addPlan(rollout: Command, ending: Ending): void {
  withBuild(onHosts(rollout, "plan", "say what an apply would do, and why; changes nothing"))
    .option(...DETAILED)
    .action(ending(async (hosts: string[], options) => (await import("./rollout.js")).plan(hosts, options)));
}

function addApply(rollout: Command, ending: Ending): void {
  const apply = onHosts(
    rollout,
    "apply",
    "bring hosts to what was emitted, in an order in which the cluster stays whole",
  );
  withReboot(withBuild(apply))
    .option(
      "--confirm-seconds <seconds>",
      "after which a host that was not confirmed reverts by itself",
      seconds,
      300,
    )
    .option(
      "--accept-new-host-keys",
      "take SSH host keys that were never seen for those of the hosts, without anybody comparing them",
      false,
    )
    .option(
      "--boot",
      "let hosts boot into what cannot be activated while they run; they revert by themselves, too",
      false,
    )
    .option("--agents-at-once <count>", "agents that are changed at the same time", count, 3)
    .option("--reboots-at-once <count>", "nodes that reboot at the same time", count, 1)
    .action(ending(async (hosts: string[], options) => (await import("./rollout.js")).apply(hosts, options)));
}

function addVerify(rollout: Command, ending: Ending): void {
  onHosts(rollout, "verify", "compare the live cluster with main.ts; a health check, also for cron")
    .option("--watch [seconds]", "again and again, after so many seconds (30 unless stated)", seconds)
    .action(
      ending(async (hosts: string[], options) => (await import("./rollout.js")).verify(hosts, options)),
    );
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

function addKubeconfig(rollout: Command, ending: Ending): void {
  rollout
    .command("kubeconfig")
    .description("fetch the cluster's kubeconfig and merge it into yours")
    .option("--name <name>", "of its context", "k3s")
    .option(
      "--output <file>",
      "file to merge it into, mode 0600; the first of $KUBECONFIG, or ~/.kube/config, unless stated",
    )
    .option("--print", "print it and write nothing", false)
    .action(ending(async (options) => (await import("./rollout.js")).kubeconfig(options)));
}

const onHosts = (rollout: Command, name: string, description: string): Command =>
  withAddresses(withJson(rollout.command(name)))
    .description(description)
    .argument("[host...]", "hostnames; all of the cluster unless stated");

const withJson = (command: Command): Command =>
  command.option(
    "--json",
    "print JSON, a document a line: events on standard error, results on standard output",
    false,
  );

const withAddresses = (command: Command): Command =>
  command.option(
    "--at <host=address>",
    "where a new host answers until it has its own address; for each such host",
    address,
    {},
  );

const withBuild = (command: Command): Command =>
  command
    .option(
      "--rebuild",
      "build also hosts whose files have not changed, as after an update of their nixpkgs channel",
      false,
    )
    .option(
      "--regenerate-identity",
      "give new hosts that share a machine-id or SSH host keys their own",
      false,
    );

const withReboot = (command: Command): Command =>
  command
    .option("--yes", "do not ask", false)
    .option("--drain-seconds <seconds>", "how long pods may take to leave a node", seconds, 300)
    .option(
      "--force-bare-pods",
      "delete pods without a controller, which nobody makes anew, from nodes that are drained",
      false,
    )
    .option("--reboot-seconds <seconds>", "how long a node may take to be back after a reboot", seconds, 600);

function address(text: string, before: Record<string, string>): Record<string, string> {
  const [, host, at] = /^([a-z0-9-]+)=(\S+)$/.exec(text) ?? [];
  if (host === undefined || at === undefined) throw new InvalidArgumentError("Expected HOST=ADDRESS.");
  return { ...before, [host]: at };
}
