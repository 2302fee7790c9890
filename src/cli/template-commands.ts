import type { Command } from "commander";
import type { Ending } from "./action";
import { wholeNumber } from "./rollout-commands";

/** `template` and its subcommands. The implementation of a command is loaded when it runs. */
export function addTemplate(root: Command, ending: Ending): void {
  const template = root
    .command("template")
    .description("check the disk of the VM that hosts are cloned from")
    .helpCommand(false);
  withTemplate(template.command("scan"))
    .description("look for identities and secrets on a template's disk; reads all of it")
    .argument("<image>", "the disk as a raw image, such as result/nixos.img")
    .addHelpText("after", NOTES)
    .action(ending(async (image: string, options) => (await import("./template.js")).scan(image, options)));
}

const NOTES = `
Looks at files with debugfs of e2fsprogs, which needs no root, and at all bytes,
also those of deleted files. It shows where a secret is, and nothing of it.`;

const withTemplate = (command: Command): Command =>
  command
    .option(
      "--vm-id <id>",
      "VM ID of the template, if nodes have several",
      wholeNumber("a VM ID, such as 9000"),
    )
    .option("--json", "print JSON", false);
