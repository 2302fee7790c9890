import { npmRun } from "../base/command-line";
import { hasCode, joined, messageOf, UserError } from "../base/user-error";
import { Apply, type ApplyOptions } from "./apply";
import { backupSettings } from "../config/rollout";
import { formatMade, makeBackup, type BackupSettings } from "./backup";
import { capture } from "./capture";
import { pause } from "./deadline";
import { checkKeys, selectNodes, directoryFaults } from "./description";
import {
  planFleet,
  regenerateIdentities,
  hostsSharingIdentity,
  survey,
  surveyWithClones,
  type Fleet,
  type FleetOptions,
} from "./fleet";
import { askToPin, type Contact } from "./first-contact";
import { FileLock } from "./file-lock";
import type { Host } from "./host";
import { identityFaults } from "./identity";
import { asYaml, defaultPath, fetchKubeconfig, mergeInto } from "./kubeconfig";
import { LeaseLock } from "./lease";
import { Lock } from "./lock";
import {
  isManifestPending,
  isMorePending,
  manifestObjects,
  Manifests,
  type ManifestOutlook,
  type ManifestPlan,
} from "./manifests";
import { leftBehind } from "./nixpkgs";
import type { HostPlan } from "./plan";
import type { RebootOptions } from "./reboot";
import { resetterOf, type Resetter } from "./reset";
import { nextSteps, podFaults, removalFaults, remove } from "./remove";
import type { Session } from "./session";
import { unlessStopped, untilFinished } from "./stopping";
import { readTokens, type JoinTokens } from "./token";
import { isHealthy, verify, type Verification } from "./verify";
import {
  formatApplied,
  formatManifests,
  formatNotApplied,
  formatPlan,
  formatVerification,
  manifestsAsJson,
  planAsJson,
} from "./format";
import type { ManifestObject } from "../emit/kubernetes-manifests";

/** The person or program that ran a command. */
export interface Operator {
  /** Prints a result, as text for a person or as one JSON document. */
  readonly print: (words: string, json: object) => void;
  /** Width of the operator's terminal. @default - it is not for a terminal */
  readonly columns?: number;
  /**
   * @param word - the only answer that means yes. @default "yes"
   * @throws UserError without consent, given now or beforehand
   */
  readonly askForConsent: (question: string, word?: string) => Promise<void>;
  /** When aborted, asks the command to stop. */
  readonly stop: AbortSignal;
}

export interface Resets {
  /** Reset the VM of a host that does not come back from a boot on trial, through Proxmox VE's API or over SSH to its nodes. */
  readonly resetHung: boolean;
}

export interface Trust {
  /** Do not ask. */
  readonly yes: boolean;
  /** Trust SSH host keys that were never seen before. @default - the command accepts none beforehand */
  readonly acceptNewHostKeys?: boolean;
}

export interface Planned {
  readonly fleet: Fleet;
  readonly plans: readonly HostPlan[];
  readonly tokens: JoinTokens;
}

/** Asks all hosts, and plans an apply to those. */
export async function surveyAndPlan(
  session: Session,
  hostnames: readonly string[],
  options: FleetOptions,
): Promise<Planned> {
  const { description } = session;
  const faults = selectNodes(description, hostnames).flatMap((node) => directoryFaults(description, node));
  if (faults.length > 0) throw new UserError("invalid", faults.join("\n"));
  const tokens = await readTokens(description, session.redactor);
  const fleet = await session.log.step("cluster", "survey the hosts", () =>
    surveyWithClones(session.hosts, session.findAddresses),
  );
  return { fleet, plans: await planFleet(fleet, hostnames, tokens, options), tokens };
}

export function printPlan(
  plans: readonly HostPlan[],
  fleet: Fleet,
  { builder }: Session,
  print: Operator["print"],
  manifests?: ManifestOutlook,
): void {
  const included = plans.map(({ host }) => host);
  const notes = [
    ...leftBehind(fleet.hosts, included),
    ...(builder !== undefined && isPending(plans)
      ? [`systems are built on ${builder.machine.name}, and copied to their hosts`]
      : []),
  ];
  const words = [formatPlan(plans, notes), ...formatManifests(manifests)].join("\n");
  print(words, { ...planAsJson(plans, notes), ...manifestsAsJson(manifests) });
}

const isPending = (plans: readonly HostPlan[]): boolean =>
  plans.some(({ verdict }) => verdict !== "unchanged");

/** `plan`: shows what an apply would do. Changes nothing. @returns whether changes are pending */
export async function planCommand(
  session: Session,
  hostnames: readonly string[],
  options: FleetOptions,
  { stop, print }: Operator,
): Promise<boolean> {
  const objects = manifestObjects(session.description, session.redactor);
  const { fleet, plans } = await unlessStopped(stop, () => surveyAndPlan(session, hostnames, options));
  const manifests = await showPlan({ fleet, plans }, session, hostnames, objects, { stop, print });
  refuseBlocked(plans, fleet, session);
  return isPending(plans) || isManifestPending(manifests);
}

/** Prints what an apply would do to the hosts, also where the API would not take the manifests. @returns what it would do to these */
async function showPlan(
  { fleet, plans }: Pick<Planned, "fleet" | "plans">,
  session: Session,
  hostnames: readonly string[],
  objects: readonly ManifestObject[],
  { stop, print }: Pick<Operator, "stop" | "print">,
): Promise<ManifestOutlook> {
  let manifests: ManifestOutlook;
  try {
    manifests = await unlessStopped(stop, () => lookAtManifests(session, fleet, hostnames, objects));
  } finally {
    printPlan(plans, fleet, session, print, manifests);
  }
  return manifests;
}

/**
 * What an apply would do to the objects of `k3s.manifests`. They are the cluster's: an apply to some hosts leaves them alone.
 *
 * @throws UserError `refused` when the API would not take them
 */
async function lookAtManifests(
  session: Session,
  { nodes, kubernetes }: Fleet,
  hostnames: readonly string[],
  objects: readonly ManifestObject[],
): Promise<ManifestOutlook> {
  const { description, log } = session;
  const isWhole = selectNodes(description, hostnames).length === description.nodes.length;
  if (!isWhole) return undefined;
  // Only the note in the cluster says whether it ever had any: cluster.json has those of main.ts now.
  const isAny = objects.length > 0;
  const unknown = isAny ? "unknown" : undefined;
  if (nodes === undefined) return unknown;
  const look = (): Promise<ManifestPlan> => new Manifests(kubernetes, objects).plan();
  try {
    const plan = await (isAny ? log.step("cluster", "compare the manifests", look) : look());
    return isAny || plan.left.length > 0 ? plan : undefined;
  } catch (error) {
    // A webhook that is down may be what an apply repairs.
    if (hasCode(error, "unavailable")) return unknown;
    throw error;
  }
}

/**
 * @throws UserError when an apply would not begin: `unreachable` when the only reason is hosts that do not answer, else
 *   `refused`
 */
export function refuseBlocked(
  plans: readonly HostPlan[],
  fleet: Fleet,
  session: Session,
  consequence = "",
): void {
  const bad = plans.filter(({ verdict }) => verdict === "refused" || verdict === "unreachable");
  const others = [
    ...membersNotAdmitting(plans, fleet, session),
    ...attempt(() => checkKeys(session.description)),
  ];
  const builder = isPending(plans) ? session.builder?.objection(fleet) : undefined;
  if (bad.length === 0 && others.length === 0 && builder === undefined) return;
  const isAway =
    others.length === 0 &&
    bad.every(({ verdict }) => verdict === "unreachable") &&
    (builder === undefined || hasCode(builder, "unreachable"));
  const names = bad.map(({ host, verdict }) => `${host.name} is ${verdict}`);
  const blockers = [
    ...(bad.length > 0 ? [`Not possible now: ${names.join(", ")}`] : []),
    ...others,
    ...(builder === undefined ? [] : [builder.message]),
  ];
  throw new UserError(isAway ? "unreachable" : "refused", `${blockers.join("\n")}${consequence}`);
}

const attempt = (check: () => void): string[] => {
  try {
    check();
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
};

/** Members that would not admit a new node because they are not part of this rollout. */
function membersNotAdmitting(plans: readonly HostPlan[], fleet: Fleet, session: Session): string[] {
  const fresh = plans.filter(({ verdict }) => verdict === "new").map(({ host }) => host.name);
  if (fresh.length === 0) return [];
  const others = session.hosts.filter(({ name }) => !plans.some(({ host }) => host.name === name));
  const ignorant = others.filter((host) => {
    const facts = fleet.hosts.find((state) => state.host === host)?.facts;
    const joined = fleet.nodes?.some(({ name }) => name === host.name) ?? facts?.joined ?? true;
    return joined && facts?.files.get("nftables.nft") !== host.files.get("nftables.nft");
  });
  if (ignorant.length === 0) return [];
  const names = ignorant.map(({ name }) => name);
  return [
    `${names.join(", ")} would not admit ${fresh.join(", ")} yet: ${npmRun(`rollout -- apply --on ${[...names, ...fresh].join(",")}`)}`,
  ];
}

/** `apply`: rolls out the emitted files, and verifies the hosts. */
export async function applyCommand(
  session: Session,
  hostnames: readonly string[],
  { resetHung, ...options }: FleetOptions & ApplyOptions & Trust & Resets,
  operator: Operator,
): Promise<void> {
  const { stop } = operator;
  session.redactor.learn(process.env.PROXMOX_VE_API_TOKEN ?? "");
  const { nodes } = session.description;
  const objects = manifestObjects(session.description, session.redactor);
  const resetter = resetHung ? resetterOf(process.env, session.ssh, nodes) : undefined;
  const look = (more: FleetOptions): Promise<Planned> =>
    unlessStopped(stop, () => surveyAndPlan(session, hostnames, more));
  let { fleet, plans, tokens } = await look(options);
  if (options.regenerateIdentity && (await separateIdentities(session, fleet, plans, options, operator))) {
    ({ fleet, plans, tokens } = await look({ ...options, regenerateIdentity: false }));
  }
  const manifests = await showPlan({ fleet, plans }, session, hostnames, objects, operator);
  refuseBlocked(plans, fleet, session, "\nNo host was changed");
  // Nothing was changed, so the survey is still valid.
  if (!isPending(plans)) {
    report(await verifyHosts(session, hostnames, fleet), operator);
    if (isManifestPending(manifests)) await askToProceed(options, fleet, "Apply these objects?", operator);
    await applyManifests(session, fleet, objects, manifests, operator);
    return;
  }
  await rollOut(session, { fleet, plans, tokens }, { ...options, resetter }, manifests, operator);
  const verified = await verifyHosts(session, hostnames);
  report(verified, operator);
  if (objects.length === 0) return;
  await afterRollout(async () => {
    const now = await unlessStopped(stop, () => lookAtManifests(session, verified.fleet, hostnames, objects));
    const question = [...formatManifests(now), "Apply these objects?"].join("\n");
    if (isMorePending(manifests, now)) await askToProceed(options, verified.fleet, question, operator);
    await applyManifests(session, verified.fleet, objects, now, operator);
  });
}

/** `refused` would mean that nothing was changed. */
async function afterRollout(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!hasCode(error, "refused", "cancelled")) throw error;
    const code = error.code === "refused" ? "failed" : error.code;
    const problem = `${error.message}\nThe hosts are rolled out; the manifests are not applied`;
    throw new UserError(code, problem, { cause: error });
  }
}

/** Changes the hosts, after consent. */
async function rollOut(
  session: Session,
  { fleet, plans, tokens }: Planned,
  { resetter, ...options }: ApplyOptions & Trust & { readonly resetter: Resetter | undefined },
  manifests: ManifestOutlook,
  operator: Operator,
): Promise<void> {
  const { stop } = operator;
  const changed = plans.filter(({ verdict }) => verdict !== "unchanged").map(({ host }) => host.node);
  try {
    await resetter?.check(changed);
    const resets =
      resetter === undefined
        ? ""
        : ", and reset in Proxmox VE the VM of each that does not come back from a boot on trial";
    const further = isManifestPending(manifests) ? ", and then apply the manifests" : "";
    const others = resetter?.contacts() ?? [];
    await askToProceed(options, fleet, `Roll out to these hosts${resets}${further}?`, operator, others);
    await changing(session, fleet, plans, stop, (lock) =>
      new Apply(
        fleet,
        plans,
        tokens,
        { ...options, resetter },
        session.log,
        lock,
        stop,
        session.builder,
      ).run(),
    );
  } finally {
    resetter?.close();
  }
}

/** Applies what is pending in a cluster that was verified. */
async function applyManifests(
  session: Session,
  fleet: Fleet,
  objects: readonly ManifestObject[],
  plan: ManifestOutlook,
  { stop, print }: Operator,
): Promise<void> {
  if (!isManifestPending(plan)) return;
  const apply = (): Promise<void> => new Manifests(fleet.kubernetes, objects).apply();
  await changing(session, fleet, [], stop, () => session.log.step("cluster", "apply the manifests", apply));
  if (typeof plan === "object") print(formatApplied(plan), manifestsAsJson(plan));
}

/**
 * The end of a command that applies no manifests: verifies the cluster, and says what an apply would do to them.
 *
 * @throws UserError as `report` does, after both were said
 */
export async function reportUnapplied(session: Session, operator: Operator): Promise<void> {
  const verified = await verifyHosts(session, []);
  try {
    report(verified, operator);
  } finally {
    await reportManifests(session, verified, operator);
  }
}

/**
 * Of a command whose consent was about something else. The objects of a restored cluster are those of its snapshot: what `main.ts`
 * has may be what the restore undoes.
 */
export async function reportManifests(
  session: Session,
  { fleet }: VerifiedFleet,
  { stop, print }: Operator,
): Promise<void> {
  const say = (words: readonly string[], found: object): void => {
    const next = npmRun("rollout -- apply");
    print(formatNotApplied(words, next), { notApplied: { ...found, next } });
  };
  try {
    const objects = manifestObjects(session.description, session.redactor);
    if (objects.length === 0) return;
    const outlook = await unlessStopped(stop, () => lookAtManifests(session, fleet, [], objects));
    if (isManifestPending(outlook)) say(formatManifests(outlook), manifestsAsJson(outlook));
  } catch (error) {
    // The command has done all that it is for.
    if (!(error instanceof UserError) || error.code === "interrupted") throw error;
    say([error.message], { problem: error.message });
  }
}

/** Gives hosts that share an identity new ones, after consent. @returns whether there were any */
async function separateIdentities(
  session: Session,
  fleet: Fleet,
  plans: readonly HostPlan[],
  options: Trust,
  operator: Operator,
): Promise<boolean> {
  const refused = plans.filter(({ verdict }) => verdict === "refused");
  if (refused.length > 0) throw new UserError("refused", `${formatPlan(refused)}\nNo host was changed`);
  const shared = hostsSharingIdentity(fleet, plans);
  if (shared.length === 0) return false;
  const names = shared.map(({ host }) => host.name).join(", ");
  await askToProceed(options, fleet, `Give ${names} a machine-id and SSH host keys of their own?`, operator);
  await changing(session, fleet, plans, operator.stop, () => regenerateIdentities(shared));
  session.log.info("cluster", `${names}: machine-id and SSH host keys are new`);
  return true;
}

/**
 * Holds the lock while `run` changes hosts, and lets it finish.
 *
 * The lock is a Lease if the API answers, plus a file on each server that answers: it also excludes operators who cannot reach
 * the API or reach other servers. Before the first server exists, it is a file on the first host.
 */
export async function changing<T>(
  session: Session,
  fleet: Fleet,
  plans: readonly HostPlan[],
  stop: AbortSignal,
  run: (lock: Lock) => Promise<T>,
): Promise<T> {
  // Never write to a machine that is not the expected one.
  const there = fleet.hosts.filter((state) => identityFaults(state).length === 0).map(({ host }) => host);
  const servers = there.filter(({ node }) => node.role === "server");
  const hosts = servers.length > 0 ? servers : plans.slice(0, 1).map(({ host }) => host);
  if (hosts.length === 0) throw new UserError("unreachable", "no host answers");
  const leases = fleet.nodes === undefined ? [] : [new LeaseLock(fleet.kubernetes)];
  const lock = await Lock.take([...leases, ...hosts.map((host) => new FileLock(host))], session.log);
  try {
    return await untilFinished(stop, session.log, () => run(lock));
  } finally {
    await lock.release();
  }
}

/** The surveyed hosts, and the result of their verification. */
export interface VerifiedFleet {
  readonly fleet: Fleet;
  readonly verification: Verification;
}

/** @param seen - a survey that is still valid. @default - the hosts are surveyed */
async function verifyHosts(
  session: Session,
  hostnames: readonly string[],
  seen?: Fleet,
): Promise<VerifiedFleet> {
  const names = selectNodes(session.description, hostnames).map(({ hostname }) => hostname);
  return session.log.step("cluster", "verify", async () => {
    const fleet = seen ?? (await survey(session.hosts));
    const hosts = session.hosts.filter(({ name }) => names.includes(name));
    return { fleet, verification: await verify(fleet, hosts) };
  });
}

/** @throws UserError when the cluster is not healthy */
function report(look: VerifiedFleet, { print, columns }: Operator): void {
  print(formatVerification(look.verification, columns), look.verification);
  judge(look);
}

/** @throws UserError `unreachable` when no host answers, `unhealthy` for every other fault */
function judge({ fleet, verification }: VerifiedFleet): void {
  if (isHealthy(verification)) return;
  if (fleet.hosts.length === 0) throw joined(fleet.unreachable.map(({ error }) => error));
  throw new UserError("unhealthy", "The cluster does not match main.ts");
}

/**
 * `verify`: compares the live cluster with the model, once, or at an interval until it is asked to stop.
 *
 * @throws UserError when the last verification found a fault
 */
export async function verifyCommand(
  session: Session,
  hostnames: readonly string[],
  { watchSeconds }: { readonly watchSeconds?: number },
  operator: Operator,
): Promise<void> {
  const look = (): Promise<VerifiedFleet> => verifyHosts(session, hostnames);
  if (watchSeconds === undefined) report(await unlessStopped(operator.stop, look), operator);
  else judge(await watch(look, watchSeconds, operator));
}

/** @returns the last verification that finished */
async function watch(
  look: () => Promise<VerifiedFleet>,
  seconds: number,
  { stop, print, columns }: Operator,
): Promise<VerifiedFleet> {
  let last = await look();
  for (;;) {
    const { verification } = last;
    print(`${new Date().toISOString()}\n${formatVerification(verification, columns)}\n`, verification);
    await pause(seconds, stop);
    try {
      last = await unlessStopped(stop, look);
    } catch (error) {
      if (hasCode(error, "interrupted")) return last;
      throw error;
    }
  }
}

/** `capture`: stores a host's own hardware configuration. */
export async function captureCommand(
  session: Session,
  hostname: string,
  { stop, print }: Operator,
): Promise<void> {
  const path = await unlessStopped(stop, () => capture(session.host(hostname)));
  print(`Stored the hardware configuration of ${hostname} in ${path}. Next: npm run synth`, {
    captured: path,
  });
}

/** `remove`: takes a node out of the cluster and powers its VM off. */
export async function removeCommand(
  session: Session,
  hostname: string,
  options: RebootOptions,
  { stop, print, askForConsent }: Operator,
): Promise<void> {
  const host = session.host(hostname);
  const { fleet, faults } = await unlessStopped(stop, () => surveyForRemoval(session, host, options));
  if (faults.length > 0)
    throw new UserError(
      "refused",
      `${hostname} cannot be removed: ${faults.join("; ")}\nNothing was changed`,
    );
  await askForConsent(`Take ${hostname} (VM ${host.node.vmId}) out of the cluster and power it off?`);
  await changing(session, fleet, [], stop, () => remove(host, fleet, options, session.log));
  const unreachable = fleet.unreachable.some((each) => each.host === host);
  print(nextSteps(host, unreachable), { removed: hostname, poweredOff: !unreachable });
}

/**
 * `backup`: makes a backup of the cluster on this machine.
 *
 * @param chosen - the folder of the backups, and volumes
 */
export async function backupCommand(
  session: Session,
  chosen: Pick<BackupSettings, "folder" | "volumes">,
  { stop, print }: Operator,
): Promise<void> {
  const { description, log, redactor } = session;
  const tokens = await unlessStopped(stop, () => readTokens(description, redactor));
  const fleet = await unlessStopped(stop, () => surveyed(session));
  if (fleet.nodes === undefined && fleet.hosts.length > 0)
    throw new UserError(
      "unavailable",
      "the Kubernetes API cannot be asked, so there is nothing to take a snapshot of",
    );
  const settings = { ...chosen, ...backupSettings(description) };
  const made = await changing(session, fleet, [], stop, ({ id }) =>
    makeBackup(fleet, tokens, settings, { log, redactor, rollout: id }),
  );
  const { backup, removed } = made;
  print(formatMade(made, settings.recipients.length), {
    backup: backup.folder,
    manifest: backup.manifest,
    removed,
  });
}

/** @param hosts - @default - all of the cluster */
export const surveyed = ({ hosts: all, log }: Session, hosts: readonly Host[] = all): Promise<Fleet> =>
  log.step("cluster", "survey the hosts", () => survey(hosts));

async function surveyForRemoval(
  session: Session,
  host: Host,
  options: RebootOptions,
): Promise<{ fleet: Fleet; faults: string[] }> {
  const fleet = await surveyed(session);
  return { fleet, faults: [...removalFaults(host, fleet), ...(await podFaults(host, fleet, options))] };
}

export interface KubeconfigOptions {
  /** Name of the context, the cluster and the user. */
  readonly name: string;
  /** Print it instead of writing it. */
  readonly print: boolean;
  /** @default - the first of $KUBECONFIG, or ~/.kube/config */
  readonly output?: string;
}

/** `kubeconfig`: fetches the cluster's kubeconfig, with its API endpoint and the given name. */
export async function kubeconfigCommand(
  session: Session,
  options: KubeconfigOptions,
  { stop }: Operator,
): Promise<void> {
  const config = await unlessStopped(stop, () =>
    fromAnyServer(session, (server) => fetchKubeconfig(server, options.name)),
  );
  if (options.print) {
    process.stdout.write(asYaml(config));
    return;
  }
  const path = options.output ?? defaultPath();
  mergeInto(path, config);
  console.log(`${path} now has the context ${options.name}, which is the current one.`);
}

export async function fromAnyServer<T>(
  session: Pick<Session, "hosts">,
  ask: (server: Host) => Promise<T>,
): Promise<T> {
  const failures: unknown[] = [];
  for (const server of session.hosts.filter(({ node }) => node.role === "server")) {
    try {
      return await ask(server);
    } catch (error) {
      failures.push(error);
    }
  }
  throw joined(failures);
}

/**
 * Asks for consent to the change and to SSH host keys that are not pinned yet.
 *
 * @param others - machines besides the hosts. @throws UserError without consent
 */
export async function askToProceed(
  options: Trust,
  { hosts }: Fleet,
  question: string,
  { askForConsent }: Operator,
  others: readonly Contact[] = [],
): Promise<void> {
  await askToPin(
    [...hosts.map(({ host }) => host), ...others],
    { isAsked: !options.yes, isAccepted: options.acceptNewHostKeys },
    (notice) => askForConsent(`${notice}${question}`),
  );
}
