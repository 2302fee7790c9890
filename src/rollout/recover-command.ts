import { npmRun } from "../base/command-line";
import { shellWord } from "../base/escape";
import { inWords } from "../base/status-line";
import { UserError } from "../base/user-error";
import { Apply, type ApplyOptions } from "./apply";
import {
  changing,
  printPlan,
  refuseBlocked,
  reportUnapplied,
  surveyAndPlan,
  type Operator,
  type Planned,
  type Trust,
} from "./commands";
import { askToPin } from "./first-contact";
import type { FleetOptions } from "./fleet";
import type { Host } from "./host";
import type { Lock } from "./lock";
import { builtVersionFaults, readNote, recover, recoverFaults, type Note, type Rollouts } from "./recovery";
import { readRestorable, type Restorable } from "./restorable";
import { askByName, founderOf } from "./restore-commands";
import type { Session } from "./session";
import { unlessStopped } from "./stopping";
import { readTokens } from "./token";

export interface RecoverOptions
  extends
    Pick<FleetOptions, "addresses">,
    Pick<ApplyOptions, "agentsAtOnce" | "confirmSeconds" | "rebootSeconds">,
    Pick<Trust, "acceptNewHostKeys"> {
  /** The name that a person would type. @default - a person is asked */
  readonly confirm?: string;
}

/**
 * `recover`: brings the cluster back after the loss of all its machines, to the new clones that OpenTofu has made.
 *
 * @param folder - of the backup
 */
export async function recoverCommand(
  session: Session,
  folder: string,
  options: RecoverOptions,
  operator: Operator,
): Promise<void> {
  const { stop, print } = operator;
  const { log, redactor, description } = session;
  const command = npmRun(`rollout -- recover --from ${shellWord(folder)}`);
  const what = await unlessStopped(stop, async () => {
    const tokens = await readTokens(description, redactor);
    return log.step("cluster", "read the backup", () => readRestorable(folder, tokens));
  });
  const founder = founderOf(session);
  const { planned, note } = await unlessStopped(stop, () => look(session, what, founder, options));
  printPlan(planned.plans, planned.fleet, session, print);
  refuseBlocked(planned.plans, planned.fleet, session, "\nNo host was changed");
  await ask(planned, founder, questionOf(what, note), options, operator);
  const rollOut = async ({ fleet, plans, tokens }: Planned, lock: Lock): Promise<void> => {
    const course = { faults: builtVersionFaults(what) };
    await new Apply(
      fleet,
      plans,
      tokens,
      { ...ROLLOUT, ...options },
      log,
      lock,
      stop,
      session.builder,
      course,
    ).run();
  };
  const { fleet, plans } = planned;
  const rollouts = (lock: Lock): Rollouts => ({
    founder: () => rollOut({ ...planned, plans: plans.filter(({ host }) => host === founder) }, lock),
    others: async () => {
      const now = await surveyAndPlan(session, [], planOptions(options));
      refuseBlocked(now.plans, now.fleet, session, `\nThe backup is restored. This goes on: ${command}`);
      await rollOut(now, lock);
    },
  });
  // Its API comes and goes, so that there is no lock in it.
  const done = await session.goingOn(command, () =>
    changing(session, { ...fleet, nodes: undefined }, plans, stop, (lock) =>
      recover(what, founder, note, rollouts(lock), command),
    ),
  );
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(done.begun)) / 1000));
  print(formatRecovered(what, done, seconds), {
    recovered: { backup: folder, begun: done.begun, seconds, ...done.restored },
  });
  await reportUnapplied(session, operator);
}

/** New machines run nothing that could not be rebooted. */
const ROLLOUT = { boot: true, rebootsAtOnce: 1, drainSeconds: 300, forceBarePods: false };

const planOptions = ({ addresses }: RecoverOptions): FleetOptions => ({
  addresses,
  regenerateIdentity: false,
  rebuild: false,
});

/** @throws UserError when nothing may begin */
async function look(
  session: Session,
  what: Restorable,
  founder: Host,
  options: RecoverOptions,
): Promise<{ planned: Planned; note: Note | undefined }> {
  const planned = await surveyAndPlan(session, [], planOptions(options));
  const { fleet } = planned;
  // A new clone may have the note of a recovery that was refused before it began.
  const hasBegun = fleet.hosts.some(({ host, facts }) => host === founder && facts.joined);
  const note = hasBegun ? await readNote(founder) : undefined;
  const faults = recoverFaults(what, fleet, founder, note);
  if (faults.length > 0) throw new UserError("refused", `${faults.join("\n")}\nNothing was changed`);
  return { planned, note };
}

async function ask(
  { fleet }: Planned,
  founder: Host,
  question: string,
  { confirm, acceptNewHostKeys }: RecoverOptions,
  operator: Operator,
): Promise<void> {
  await askToPin(
    fleet.hosts.map(({ host }) => host),
    { isAsked: confirm === undefined, isAccepted: acceptNewHostKeys },
    (notice) => askByName(founder, `${notice}${question}`, confirm, operator),
  );
}

const questionOf = ({ backup }: Restorable, note: Note | undefined): string =>
  note === undefined
    ? `Roll out to these new hosts, and restore the backup of ${backup.manifest.takenAt} there? No machine of the former cluster may ` +
      "ever start again."
    : `Go on with the recovery that began at ${note.begun}?`;

/** What was on the disks of former nodes. */
export function formatVolumes({ folder, manifest: { volumes } }: Restorable["backup"]): string[] {
  const named = (some: typeof volumes): string[] =>
    some.map(({ namespace, claim }) => `${namespace}/${claim}`);
  const copied = volumes.filter(({ copy }) => copy !== undefined);
  const lost = volumes.filter(({ copy }) => copy === undefined);
  return [
    ...(copied.length === 0
      ? []
      : [
          "Volumes in the backup, which are to be put back once their claims are bound and no pod mounts them:",
          `  ${npmRun(`rollout -- restore-volumes --from ${shellWord(folder)} --volumes ${named(copied).join(",")}`)}`,
        ]),
    ...(lost.length === 0
      ? []
      : [
          "Lost with the disks of the former nodes, if you have no other copy:",
          ...lost.map(({ namespace, claim, node }) => `  ${namespace}/${claim} on ${node || "any node"}`),
        ]),
  ];
}

function formatRecovered({ backup }: Restorable, { restored }: Required<Note>, seconds: number): string {
  const { takenAt } = backup.manifest;
  return [
    `The cluster is as it was at ${takenAt}: ${restored.readBack} objects were read back as the snapshot has them.`,
    `It took ${inWords(seconds)} since the recovery began, of them ${inWords(restored.downSeconds)} for the restore.`,
    `Lost: all that changed between ${takenAt} and the loss of the cluster. Nothing that is left knows what that was.`,
    "Nodes registered anew, with the labels and taints of main.ts: others that they had are lost.",
    ...formatVolumes(backup),
    "The new, empty cluster that the first server was until the restore, which you may delete:",
    ...restored.former.map((path) => `  ${path}`),
  ].join("\n");
}
