import { isDisconnected, messageAtHost, UserError } from "../base/user-error";
import type { Build } from "./build";
import { Deadline, pause } from "./deadline";
import { follow, hostFaults, inspect, nodeFaults, NO_NEW_CONNECTION, OVER_ANY } from "./health";
import type { Host } from "./host";
import { kubectlOutput } from "./kubectl";
import { quorumFault, type Kubernetes, type KubeNode } from "./kubernetes";
import { barePods, type Pod } from "./pods";

export interface RebootOptions {
  /** How long pods may take to go. */
  readonly drainSeconds: number;
  /** Whether a drain deletes pods that nobody makes anew. */
  readonly forceBarePods: boolean;
  /** How long the host may take to come back. */
  readonly rebootSeconds: number;
}

/** Whether its pods can go elsewhere; a node alone is not drained. */
const canBeDrained = (nodes: readonly KubeNode[], name: string): boolean =>
  nodes.some((node) => node.name === name) &&
  nodes.some((other) => other.name !== name && other.ready && !other.cordoned);

/** Pods that a drain would delete for good, and kubectl therefore refuses to, unless that was asked for. */
export const barePodFaults = (
  names: readonly string[],
  pods: readonly Pod[],
  nodes: readonly KubeNode[],
  { forceBarePods }: Pick<RebootOptions, "forceBarePods">,
): string[] =>
  names.flatMap((name) => {
    const bare = forceBarePods || !canBeDrained(nodes, name) ? [] : barePods(pods, name);
    return bare.length === 0
      ? []
      : [`${name} cannot be drained: ${barePodsInWords(bare)}. --force-bare-pods deletes such pods for good`];
  });

export const barePodsInWords = (names: readonly string[]): string =>
  `${names.join(", ")} ${names.length === 1 ? "has" : "have"} no controller that would make ` +
  `${names.length === 1 ? "it" : "them"} anew on another node`;

/**
 * Takes the pods off a member before its reboot.
 *
 * @returns whether it is cordoned now by a rollout
 * @throws UserError with what blocks it; the node takes pods again then
 */
export async function drain(
  host: Host,
  kubernetes: Kubernetes,
  nodes: readonly KubeNode[],
  { drainSeconds, forceBarePods }: RebootOptions,
): Promise<boolean> {
  const { log, name } = host;
  const node = nodes.find((each) => each.name === name);
  if (node === undefined) return false;
  if (!canBeDrained(nodes, name)) {
    log.say(
      name,
      "no other node can take its pods: it reboots undrained, and they are away until it is back",
    );
    return false;
  }
  const pods = (await kubernetes.pods(host)).filter((pod) => pod.node === name && !pod.ofDaemonSet);
  say(host, "pods that lose their emptyDir", namesOf(pods, "emptyDir"));
  if (forceBarePods) say(host, "pods without a controller, deleted for good", namesOf(pods, "bare"));
  const foreign = node.cordoned && !node.cordonedByUs;
  if (foreign) log.say(name, "somebody has cordoned it, and it stays so");
  else await log.step(name, "cordon", () => kubernetes.cordon(name, host));
  try {
    await log.step(name, "drain", () => kubernetes.drain(name, drainSeconds, forceBarePods, host));
  } catch (error) {
    if (!foreign) await uncordon(host, kubernetes);
    throw new UserError(
      "failed",
      `${name} could not be drained, and was left as it is:\n  ${await blockers(host, kubernetes, error)}`,
    );
  }
  return !foreign;
}

const namesOf = (pods: readonly Pod[], property: "emptyDir" | "bare"): string[] =>
  pods.filter((pod) => pod[property]).map(({ name }) => name);

function say({ log, name }: Host, what: string, pods: readonly string[]): void {
  if (pods.length > 0) log.say(name, `${what}: ${pods.join(", ")}`);
}

/** kubectl's own words, without those of the work itself, and the pods that did not go. */
async function blockers({ name }: Host, kubernetes: Kubernetes, error: unknown): Promise<string> {
  const lines = kubectlOutput(error)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== name && !DRAIN_WORK.test(line));
  const left = (await kubernetes.pods().catch(() => [])).filter(
    (pod) => pod.node === name && !pod.ofDaemonSet,
  );
  const pods = left.map(
    (pod) => `${pod.name} is still there${pod.bare ? ", and has no controller: see --force-bare-pods" : ""}`,
  );
  return [...new Set([...lines, ...pods])].join("\n  ");
}

/** The last kind says in one line what follows in several. */
const DRAIN_WORK = /^($|Warning: |evicting pod |There are pending |pod\/|error: unable to drain node )/;

export const uncordon = (host: Host, kubernetes: Kubernetes): Promise<void> =>
  host.log.step(host.name, "uncordon", () => kubernetes.uncordon(host.name));

/** Reboots into what was tested, and waits until the node is there again. */
export async function reboot(
  host: Host,
  built: Build,
  kubernetes: Kubernetes,
  { rebootSeconds }: RebootOptions,
): Promise<void> {
  await host.log.step(host.name, "reboot", async () => {
    const notBoot = await requestReboot(host, built);
    const { state, missing } = await arrival(
      host,
      { system: built.path, notBoot },
      kubernetes,
      rebootSeconds,
    );
    if (state === "there") return;
    throw new UserError(
      "failed",
      `${host.name} is not back within ${rebootSeconds} s of its reboot: ${missing.join("; ")}. Look at its console in Proxmox VE; ` +
        "an older generation can be chosen in its boot menu",
    );
  });
}

/**
 * Again while nobody can tell whether it was heard: a reboot may break the very connection by which it is asked for.
 *
 * @returns ID of the boot that it ends
 */
export async function requestReboot(host: Host, built: Build): Promise<string> {
  const bootId = (await inspect(host, OVER_ANY)).one("boot_id");
  for (let attempt = 1; attempt <= 3; attempt++) {
    try {
      await host.call("reboot", { built: built.path, boot_id: bootId });
      break;
    } catch (error) {
      if (!isDisconnected(error)) throw error;
      await pause(3);
    }
  }
  return bootId;
}

/** What became of a host that was told to reboot: `reverted` is back on its former system. */
export interface Arrival {
  readonly state: "there" | "reverted" | "away";
  /** What did not hold of the new system, as far as it answered. */
  readonly missing: readonly string[];
}

/** @param expected - with the system to which the host reverts, of one that boots on trial */
export async function arrival(
  host: Host,
  expected: { readonly system: string; readonly notBoot: string; readonly former?: string },
  kubernetes: Kubernetes,
  seconds: number,
): Promise<Arrival> {
  const { system, notBoot, former } = expected;
  const deadline = new Deadline(seconds);
  let missing: readonly string[] = [NO_NEW_CONNECTION];
  let answered = false;
  let fresh = true;
  do {
    await pause(1);
    try {
      const report = await follow(host, fresh);
      const isThere = report.one("boot_id") !== notBoot;
      if (isThere && report.one("current") === former) return { state: "reverted", missing };
      answered ||= isThere && report.one("current") === system;
      missing = hostFaults(report, expected);
      if (report.one("hostname") !== host.name)
        missing = [...missing, `its hostname is ${report.one("hostname")}`];
      if (missing.length === 0) missing = await nodeFaults(host, report, kubernetes, undefined);
      if (missing.length === 0 && fresh) return { state: "there", missing };
      fresh = missing.length === 0;
      if (fresh) missing = [NO_NEW_CONNECTION];
    } catch (error) {
      // What the new system lacked says more than that it is gone.
      if (!answered) missing = [messageAtHost(error)];
      fresh = isDisconnected(error);
      // It may have its own address only now, or no more.
      if (former !== undefined) host.tryOtherAddress();
    }
  } while (!deadline.passed);
  return { state: "away", missing };
}

/** @throws UserError while the other servers would have no quorum without it */
export function checkQuorum(host: Host, nodes: readonly KubeNode[]): void {
  const fault = quorumFault(nodes, host.name);
  if (fault !== undefined) throw new UserError("refused", `${host.name} was left as it is: ${fault}`);
  const servers = nodes.filter(({ server }) => server);
  if (servers.length <= 2 && servers.some(({ name }) => name === host.name)) {
    host.log.say(
      host.name,
      `the Kubernetes API is away whenever K3s restarts on it: ${isAre(servers.length)}`,
    );
  }
}

const isAre = (servers: number): string =>
  servers === 1 ? "it is the only server" : "of two servers neither can be spared";
