import type { Command } from "commander";

/** The option of every command that is about one cluster. */
export const CLUSTER = [
  "--cluster <name>",
  "name of the cluster's stack, if the app has several clusters",
] as const;

/** Adds the option to a command, or to all subcommands that it has by now. */
export function withCluster(command: Command): void {
  if (command.commands.length === 0) command.option(...CLUSTER);
  command.commands.forEach(withCluster);
}
