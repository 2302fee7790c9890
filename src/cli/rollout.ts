/** `npm run rollout -- <command>`: brings live machines to what was emitted. */
import { Command, InvalidArgumentError } from "commander";
import {
  applyCommand,
  captureCommand,
  kubeconfigCommand,
  planCommand,
  removeCommand,
  requestStop,
  stopping,
  verifyCommand,
  type Voice,
} from "../rollout/commands";
import type { FleetOptions } from "../rollout/fleet";
import type { Listener } from "../rollout/log";
import { checkFreshness, DEFAULT_PLACES, Session } from "../rollout/session";
import { messageOf, Trouble } from "../rollout/trouble";
import { narrator } from "../rollout/words";

interface Common {
  readonly json?: boolean;
  readonly at?: Record<string, string>;
}

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

const address = (text: string, before: Record<string, string>): Record<string, string> => {
  const [, host, at] = /^([a-z0-9-]+)=(\S+)$/.exec(text) ?? [];
  if (host === undefined || at === undefined) throw new InvalidArgumentError("Expected HOST=ADDRESS.");
  return { ...before, [host]: at };
};

const program = new Command("rollout")
  .description("Brings the hosts to what npm run synth emitted, and sees that the cluster is whole.")
  .usage("<command>, as npm run rollout -- <command>")
  .showHelpAfterError()
  .addHelpText(
    "after",
    `
It connects by your own ssh as root, so ~/.ssh/config, agents and jump hosts work; hosts are known to it by their
hostnames. SSH host keys are pinned in known_hosts beside main.ts when apply has asked: commit that file. Logs of each host
are in .rollout/logs, without secrets. The exit code is 0 when everything that was asked for holds, else 1.`,
  );

/** A command about hosts. */
const command = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .option("--json", "print JSON, a document a line: events on standard error, results on standard output");

const onHosts = (name: string, description: string): Command =>
  command(name, description)
    .argument("[host...]", "hostnames; all of the cluster unless stated")
    .option(
      "--at <host=address>",
      "where a new host answers until it has its own address; for each such host",
      address,
      {},
    );

const withBuild = (made: Command): Command =>
  made
    .option(
      "--rebuild",
      "build also hosts whose files have not changed, as after an update of their nixpkgs channel",
    )
    .option("--regenerate-identity", "give new hosts that share a machine-id or SSH host keys their own");

const withReboot = (made: Command): Command =>
  made
    .option("--yes", "do not ask")
    .option("--drain-seconds <seconds>", "how long pods may take to leave a node", seconds, 300)
    .option(
      "--force-bare-pods",
      "delete pods without a controller, which nobody makes anew, from nodes that are drained",
      false,
    )
    .option("--reboot-seconds <seconds>", "how long a node may take to be back after a reboot", seconds, 600);

withBuild(onHosts("plan", "say what an apply would do, and why; changes nothing")).action(
  (hosts: string[], options: Common & FleetOptions) =>
    run(options, (session, voice) => planCommand(session, hosts, fleetOptions(options), voice)),
);

withReboot(
  withBuild(
    onHosts("apply", "bring hosts to what was emitted, in an order in which the cluster stays whole"),
  ),
)
  .option(
    "--confirm-seconds <seconds>",
    "after which a host that was not confirmed reverts by itself",
    seconds,
    300,
  )
  .option(
    "--accept-new-host-keys",
    "take SSH host keys that were never seen for those of the hosts, without anybody comparing them",
  )
  .option(
    "--boot",
    "let hosts boot into what cannot be activated while they run; they revert by themselves, too",
    false,
  )
  .option("--agents-at-once <count>", "agents that are changed at the same time", count, 3)
  .option("--reboots-at-once <count>", "nodes that reboot at the same time", count, 1)
  .action((hosts: string[], options) =>
    run(options, (session, voice) =>
      applyCommand(
        session,
        hosts,
        {
          ...options,
          ...fleetOptions(options),
          yes: options.yes === true,
          acceptNewHostKeys: options.acceptNewHostKeys === true,
        },
        voice,
      ),
    ),
  );

onHosts("verify", "hold the live cluster against main.ts; a health check, also for cron")
  .option("--watch [seconds]", "again and again, after so many seconds (30 unless stated)", seconds)
  .action((hosts: string[], options) =>
    run(options, (session, voice) =>
      verifyCommand(session, hosts, { watchSeconds: options.watch === true ? 30 : options.watch }, voice),
    ),
  );

command("capture", "store a host's own hardware configuration in its directory")
  .argument("<host>", "its hostname")
  .option("--at <host=address>", "where it answers until it has its own address", address, {})
  .action((host: string, options) =>
    run(options, (session, voice) => captureCommand(session, host, voice), false),
  );

withReboot(command("remove", "drain a node, power it off, and take it out of the cluster"))
  .argument("<host>", "its hostname")
  .action((host: string, options) =>
    run(options, (session, voice) =>
      removeCommand(session, host, { ...options, yes: options.yes === true }, voice),
    ),
  );

program
  .command("kubeconfig")
  .description("fetch the cluster's kubeconfig and merge it into yours")
  .option("--name <name>", "of its context", "k3s")
  .option(
    "--output <file>",
    "file to merge it into, mode 0600; the first of $KUBECONFIG, or ~/.kube/config, unless stated",
  )
  .option("--print", "print it and write nothing", false)
  .action((options) => run({}, (session) => kubeconfigCommand(session, options), false));

const fleetOptions = (options: Common & Partial<FleetOptions>): FleetOptions => ({
  addresses: new Map(Object.entries(options.at ?? {})),
  regenerateIdentity: options.regenerateIdentity === true,
  rebuild: options.rebuild === true,
});

/** @param fresh - whether the emitted files have to be what `main.ts` says */
async function run(
  { json = false, at = {} }: Common,
  action: (session: Session, voice: Voice) => Promise<void>,
  fresh = true,
): Promise<void> {
  let session: Session | undefined;
  const blanked = (text: string): string => session?.blanker.blank(text) ?? text;
  const voice: Voice = {
    json,
    tell: (words, document) => console.log(blanked(json ? JSON.stringify(document) : words)),
  };
  const asJson: Listener = (event) => process.stderr.write(`${JSON.stringify(event)}\n`);
  onSignals(() => session);
  try {
    session = new Session(
      DEFAULT_PLACES,
      json ? asJson : narrator(process.stderr),
      new Map(Object.entries(at)),
    );
    if (fresh) checkFreshness();
    await action(session, voice);
  } catch (error) {
    process.exitCode = 1;
    const words = error instanceof Trouble ? error.message : ((error as Error).stack ?? messageOf(error));
    const shown = blanked(words);
    if (json) console.log(JSON.stringify({ error: shown }));
    console.error(`\n${shown}`);
  } finally {
    session?.stop();
  }
}

/** The first signal lets what has begun come to its end; the second one does not. */
function onSignals(session: () => Session | undefined): void {
  const stop = (): void => {
    if (stopping.requested) {
      console.error(
        "\nLeft at once. A host that was being activated reverts by itself; run the same again to go on.",
      );
      session()?.stop();
      process.exit(130);
    }
    requestStop();
    console.error(
      "\nStopping: hosts that are being changed are finished, no other is begun. Again to leave at once.",
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

void program.parseAsync();
