import type { Command } from "commander";
import type { Ending } from "./action";
import { withCluster } from "./cluster-option";
import { wholeNumber } from "./rollout-commands";

/** `template` and its subcommands. The implementation of a command is loaded when it runs. */
export function addTemplate(root: Command, ending: Ending): void {
  const template = root
    .command("template")
    .description("make the VM that hosts are cloned from, and check its disk")
    .helpCommand(false);
  withImage(template.command("plan"))
    .description("show what an apply would do on the PVE node; changes nothing")
    .action(ending(async (options) => (await import("./template.js")).plan(options)));
  withImage(template.command("apply"))
    .description("copy a disk to the PVE node, and make the template of it")
    .option("--yes", "do not ask", false)
    .option(
      "--accept-new-host-keys",
      "trust an SSH host key that was never seen before, without comparing it",
      false,
    )
    .addHelpText("after", MAKING)
    .action(ending(async (options) => (await import("./template.js")).apply(options)));
  withTemplate(template.command("scan"))
    .description("look for identities and secrets on a template's disk; reads all of it")
    .argument("<image>", "the disk as a raw image, such as result/nixos.img")
    .addHelpText("after", SCAN)
    .action(ending(async (image: string, options) => (await import("./template.js")).scan(image, options)));
  withCluster(template);
}

const MAKING = `
Connects as root to the PVE node, as rollout does to hosts. It overwrites no
guest and no file, and destroys no VM: what a failure leaves, it names.`;

const SCAN = `
Looks at files with debugfs of e2fsprogs, which needs no root, and at all bytes,
also those of deleted files. It shows where a secret is, and nothing of it.`;

const withImage = (command: Command): Command =>
  withTemplate(command)
    .option("--image <file>", "the disk as a raw image", "result/nixos.img")
    .option("--at <address>", "address of the PVE node (default: what ssh knows of its name)");

const withTemplate = (command: Command): Command =>
  command
    .option(
      "--vm-id <id>",
      "VM ID of the template, if nodes have several",
      wholeNumber("a VM ID, such as 9000"),
    )
    .option("--json", "print JSON, one document per line: events to standard error", false);
