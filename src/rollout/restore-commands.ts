import { dirname } from "node:path";
import { npmRun } from "../base/command-line";
import { shellWord } from "../base/escape";
import { inWords } from "../base/status-line";
import { counted } from "../base/markdown";
import { messageOf, UserError } from "../base/user-error";
import { backupSettings } from "../config/rollout";
import { emittedFlagsAside } from "../render/drill";
import { Aside, type TrialPlace } from "./aside";
import { AsideHere, hereFaults, k3sHere } from "./aside-here";
import { makeBackup } from "./backup";
import { changing, reportUnapplied, surveyed, type Operator } from "./commands";
import { selectNodes } from "./description";
import { drill, drillFaults, formatDrill, judgeDrill, record } from "./drill";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import type { HostState } from "./identity";
import { isApiUnavailable } from "./kubectl";
import { Kubernetes } from "./kubernetes";
import { readRestorable, type Restorable } from "./restorable";
import { lossOf, LOSS_LOG, restore, restoreFaults, restoring, type Restored } from "./restore";
import type { Session } from "./session";
import { interrupted, unlessStopped } from "./stopping";
import { readTokens } from "./token";

/**
 * `drill restore`: proves that a backup restores, on a host and without touching the cluster.
 *
 * @param folder - of the backup
 * @param hostname - of the host. @default - the server with clusterInit
 */
export async function drillCommand(
  session: Session,
  folder: string,
  hostname: string | undefined,
  { stop, print }: Operator,
): Promise<void> {
  const founder = founderOf(session);
  const host = hostname === undefined ? founder : session.host(hostname);
  const { what, fleet } = await unlessStopped(stop, () => look(session, folder, [founder, host]));
  const states = [host, founder].flatMap((each) => fleet.hosts.find((state) => state.host === each) ?? []);
  const faults = drillFaults(what, fleet, ...states);
  if (faults.length > 0) throw new UserError("refused", `${faults.join("\n")}\nNothing was tried`);
  const [place, first] = states as [HostState, HostState];
  await changing(session, fleet, [], stop, () =>
    proveBackup(what, new Aside(place.host, first.host), first.host, print),
  );
}

/**
 * `drill restore --here`: the same on this machine, for which no host has to answer.
 *
 * @param stated - path of K3s. @default - in PATH
 */
export async function drillHereCommand(
  session: Session,
  folder: string,
  stated: string | undefined,
  { stop, print }: Operator,
): Promise<void> {
  const { description, log } = session;
  const founder = founderOf(session);
  const k3s = k3sHere(stated);
  const { what, faults } = await unlessStopped(stop, async () => {
    const what = await readForRestore(session, folder);
    return { what, faults: await hereFaults(what, emittedFlagsAside(description, founder.node), k3s) };
  });
  if (k3s === undefined || faults.length > 0)
    throw new UserError("refused", `${faults.join("\n")}\nNothing was tried`);
  const place = new AsideHere(description, founder.node, k3s, log);
  // There is nothing to finish, and nothing of it stays.
  const end = (): void => place.stop();
  stop.addEventListener("abort", end);
  try {
    await proveBackup(what, place, founder, print);
  } catch (error) {
    throw stop.aborted ? interrupted() : error;
  } finally {
    stop.removeEventListener("abort", end);
  }
}

/** Tries a backup, prints what it has shown, and records it. @throws UserError when it does not restore as it should */
export async function proveBackup(
  what: Restorable,
  place: TrialPlace,
  founder: Host,
  print: Operator["print"],
): Promise<void> {
  const result = await drill(what, place, founder);
  const path = record(result);
  print(`${formatDrill(result)}\nAdded to ${path}`, { drill: result });
  judgeDrill(result);
}

async function look(
  session: Session,
  folder: string,
  hosts: readonly Host[],
): Promise<{ what: Restorable; fleet: Fleet }> {
  const what = await readForRestore(session, folder);
  return { what, fleet: await surveyed(session, [...new Set(hosts)]) };
}

async function readForRestore({ description, redactor, log }: Session, folder: string): Promise<Restorable> {
  const tokens = await readTokens(description, redactor);
  return log.step("cluster", "read the backup", () => readRestorable(folder, tokens));
}

/** The server with clusterInit. */
export function founderOf({ hosts }: Session): Host {
  const founder = hosts.find(({ node }) => node.clusterInit === true);
  if (founder === undefined) throw new UserError("invalid", "No server of main.ts has clusterInit");
  return founder;
}

export interface RestoreOptions {
  /** Hostnames of servers that are gone for good. */
  readonly lost: readonly string[];
  /** The name that a person would type. @default - a person is asked */
  readonly confirm?: string;
}

/**
 * `restore`: puts the cluster back to a backup. A person confirms it by the name of the server that is restored first.
 *
 * @param folder - of the backup
 */
export async function restoreCommand(
  session: Session,
  folder: string,
  { lost, confirm }: RestoreOptions,
  operator: Operator,
): Promise<void> {
  const { stop, print } = operator;
  selectNodes(session.description, lost);
  const { what, fleet } = await unlessStopped(stop, () => look(session, folder, session.hosts));
  const running = await clusterUid(fleet);
  const faults = [...restoreFaults(what, fleet, lost), ...otherCluster(what, running)];
  if (faults.length > 0) throw new UserError("refused", `${faults.join("\n")}\nNothing was changed`);
  const words = lost.map((name) => `--lost ${shellWord(name)}`);
  const command = npmRun(`rollout -- restore ${["--from", shellWord(folder), ...words].join(" ")}`);
  const hosts = restoring(what, fleet, command);
  await askByName(hosts.founder, questionOf(what, running), confirm, operator);
  // Without a lock in the API, which stops, and which may not answer already.
  const { result, loss } = await session.goingOn(command, () =>
    changing(session, { ...fleet, nodes: undefined }, [], stop, async ({ id }) => ({
      loss: running === undefined ? undefined : await keepPresent(session, fleet, what, id),
      result: await restore(hosts, new Kubernetes([hosts.founder, ...hosts.members])),
    })),
  );
  print(formatRestored(what, result, loss, session.paths.logs), {
    restored: { backup: folder, ...result, ...loss },
  });
  await reportUnapplied(session, operator);
}

/** What the restore undoes. */
interface Loss {
  /** Folder of a backup of the cluster as it was before. */
  readonly keptAs: string;
  /** Number of objects that are newer than the backup, that are as before again, and that are back. */
  readonly lost: number;
  readonly reset: number;
  readonly back: number;
}

/** @returns `undefined` when no backup can be made: a broken cluster is a reason to restore another one */
async function keepPresent(
  session: Session,
  fleet: Fleet,
  what: Restorable,
  rollout: string,
): Promise<Loss | undefined> {
  const { log, redactor, description } = session;
  const { recipients } = backupSettings(description);
  // Beside the one that is restored, and without removing any.
  const settings = { folder: dirname(what.backup.folder), recipients, retention: { keep: Infinity } };
  try {
    const tokens = { server: what.token, agent: undefined };
    const { backup } = await makeBackup(fleet, tokens, settings, { log, redactor, rollout });
    const { created, changed, deleted } = await lossOf(what, backup, log);
    return { keptAs: backup.folder, lost: created.length, reset: changed.length, back: deleted.length };
  } catch (error) {
    log.info(
      "cluster",
      `there is no backup of the cluster as it is now, so what is lost is not known: ${messageOf(error)}`,
    );
    return undefined;
  }
}

/** Of the cluster that answers. @returns `undefined` when none does */
async function clusterUid({ kubernetes }: Fleet): Promise<string | undefined> {
  try {
    return await kubernetes.clusterUid();
  } catch (error) {
    if (isApiUnavailable(error)) return undefined;
    throw error;
  }
}

/** A snapshot of another cluster would replace this one. */
const otherCluster = ({ backup }: Restorable, running: string | undefined): string[] =>
  running === undefined || running === backup.manifest.clusterUid
    ? []
    : [`${backup.folder} is a backup of another cluster: its namespace kube-system has another UID`];

function questionOf({ backup }: Restorable, running: string | undefined): string {
  const { takenAt } = backup.manifest;
  const age = inWords((Date.now() - Date.parse(takenAt)) / 1000);
  const isUnknown =
    running === undefined
      ? " The API does not answer, so it is not known whether it is a backup of this cluster."
      : "";
  return (
    `Restore the backup of ${takenAt}, ${age} old? Every change since is lost, and the API and etcd stop for minutes; ` +
    `pods go on.${isUnknown}`
  );
}

export async function askByName(
  { name }: Host,
  question: string,
  confirm: string | undefined,
  { askForConsent }: Operator,
): Promise<void> {
  if (confirm === undefined) return askForConsent(question, name);
  if (confirm !== name)
    throw new UserError("usage", `--confirm ${confirm} is not the server with clusterInit, which is ${name}`);
}

function formatRestored(
  { backup }: Restorable,
  { downSeconds, readBack, former }: Restored,
  loss: Loss | undefined,
  logs: string,
): string {
  return [
    `The cluster is as it was at ${backup.manifest.takenAt}: ${readBack} objects were read back as the snapshot has them.`,
    ...(loss === undefined
      ? []
      : [
          `Lost: ${counted(loss.lost, "newer object")}; as before: ${loss.reset}; back: ${loss.back}. ` +
            `${logs}/${LOSS_LOG}.log lists them, and ${loss.keptAs} is a backup of the cluster with them.`,
        ]),
    `Its servers were away for ${inWords(downSeconds)}. Former data, which you may delete:`,
    ...former.map((path) => `  ${path}`),
  ].join("\n");
}
