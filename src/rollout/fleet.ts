import { hasCode, messageOf } from "../base/user-error";
import type { FindAddresses } from "./clones";
import { selectNodes, type Description } from "./description";
import { readFacts, type Look } from "./facts";
import { Host } from "./host";
import { identityFaults, regenerateIdentity, sharedIdentity, type HostState } from "./identity";
import { Kubernetes, type KubeNode } from "./kubernetes";
import { hasEnded } from "./lock";
import type { Log } from "./log";
import type { RunningServer } from "./order";
import { mayBeDrained, planHost, unreachablePlan, withPods, type HostPlan } from "./plan";
import type { Ssh } from "./ssh";
import type { JoinTokens } from "./token";

export interface FleetOptions {
  /** Hostname to the address of a new host until it has its own. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly regenerateIdentity: boolean;
  readonly rebuild: boolean;
}

/** A host that did not answer, and why. */
export interface Unreachable {
  readonly host: Host;
  readonly error: unknown;
}

/** The current state of all hosts of the cluster. */
export interface Fleet {
  readonly hosts: readonly HostState[];
  readonly unreachable: readonly Unreachable[];
  readonly kubernetes: Kubernetes;
  readonly nodes: readonly KubeNode[] | undefined;
}

export const hostsOf = (
  description: Description,
  ssh: Ssh,
  log: Log,
  addresses: ReadonlyMap<string, string>,
): Host[] =>
  description.nodes.map((node) => new Host(node, description, ssh, log, addresses.get(node.hostname)));

/** Asks all hosts in parallel. */
export async function survey(hosts: readonly Host[], look?: Look): Promise<Fleet> {
  const states: HostState[] = [];
  const unreachable: Unreachable[] = [];
  await Promise.all(
    hosts.map(async (host) => {
      try {
        states.push({ host, facts: await readFacts(host, look) });
      } catch (error) {
        unreachable.push({ host, error });
      }
    }),
  );
  const inOrder = hosts.flatMap((host) => states.find((each) => each.host === host) ?? []);
  const servers = runningServers(inOrder);
  const kubernetes = new Kubernetes(servers);
  const [first] = servers;
  return { hosts: inOrder, unreachable, kubernetes, nodes: first && (await nodesOf(kubernetes, first.log)) };
}

/** As `survey`, for a plan: looks at boot loaders, and tries hosts that do not answer at their own addresses where they may be until their first rollout. */
export async function surveyWithClones(hosts: readonly Host[], find: FindAddresses): Promise<Fleet> {
  const look = { bootLoader: true };
  const fleet = await survey(hosts, look);
  const away = fleet.unreachable
    .filter(({ host, error }) => hasCode(error, "unreachable") && host.isExpectedAtOwnAddress)
    .map(({ host }) => host);
  if (away.length === 0) return fleet;
  const found = await find(away.map(({ node }) => node));
  const moved = away.filter((host) => {
    const address = found.get(host.name);
    if (address === undefined) return false;
    host.expectAt(address);
    host.log.info(
      host.name,
      `does not answer at ${host.node.ipv4Address}; trying ${address}, which its guest agent reported to OpenTofu`,
    );
    return true;
  });
  return moved.length === 0 ? fleet : survey(hosts, look);
}

/** `undefined`, with a line in the log, when no server answers. */
async function nodesOf(kubernetes: Kubernetes, log: Log): Promise<KubeNode[] | undefined> {
  try {
    return await kubernetes.nodes();
  } catch (error) {
    log.info("cluster", `the Kubernetes API cannot be asked: ${messageOf(error)}`);
    return undefined;
  }
}

/** Running servers of the cluster, according to the API or, while it does not answer, to the data on their disks. */
export function serversOf({ hosts, nodes }: Pick<Fleet, "hosts" | "nodes">): RunningServer[] {
  const seen = hosts
    .filter(({ host, facts }) => host.node.role === "server" && facts.k3sVersion !== "")
    .filter(({ host, facts }) => nodes?.some(({ name }) => name === host.name) ?? facts.joined)
    .map(({ host, facts }) => ({ hostname: host.name, k3sVersion: facts.k3sVersion }));
  const others = (nodes ?? [])
    .filter(
      ({ name, server, version }) =>
        server && version !== "" && !seen.some(({ hostname }) => hostname === name),
    )
    .map(({ name, version }) => ({ hostname: name, k3sVersion: version }));
  return [...seen, ...others];
}

/** Servers on which K3s runs, without machines that are not the expected ones. */
const runningServers = (states: readonly HostState[]): Host[] =>
  states
    .filter(
      (each) =>
        each.host.node.role === "server" && each.facts.k3s === "active" && identityFaults(each).length === 0,
    )
    .map(({ host }) => host);

/** What an apply would do to each of the chosen hosts. */
export async function planFleet(
  fleet: Fleet,
  hostnames: readonly string[],
  tokens: JoinTokens,
  options: FleetOptions,
): Promise<HostPlan[]> {
  const description = fleet.hosts[0]?.host.description ?? fleet.unreachable[0]?.host.description;
  if (description === undefined) return [];
  const wanted = new Set(selectNodes(description, hostnames).map(({ hostname }) => hostname));
  const over = (rollout: string): boolean => hasEnded(rollout, fleet);
  const context = { ...options, hosts: fleet.hosts, nodes: fleet.nodes, tokens, hasEnded: over };
  const plans = description.nodes
    .filter(({ hostname }) => wanted.has(hostname))
    .flatMap(({ hostname }) => {
      const state = fleet.hosts.find(({ host }) => host.name === hostname);
      const unreachable = fleet.unreachable.find(({ host }) => host.name === hostname);
      if (state !== undefined) return [planHost(state, context)];
      return unreachable === undefined ? [] : [unreachablePlan(unreachable.host, unreachable.error)];
    });
  // Ask for the pods only if a drain may happen.
  const pods = plans.some(mayBeDrained) ? await fleet.kubernetes.pods().catch(() => []) : [];
  return plans.map((plan) => (mayBeDrained(plan) ? withPods(plan, pods) : plan));
}

/** New hosts that share a machine-id or an SSH host key with another host. */
export const hostsSharingIdentity = (fleet: Fleet, wanted: readonly HostPlan[]): HostState[] =>
  fleet.hosts.filter(
    (state) =>
      wanted.some(({ host, verdict }) => host === state.host && verdict === "new") &&
      sharedIdentity(state, fleet.hosts).length > 0,
  );

/** Gives them new identities. Their states are stale afterwards. */
export async function regenerateIdentities(shared: readonly HostState[]): Promise<void> {
  for (const state of shared) await regenerateIdentity(state);
}
