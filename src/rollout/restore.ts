/** Puts a cluster back to a backup: what is restored aside and tried there takes the place of its first server's data. */
import { contentOf } from "../backup/content";
import { difference, differenceInLines, type Difference } from "../backup/difference";
import type { Backup } from "../backup/manifest";
import { messageAtHost, messageOf, UserError } from "../base/user-error";
import { tokenFileOf } from "../config/k3s";
import { readBack } from "./api-objects";
import { Aside } from "./aside";
import { Deadline, pause } from "./deadline";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import { identityFaults, type HostState } from "./identity";
import { SERVER_DATA } from "./k3s-unit";
import type { Kubernetes } from "./kubernetes";
import type { Log } from "./log";
import { versionFaults, type Restorable } from "./restorable";
import { saltedHash } from "./token";
import { awaitReady } from "./turns";

/** How long a member may take to be Ready: three servers had a quorum after 44 s. */
const MEMBER_SECONDS = 600;
/** Agents find the restored servers by themselves, within a minute; K3s starts again on those that do not. */
const AGENT_SECONDS = 60;
const STOP_SECONDS = 180;

/** The hosts of a restore. */
export interface Restoring {
  readonly what: Restorable;
  /** The server whose data is replaced. */
  readonly founder: Host;
  /** Servers that join it anew. */
  readonly members: readonly Host[];
  readonly agents: readonly Host[];
  /** Goes on after an interruption. */
  readonly command: string;
  /** The machines of the snapshot are gone, and new ones get their names. @default false */
  readonly anew?: boolean;
}

export function restoring(what: Restorable, { hosts }: Fleet, command: string): Restoring {
  const of = (wanted: (host: Host) => boolean): Host[] => hosts.map(({ host }) => host).filter(wanted);
  const [founder] = of(({ node }) => node.clusterInit === true);
  if (founder === undefined)
    throw new UserError(
      "unreachable",
      "The server with clusterInit does not answer, and the backup is restored there",
      {
        remedy: "bring it back, or create it anew and roll out to it, then run the same command again",
      },
    );
  return {
    what,
    founder,
    members: of(({ node }) => node.role === "server" && node.clusterInit !== true),
    agents: of(({ node }) => node.role === "agent"),
    command,
  };
}

/** @param lost - hostnames of servers that will never start again with their data */
export function restoreFaults(what: Restorable, fleet: Fleet, lost: readonly string[]): string[] {
  const servers = fleet.hosts.filter(({ host }) => host.node.role === "server");
  const away = fleet.unreachable.filter(({ host }) => host.node.role === "server");
  return [
    ...servers.flatMap((state) => [
      ...identityFaults(state).map((fault) => `${state.host.name}: ${fault}`),
      ...versionFaults(what, state),
    ]),
    ...fleet.hosts.flatMap((state) => otherToken(what, state)),
    ...away
      .filter(({ host }) => !lost.includes(host.name))
      .map(
        ({ host, error }) =>
          `${host.name} does not answer (${messageAtHost(error)}). If it came back with its old data, there would be two clusters: ` +
          `bring it back first, or say --lost ${host.name} if it is gone for good`,
      ),
    ...servers
      .filter(({ host }) => lost.includes(host.name))
      .map(({ host }) => `${host.name} answers, so it is not lost`),
  ];
}

/** K3s would not start with another one on the restored data. */
function otherToken({ token }: Restorable, { host, facts }: HostState): string[] {
  const { k3s } = host.description;
  const path = tokenFileOf(k3s, host.node.role);
  if (path === k3s.agentTokenFile || facts.tokens.get(path) === saltedHash(facts.salt, token)) return [];
  return [
    `${host.name} has another join token than the backup at ${path}, or none: put that of the backup's time there (install -m 0400)`,
  ];
}

/** The log file that lists what is lost. */
export const LOSS_LOG = "restore";

/** What is lost by the restore: a backup of the cluster as it is, compared with the one that is restored. */
export async function lossOf({ snapshot }: Restorable, now: Backup, log: Log): Promise<Difference> {
  const loss = difference(snapshot, await contentOf(now));
  log.write(LOSS_LOG, differenceInLines(loss));
  return loss;
}

export interface Restored {
  /** From the stop of the servers until all of them are Ready, in seconds. */
  readonly downSeconds: number;
  /** Objects that were read back from the cluster as the snapshot has them. */
  readonly readBack: number;
  /** Former data, by host. */
  readonly former: readonly string[];
}

/**
 * Restores. Until the restored snapshot has been tried, nothing of the cluster is touched; then its servers stop.
 *
 * @throws UserError when it fails; the same command again continues, and nothing of the former data is deleted
 */
export async function restore(hosts: Restoring, kubernetes: Kubernetes): Promise<Restored> {
  const { founder, what } = hosts;
  const aside = new Aside(founder, founder);
  try {
    await aside.try(what);
  } catch (error) {
    await aside.clear();
    throw error;
  }
  const begin = performance.now();
  founder.log.info(
    "cluster",
    `from here on K3s is stopped. If this ends before its end, do not start it by hand: ${hosts.command}`,
  );
  try {
    const former = await replace(hosts, aside);
    const back = await start(hosts, aside, kubernetes);
    return { former, readBack: back, downSeconds: Math.round((performance.now() - begin) / 1000) };
  } catch (error) {
    throw new UserError("failed", `The restore is not finished: ${messageOf(error)}`, {
      remedy: `do not start K3s by hand; this goes on: ${hosts.command}. Nothing was deleted: former data is beside the data of each server`,
      cause: error,
    });
  }
}

/** Members leave first: two of three with their old data would be a cluster of their own. */
async function replace({ founder, members, anew = false }: Restoring, aside: Aside): Promise<string[]> {
  const left = await Promise.all(members.map((host) => stop(host, true)));
  await stop(founder, false);
  const former = await founder.log.step(founder.name, "replace its data", () => aside.become(SERVER_DATA));
  if (anew) await founder.call("forget-pod-network", {});
  return [...left.flat(), ...former.map((path) => `${founder.name}: ${path}`)];
}

async function stop(host: Host, leave: boolean): Promise<string[]> {
  const report = await host.log.step(host.name, leave ? "stop K3s and leave etcd" : "stop K3s", () =>
    host.call(
      "stop-server",
      { leave: leave ? "yes" : "no", server_data: SERVER_DATA },
      { timeoutSeconds: STOP_SECONDS },
    ),
  );
  return report.all("former").map((path) => `${host.name}: ${path}`);
}

/** @returns number of objects read back */
async function start(
  { founder, members, agents, what, anew = false }: Restoring,
  aside: Aside,
  kubernetes: Kubernetes,
): Promise<number> {
  await founder.log.step(founder.name, "start K3s", () => begin(founder));
  await awaitApi(founder, kubernetes);
  const same = await founder.log.step(founder.name, "read the snapshot's objects back", async () => {
    const api = await aside.live();
    const back = readBack(what.snapshot, api);
    if (api.clusterUid === what.snapshot.clusterUid && back.same > 0) return back.same;
    await stop(founder, false);
    throw new UserError(
      "failed",
      "its API does not hold what the snapshot does, so its K3s was stopped again",
      {
        host: founder.name,
      },
    );
  });
  if (anew)
    await founder.log.step(founder.name, "forget the former machines", () => forget(founder, kubernetes));
  for (const host of [founder, ...members]) {
    await host.log.step(host.name, "join", async () => {
      if (host !== founder) await begin(host);
      await awaitReady(host, kubernetes, MEMBER_SECONDS);
    });
  }
  await Promise.all(agents.map((host) => rejoin(host, kubernetes)));
  return same;
}

/**
 * K3s refuses a machine with a Node's name and another password than the Node's (k3s, pkg/nodepassword/validate.go). The Node of
 * the first server stays, since K3s would remove that member from etcd.
 */
async function forget(founder: Host, kubernetes: Kubernetes): Promise<void> {
  await kubernetes.forgetPassword(founder.name);
  const nodes = await kubernetes.nodes();
  for (const { name } of nodes.filter((node) => node.name !== founder.name))
    await kubernetes.deleteNode(name);
}

async function begin(host: Host): Promise<void> {
  await host.call("restart-k3s", {}, { timeoutSeconds: STOP_SECONDS });
}

/** Agents whose Node the snapshot does not have register only when K3s starts. */
async function rejoin(host: Host, kubernetes: Kubernetes): Promise<void> {
  await host.log.step(host.name, "join", async () => {
    try {
      await awaitReady(host, kubernetes, AGENT_SECONDS);
    } catch {
      await begin(host);
      await awaitReady(host, kubernetes, MEMBER_SECONDS);
    }
  });
}

async function awaitApi(founder: Host, kubernetes: Kubernetes): Promise<void> {
  const deadline = new Deadline(MEMBER_SECONDS);
  for (;;) {
    try {
      await kubernetes.nodes();
      return;
    } catch (error) {
      if (deadline.passed)
        throw new UserError("failed", `its API does not answer within ${MEMBER_SECONDS} s`, {
          host: founder.name,
          cause: error,
        });
      await pause(1);
    }
  }
}
