/** `upgrade`: brings a cluster to another release of NixOS and another version of K3s, one safe step at a time. */
import { npmRun } from "../../base/command-line";
import { documentOn } from "../../base/documents";
import { joined, UserError } from "../../base/user-error";
import { backupSettings } from "../../config/rollout";
import { Apply, type ApplyOptions } from "../apply";
import { formatMade, makeBackup } from "../backup";
import {
  askToProceed,
  changing,
  refuseBlocked,
  reportUnapplied,
  surveyAndPlan,
  type Operator,
  type Planned,
  type Resets,
  type Trust,
} from "../commands";
import type { Fleet } from "../fleet";
import type { Host } from "../host";
import type { Lock } from "../lock";
import type { HostPlan } from "../plan";
import type { Pod } from "../pods";
import { resetterOf } from "../reset";
import { readRestorable } from "../restorable";
import { Aside } from "../aside";
import { founderOf, proveBackup } from "../restore-commands";
import type { Session } from "../session";
import { interrupted, unlessStopped } from "../stopping";
import { minorOf } from "../version";
import { clusterFaults } from "./cluster-faults";
import { UpgradeCourse } from "./course";
import { formatUpgrade, rowOf, type UpgradeRow } from "./format";
import { hopOf, isMinorHop, isOneWay, nextStatements, pathFaults, type Goal, type Hop } from "./path";
import { candidatesOf, isToChange, type Candidate } from "./survey";
import { channelOf } from "./versions";

export interface UpgradeOptions extends ApplyOptions, Trust, Resets {
  /** How long the first host has to stay healthy. */
  readonly soakSeconds: number;
  /** Folder of the backups. */
  readonly folder: string;
}

/** What an upgrade is about to do. */
interface Upgrade extends Planned {
  readonly candidates: readonly Candidate[];
  readonly hop: Hop;
  readonly pods: readonly Pod[];
  /** The agent that is changed, or that an earlier run changed, before the others. */
  readonly canary?: string;
  readonly watchFirst: readonly Host[];
}

/** @throws UserError before anything is built when the way to the goal is not safe, or when `main.ts` does not lead there */
export async function upgradeCommand(
  session: Session,
  goal: Goal,
  options: UpgradeOptions,
  operator: Operator,
): Promise<void> {
  const { stop } = operator;
  if (goal.k3s === undefined && goal.nixos === undefined)
    throw new UserError("usage", "Say where to: --nixos 26.05, --k3s 1.35, or both");
  session.redactor.learn(process.env.PROXMOX_VE_API_TOKEN ?? "");
  const upgrade = await unlessStopped(stop, () => lookAt(session, goal));
  const { candidates, fleet } = upgrade;
  const next = nextStatements(
    candidates.map(({ path }) => path),
    goal,
  );
  printUpgrade(session, upgrade, goal, next, operator);
  const due = candidates.filter(isToChange).map(({ plan }) => asDue(plan));
  if (due.length > 0) {
    const nodes = due.map(({ host }) => host.node);
    const resetter = options.resetHung ? resetterOf(process.env, session.ssh, nodes) : undefined;
    try {
      await resetter?.check(nodes);
      await askToProceed(options, fleet, questionOf(upgrade), operator, resetter?.contacts());
      await changing(session, fleet, due, stop, (lock) =>
        carryOut(session, upgrade, due, { ...options, boot: true, resetter }, lock, operator),
      );
    } finally {
      resetter?.close();
    }
  } else if (next.length > 0) throw notYet(session, next);
  await reportUnapplied(session, operator);
  if (next.length > 0)
    session.log.info("cluster", `this step of the path is done. Next: ${howToState(session, next)}`);
}

/** Asks all hosts, and finds out what would be built. @throws UserError with everything that is not safe */
async function lookAt(session: Session, goal: Goal): Promise<Upgrade> {
  const planned = await surveyAndPlan(session, [], {
    addresses: new Map(),
    regenerateIdentity: false,
    rebuild: false,
  });
  const { fleet, plans, tokens } = planned;
  refuseBlocked(plans, fleet, session, "\nNothing was changed");
  const early = clusterFaults(planned);
  if (early.length > 0) throw refused(early);
  const candidates = await session.log.step("cluster", "ask nixpkgs for its versions", () =>
    candidatesOf(fleet.hosts, plans, session.builder),
  );
  const paths = candidates.map(({ path }) => path);
  const faults = [
    ...pathFaults(paths, goal),
    ...(tokens.server === undefined && candidates.some(isToChange)
      ? ["An upgrade proves its backup first, which needs the join token: set rollout.tokenPath in main.ts"]
      : []),
  ];
  if (faults.length > 0) throw refused(faults);
  const pods = await fleet.kubernetes.pods();
  const hop = hopOf(paths);
  return { ...planned, candidates, hop, pods, ...firstOnes(candidates, pods, isMinorHop(hop)) };
}

const refused = (faults: readonly string[]): UserError =>
  new UserError("refused", `${faults.join("\n")}\nNothing was changed`);

/**
 * The agent that is changed before the others: the one with the fewest pods. Where an earlier run has changed only one host, that one is
 * watched first, since it is not known for how long it was.
 */
function firstOnes(
  candidates: readonly Candidate[],
  pods: readonly Pod[],
  serversFirst: boolean,
): Pick<Upgrade, "canary" | "watchFirst"> {
  const of = (role: string, due: boolean): Candidate[] =>
    candidates.filter((each) => each.path.role === role && isToChange(each) === due);
  const podsOn = ({ path }: Candidate): number =>
    pods.filter(({ node, ofDaemonSet }) => node === path.hostname && !ofDaemonSet).length;
  const isUnderWay = candidates.some(isToChange);
  const [done, others] = [of("agent", false), of("agent", true)];
  const servers = of("server", false);
  const watched = [
    ...(serversFirst && servers.length === 1 ? servers : []),
    ...(done.length === 1 && others.length > 0 ? done : []),
  ];
  const [emptiest] = [...others].sort((a, b) => podsOn(a) - podsOn(b));
  return {
    ...(done.length > 0 || emptiest === undefined ? {} : { canary: emptiest.path.hostname }),
    watchFirst: isUnderWay ? watched.map(({ plan }) => plan.host) : [],
  };
}

/** The plan of a host that runs other versions than its build would have, although its files are the same. */
const asDue = (plan: HostPlan): HostPlan =>
  plan.verdict === "unchanged" ? { ...plan, verdict: "unfinished" } : plan;

function printUpgrade(
  session: Session,
  upgrade: Upgrade,
  goal: Goal,
  next: readonly string[],
  { print }: Operator,
): void {
  const { candidates, pods, canary } = upgrade;
  const rows: UpgradeRow[] = candidates.map(rowOf(pods));
  const wayBack = candidates.some(isToChange) ? [beforeInWords(session, upgrade)] : [];
  print(formatUpgrade(candidates, rows, goal, canary, wayBack), {
    upgrade: { hosts: rows, canary, noWayBack: isOneWay(upgrade.hop), next },
  });
}

/** The way back, as long as K3s can read what it wrote. */
const revertInWords = ({ description }: Session): string =>
  "revert the change of main.ts, npm run synth, " +
  (description.nixos?.nixpkgs === undefined
    ? "put the former channel back on each host (nix-channel), "
    : "") +
  npmRun("rollout -- apply");

function beforeInWords(session: Session, { fleet, hop }: Upgrade): string {
  const { oldest, to } = hop;
  if (!isOneWay(hop)) return `Way back: ${revertInWords(session)}`;
  const lost = `K3s ${oldest} does not read what ${to} wrote, and all changes since the backup would be lost`;
  return isBegun(fleet, hop)
    ? `Way back: a server has K3s ${to} already, so that there is none but the backup of the run that began: ${lost}`
    : `Way back: until the first server runs K3s ${to}, ${revertInWords(session)}. After that there is none but the backup that is ` +
        `made first: ${lost}`;
}

/** Whether an earlier run has given a server the new minor of K3s. */
const isBegun = ({ hosts }: Fleet, hop: Hop): boolean =>
  isOneWay(hop) &&
  hosts.some(({ host, facts }) => host.node.role === "server" && minorOf(facts.k3sVersion) === hop.to);

const questionOf = ({ hop }: Upgrade): string =>
  isOneWay(hop)
    ? `Upgrade to K3s ${hop.to}, from which no way leads back but the backup?`
    : "Upgrade these hosts?";

/** Everything that changes something. The caller holds the lock. */
async function carryOut(
  session: Session,
  upgrade: Upgrade,
  due: readonly HostPlan[],
  options: UpgradeOptions,
  lock: Lock,
  { stop, print }: Operator,
): Promise<void> {
  const { log } = session;
  const { fleet, tokens, candidates, hop, canary, watchFirst } = upgrade;
  const backup = await backedUp(session, upgrade, options.folder, lock, print);
  if (stop.aborted) throw interrupted("\nNo host was changed");
  if (session.description.nixos?.nixpkgs === undefined) await switchChannels(due);
  const course = new UpgradeCourse(
    fleet,
    {
      soakSeconds: options.soakSeconds,
      serversFirst: isMinorHop(hop),
      ...(canary === undefined ? {} : { canary }),
      watchFirst,
      promised: new Map(candidates.map(({ path }) => [path.hostname, path.builds])),
    },
    log,
    stop,
  );
  const apply = new Apply(fleet, due, tokens, options, log, lock, stop, session.builder, course);
  try {
    await apply.run();
  } catch (error) {
    throw joined([error], `\n${await wayBackNow(session, upgrade, backup)}`);
  }
}

/**
 * Where a server has the new minor already, an earlier run made the backup, and another one would be of the new minor.
 *
 * @returns its folder
 */
async function backedUp(
  session: Session,
  { fleet, tokens, hop }: Upgrade,
  folder: string,
  { id }: Lock,
  print: Operator["print"],
): Promise<string | undefined> {
  const { log, redactor, description } = session;
  if (isBegun(fleet, hop)) {
    log.info(
      "cluster",
      `a server has K3s ${hop.to} already: the backup is that of the run that began, in ${folder}`,
    );
    return undefined;
  }
  const settings = { folder, ...backupSettings(description) };
  const made = await makeBackup(fleet, tokens, settings, { log, redactor, rollout: id });
  const { backup, removed } = made;
  print(formatMade(made, settings.recipients.length), {
    backup: backup.folder,
    manifest: backup.manifest,
    removed,
  });
  const what = await log.step("cluster", "read the backup", () => readRestorable(backup.folder, tokens));
  const founder = founderOf(session);
  if (!fleet.hosts.some(({ host }) => host === founder))
    throw new UserError("unreachable", "the server with clusterInit does not answer");
  await proveBackup(what, new Aside(founder, founder), founder, print);
  return backup.folder;
}

/** Each host has its own channel, where `main.ts` pins no nixpkgs for all. */
async function switchChannels(due: readonly HostPlan[]): Promise<void> {
  const results = await Promise.allSettled(
    due.map(({ host }) =>
      host.log.step(host.name, "switch its channel", () =>
        host.call("switch-channel", { channel: channelOf(host.node.nixos.release) }, { timeoutSeconds: 600 }),
      ),
    ),
  );
  const failures = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  if (failures.length > 0) throw joined(failures, "\nNo host runs another system");
}

/** The way back from where an upgrade has stopped. */
async function wayBackNow(
  session: Session,
  { fleet, hop }: Upgrade,
  backup: string | undefined,
): Promise<string> {
  const nodes = await fleet.kubernetes.nodesIfAny();
  const isNew = nodes?.some(({ server, version }) => server && minorOf(version) === hop.to) ?? true;
  if (!isOneWay(hop) || !isNew) return `Way back: ${revertInWords(session)}`;
  const from = backup ?? `the backup of K3s ${hop.oldest} of the run that began`;
  return `A server has K3s ${hop.to}: the way back is ${from}, as ${documentOn("wayBack")} says`;
}

const howToState = ({ description }: Session, statements: readonly string[]): string =>
  `state ${statements.join(" and ")} in main.ts, npm run synth` +
  (description.nixos?.nixpkgs === undefined ? "" : `, ${npmRun("nixpkgs -- update")}, npm run synth`) +
  ", and run the same command again";

const notYet = (session: Session, statements: readonly string[]): UserError =>
  new UserError("refused", "main.ts does not lead there yet, and an upgrade changes no file of yours", {
    remedy: howToState(session, statements),
  });
