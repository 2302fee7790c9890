/** The commands of `rollout`: each opens a session, runs its action, and maps the result to an exit code. */
import type { ApplyOptions } from "../rollout/apply";
import {
  applyCommand,
  backupCommand,
  captureCommand,
  kubeconfigCommand,
  planCommand,
  removeCommand,
  verifyCommand,
  type KubeconfigOptions,
  type Operator,
  type Resets,
  type Trust,
} from "../rollout/commands";
import { bucketBackupCommand } from "../rollout/bucket-backup";
import { reportedAddresses } from "../rollout/clones";
import type { FleetOptions } from "../rollout/fleet";
import type { Listener } from "../rollout/log";
import type { RebootOptions } from "../rollout/reboot";
import {
  rotateCertificatesCommand,
  rotateEncryptionCommand,
  rotateTokenCommand,
} from "../rollout/rotate-commands";
import {
  drillCommand,
  drillHereCommand,
  restoreCommand,
  type RestoreOptions,
} from "../rollout/restore-commands";
import { recoverCommand, type RecoverOptions } from "../rollout/recover-command";
import { restoreVolumesCommand } from "../rollout/restore-volumes";
import { pathsOf, Session } from "../rollout/session";
import { upgradeCommand } from "../rollout/upgrade/upgrade";
import { progressPrinter } from "../rollout/format";
import type { TurnOptions } from "../rollout/turns";
import { mustHave } from "../base/programs";
import { StatusLine } from "../base/status-line";
import { UserError } from "../base/user-error";
import { chosenCluster, type ClusterOptions } from "./cluster";
import { askForConsent } from "./consent";
import { ExitCode, exitCodeOf } from "./exit-code";
import { failureDocument } from "./failure";
import { checkFreshness } from "./freshness";
import { pulledStates } from "./state";
import { interruptible, left } from "./interruption";
import { documentOf } from "./json-document";
import { say, terminalColumns } from "./terminal";

export interface Options extends ClusterOptions {
  readonly json: boolean;
  /** Hostnames and groups. @default - all hosts */
  readonly on?: readonly string[];
  /** Hostname to address. @default - each host's own address */
  readonly at?: Readonly<Record<string, string>>;
}

type Build = Omit<FleetOptions, "addresses">;

export const plan = (options: Options & Build & { readonly detailedExitcode: boolean }): Promise<ExitCode> =>
  run(options, async (session, operator, hostnames) => {
    const isPending = await planCommand(session, hostnames, fleetOptions(options), operator);
    return isPending && options.detailedExitcode ? ExitCode.Pending : ExitCode.Done;
  });

export const apply = (options: Options & Build & ApplyOptions & Trust & Resets): Promise<ExitCode> =>
  run(options, async (session, operator, hostnames) => {
    await applyCommand(session, hostnames, { ...options, ...fleetOptions(options) }, operator);
    return ExitCode.Done;
  });

/** Default interval of `--watch`. */
const WATCH_SECONDS = 30;

export const verify = (options: Options & { readonly watch?: true | number }): Promise<ExitCode> =>
  run(options, async (session, operator, hostnames) => {
    const watchSeconds = options.watch === true ? WATCH_SECONDS : options.watch;
    await verifyCommand(session, hostnames, { watchSeconds }, operator);
    return ExitCode.Done;
  });

export const capture = (host: string, options: Options): Promise<ExitCode> =>
  run(
    options,
    async (session, operator) => {
      await captureCommand(session, host, operator);
      return ExitCode.Done;
    },
    false,
  );

export const remove = (
  host: string,
  options: Options & RebootOptions & { readonly yes: boolean },
): Promise<ExitCode> =>
  run(options, async (session, operator) => {
    await removeCommand(session, host, options, operator);
    return ExitCode.Done;
  });

/** What can be rotated. */
export type Rotation = "certificates" | "token" | "encryption-keys";

const ROTATIONS: Readonly<Record<Rotation, typeof rotateCertificatesCommand>> = {
  certificates: rotateCertificatesCommand,
  token: rotateTokenCommand,
  "encryption-keys": rotateEncryptionCommand,
};

export const rotate = (
  what: Rotation,
  options: Options & TurnOptions & { readonly yes: boolean },
): Promise<ExitCode> =>
  run(options, async (session, operator) => {
    await ROTATIONS[what](session, options, operator);
    return ExitCode.Done;
  });

export const kubeconfig = (options: ClusterOptions & Partial<KubeconfigOptions>): Promise<ExitCode> =>
  run(
    { ...options, json: false },
    async (session, operator) => {
      await kubeconfigCommand(session, { name: session.paths.context, print: false, ...options }, operator);
      return ExitCode.Done;
    },
    false,
  );

/** What `upgrade` is asked for. */
export interface UpgradeWords extends Options, Omit<ApplyOptions, "boot">, Resets {
  readonly nixos?: string;
  readonly k3s?: string;
  readonly soak: number;
  readonly to?: string;
  readonly yes: boolean;
}

export const upgrade = ({ nixos, k3s, soak, to, ...options }: UpgradeWords): Promise<ExitCode> =>
  run(options, async (session, operator) => {
    const goal = { ...(nixos === undefined ? {} : { nixos }), ...(k3s === undefined ? {} : { k3s }) };
    const own = {
      soakSeconds: soak,
      folder: to ?? session.paths.backups,
      boot: true,
    };
    await upgradeCommand(session, goal, { ...options, ...own }, operator);
    return ExitCode.Done;
  });

/** @param options - `volumes` and `quiesced` are claims, as in `Named`; `fromS3` is the name of a snapshot, or `true` for the newest */
export const backup = (
  options: Options & {
    readonly to?: string;
    readonly fromS3?: true | string;
    readonly volumes: readonly string[];
    readonly quiesced: readonly string[];
  },
): Promise<ExitCode> =>
  run(
    options,
    async (session, operator) => {
      const { to = session.paths.backups, fromS3, volumes, quiesced } = options;
      if (fromS3 !== undefined) {
        const wanted = { folder: to, ...(fromS3 === true ? {} : { name: fromS3 }) };
        await bucketBackupCommand(session, wanted, operator);
        return ExitCode.Done;
      }
      await backupCommand(session, { folder: to, volumes: { stopped: volumes, quiesced } }, operator);
      return ExitCode.Done;
    },
    false,
  );

export const restore = (options: Options & RestoreOptions & { readonly from: string }): Promise<ExitCode> =>
  run(options, async (session, operator) => {
    await restoreCommand(session, options.from, options, operator);
    return ExitCode.Done;
  });

export const recover = (
  options: Options & Omit<RecoverOptions, "addresses"> & { readonly from: string },
): Promise<ExitCode> =>
  run(options, async (session, operator) => {
    const addresses = new Map(Object.entries(options.at ?? {}));
    await recoverCommand(session, options.from, { ...options, addresses }, operator);
    return ExitCode.Done;
  });

export const restoreVolumes = (
  options: Options & { readonly from: string; readonly volumes: readonly string[]; readonly yes: boolean },
): Promise<ExitCode> =>
  run(options, async (session, operator) => {
    await restoreVolumesCommand(session, options.from, options.volumes, operator);
    return ExitCode.Done;
  });

export const drill = (
  options: Options & {
    readonly from: string;
    readonly onHost?: string;
    readonly here: boolean;
    readonly k3s?: string;
  },
): Promise<ExitCode> =>
  run(
    options,
    async (session, operator) => {
      const { from, onHost, here, k3s } = options;
      if (k3s !== undefined && !here)
        throw new UserError("usage", "--k3s is for --here: a host has its own K3s");
      if (here) await drillHereCommand(session, from, k3s, operator);
      else await drillCommand(session, from, onHost, operator);
      return ExitCode.Done;
    },
    false,
  );

const fleetOptions = ({ at = {}, regenerateIdentity, rebuild }: Options & Build): FleetOptions => ({
  addresses: new Map(Object.entries(at)),
  regenerateIdentity,
  rebuild,
});

const asJson = (document: object): string => JSON.stringify(documentOf("rollout", document));

/** @param fresh - whether the emitted files have to match `main.ts` */
const run = (
  options: Options & { readonly yes?: boolean },
  action: (session: Session, operator: Operator, hostnames: readonly string[]) => Promise<ExitCode>,
  fresh = true,
): Promise<ExitCode> =>
  interruptible(async ({ stop, leave }) => {
    const { json, at = {}, on = [], yes = false } = options;
    let session: Session | undefined;
    const redacted = (text: string): string => session?.redactor.redact(text) ?? text;
    const operator: Operator = {
      print: (words, document) => {
        if (json) console.log(redacted(asJson(document)));
        else say(redacted(words));
      },
      columns: terminalColumns(process.stdout),
      askForConsent: (question, word) => askForConsent(question, { yes, stop, word }),
      stop,
    };
    const status = new StatusLine(process.stderr);
    const told: Listener = (event) => process.stderr.write(`${asJson(event)}\n`);
    try {
      const { folder, stack } = chosenCluster(options);
      mustHave("ssh", "every command of rollout");
      const started = new Session(
        pathsOf(folder),
        json ? told : progressPrinter(status, process.stderr.isTTY),
        new Map(Object.entries(at)),
        async (nodes) => reportedAddresses(await pulledStates(stop, stack), nodes),
      );
      session = started;
      const hostnames = started.hostnamesOn(on);
      const compare = (): Promise<void> => checkFreshness(stop);
      if (fresh) await (json ? compare() : status.during(`Comparing ${folder}/ with main.ts`, compare));
      return await Promise.race([
        action(started, operator, hostnames),
        left(leave, () => remainsOf(started)),
      ]);
    } catch (error) {
      status.hide();
      const document = failureDocument(error);
      if (json) console.log(redacted(asJson(document)));
      else say(`\n${redacted(document.error)}`, process.stderr);
      return exitCodeOf(error);
    } finally {
      session?.stop();
    }
  });

/** What a person leaves who does not wait for running steps. */
const remainsOf = ({ goOn }: Session): string =>
  goOn === undefined
    ? "A host that was being activated reverts by itself; run the same command again to continue"
    : `K3s may be stopped on servers, and nothing starts it: do not start it by hand. This goes on: ${goOn}`;
