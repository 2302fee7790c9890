/** What the commands of `rollout` do: a session, its commands, and how they end. */
import type { ApplyOptions } from "../rollout/apply";
import {
  applyCommand,
  captureCommand,
  kubeconfigCommand,
  planCommand,
  removeCommand,
  requestStop,
  stopping,
  verifyCommand,
  type Consent,
  type KubeconfigOptions,
  type Trust,
  type Output,
} from "../rollout/commands";
import type { FleetOptions } from "../rollout/fleet";
import type { Listener } from "../rollout/log";
import type { RebootOptions } from "../rollout/reboot";
import { checkFreshness, DEFAULT_PATHS, Session } from "../rollout/session";
import { progressPrinter } from "../rollout/format";
import { ExitCode } from "./exit-code";
import { reasonOf } from "./failure";

export interface Options {
  readonly json: boolean;
  /** Hostname to address. @default - their own */
  readonly at?: Readonly<Record<string, string>>;
}

type Build = Omit<FleetOptions, "addresses">;

export const plan = (hosts: readonly string[], options: Options & Build): Promise<ExitCode> =>
  run(options, (session, output) => planCommand(session, hosts, fleetOptions(options), output));

export const apply = (
  hosts: readonly string[],
  options: Options & Build & ApplyOptions & Trust,
): Promise<ExitCode> =>
  run(options, (session, output) =>
    applyCommand(session, hosts, { ...options, ...fleetOptions(options) }, output),
  );

/** How often a watch looks unless stated. */
const WATCH_SECONDS = 30;

export const verify = (
  hosts: readonly string[],
  options: Options & { readonly watch?: true | number },
): Promise<ExitCode> =>
  run(options, (session, output) =>
    verifyCommand(
      session,
      hosts,
      { watchSeconds: options.watch === true ? WATCH_SECONDS : options.watch },
      output,
    ),
  );

export const capture = (host: string, options: Options): Promise<ExitCode> =>
  run(options, (session, output) => captureCommand(session, host, output), false);

export const remove = (host: string, options: Options & RebootOptions & Consent): Promise<ExitCode> =>
  run(options, (session, output) => removeCommand(session, host, options, output));

export const kubeconfig = (options: KubeconfigOptions): Promise<ExitCode> =>
  run({ json: false }, (session) => kubeconfigCommand(session, options), false);

const fleetOptions = ({ at = {}, regenerateIdentity, rebuild }: Options & Build): FleetOptions => ({
  addresses: new Map(Object.entries(at)),
  regenerateIdentity,
  rebuild,
});

/** Raised when a program that reads the JSON would misread a newer one. */
const FORMAT_VERSION = 1;

/** For a program; see schemas/rollout.schema.json. */
const asJson = (document: object): string => JSON.stringify({ formatVersion: FORMAT_VERSION, ...document });

/** @param fresh - whether the emitted files have to be what `main.ts` says */
async function run(
  { json, at = {} }: Options,
  action: (session: Session, output: Output) => Promise<void>,
  fresh = true,
): Promise<ExitCode> {
  let session: Session | undefined;
  const redacted = (text: string): string => session?.redactor.redact(text) ?? text;
  const output: Output = {
    json,
    tell: (words, document) => console.log(redacted(json ? asJson(document) : words)),
  };
  const told: Listener = (event) => process.stderr.write(`${asJson(event)}\n`);
  onSignals(() => session);
  try {
    session = new Session(
      DEFAULT_PATHS,
      json ? told : progressPrinter(process.stderr),
      new Map(Object.entries(at)),
    );
    if (fresh) checkFreshness();
    await action(session, output);
    return ExitCode.Done;
  } catch (error) {
    const shown = redacted(reasonOf(error));
    if (json) console.log(asJson({ error: shown }));
    else console.error(`\n${shown}`);
    return ExitCode.Failed;
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
      process.exit(ExitCode.Interrupted);
    }
    requestStop();
    console.error(
      "\nStopping: hosts that are being changed are finished, no other is begun. Again to leave at once.",
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}
