import { setTimeout } from "node:timers/promises";
import type { Command } from "commander";
import { namingCluster, npmRun, SCRIPTS_OF_ONE_CLUSTER } from "../../src/base/command-line";
import { CLUSTER } from "../../src/cli/cluster-option";
import { program } from "../../src/cli/program";

test("a command line names no cluster where the app has one", () => {
  expect(npmRun("plan")).toBe("npm run plan");
  expect(npmRun("rollout -- apply")).toBe("npm run rollout -- apply");
  expect(namingCluster(undefined, () => npmRun("plan"))).toBe("npm run plan");
});

test("it names the cluster of its command after npm's separator, also after what the command waits for", async () => {
  expect(namingCluster("lab", () => npmRun("plan"))).toBe("npm run plan -- --cluster lab");
  const late = namingCluster("lab", async () => {
    await setTimeout(1);
    return npmRun("tofu -- state mv a b");
  });
  expect(await late).toBe("npm run tofu -- state mv a b --cluster lab");
  expect(npmRun("plan")).toBe("npm run plan");
});

const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

test("every script that asks for a cluster's name is spelled with it", () => {
  const { commands } = program(() => undefined);
  const asking = commands
    .filter((command) =>
      leaves(command).every(({ options }) => options.some(({ description }) => description === CLUSTER[1])),
    )
    .map((command) => command.name());
  expect(asking.sort()).toEqual([...SCRIPTS_OF_ONE_CLUSTER].sort());
});
