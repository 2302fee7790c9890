import { isDisconnected, messageAtHost, UserError } from "../base/user-error";
import type { Build } from "./build";
import { Deadline, pause } from "./deadline";
import { poll, hostFaults, inspect, nodeFaults, NO_NEW_CONNECTION, ANY_CONNECTION } from "./health";
import type { Host } from "./host";
import { kubectlOutput } from "./kubectl";
import { quorumFault, type Kubernetes, type KubeNode } from "./kubernetes";
import { barePods, type Pod } from "./pods";

export interface RebootOptions {
  /** How long a drain may take. */
  readonly drainSeconds: number;
  /** Whether a drain deletes pods without a controller, which nothing recreates. */
  readonly forceBarePods: boolean;
  /** How long the host may take to come back. */
  readonly rebootSeconds: number;
}

/** Whether another node can take its pods. */
const canBeDrained = (nodes: readonly KubeNode[], name: string): boolean =>
  nodes.some((node) => node.name === name) &&
  nodes.some((other) => other.name !== name && other.ready && !other.cordoned);

/** Faults for pods that a drain would delete for good. kubectl refuses to without `--force`. */
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
  `${names.join(", ")} ${names.length === 1 ? "has" : "have"} no controller that would recreate ` +
  `${names.length === 1 ? "it" : "them"} on another node`;

/**
 * Drains a member before its reboot.
 *
 * @returns whether a rollout has cordoned it
 * @throws UserError with what blocks the drain; the node is uncordoned again
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
    log.info(
      name,
      "no other node can take its pods: it reboots without a drain, and its pods are down until it is back",
    );
    return false;
  }
  const pods = (await kubernetes.pods(host)).filter((pod) => pod.node === name && !pod.ofDaemonSet);
  say(host, "pods whose emptyDir will be lost", namesOf(pods, "emptyDir"));
  if (forceBarePods) say(host, "pods without a controller, deleted for good", namesOf(pods, "bare"));
  const foreign = node.cordoned && !node.cordonedByUs;
  if (foreign) log.info(name, "it was cordoned before, and stays cordoned");
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
  if (pods.length > 0) log.info(name, `${what}: ${pods.join(", ")}`);
}

/** kubectl's errors without its progress messages, and the pods that are left. */
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

/** Progress messages of a drain. The last one repeats in one line what follows in several. */
const DRAIN_WORK = /^($|Warning: |evicting pod |There are pending |pod\/|error: unable to drain node )/;

export const uncordon = (host: Host, kubernetes: Kubernetes): Promise<void> =>
  host.log.step(host.name, "uncordon", () => kubernetes.uncordon(host.name));

/** Reboots into the tested system, and waits until the node is back. */
export async function reboot(
  host: Host,
  built: Build,
  kubernetes: Kubernetes,
  { rebootSeconds }: RebootOptions,
): Promise<void> {
  await host.log.step(host.name, "reboot", async () => {
    const notBoot = await requestReboot(host, built.path);
    const { state, missing } = await awaitBoot(
      host,
      { system: built.path, notBoot },
      kubernetes,
      rebootSeconds,
    );
    if (state === "there") return;
    throw new UserError(
      "failed",
      `${host.name} is not back within ${rebootSeconds} s of its reboot: ${missing.join("; ")}. Look at its console in Proxmox VE; ` +
        "you can choose an older generation in its boot menu",
    );
  });
}

/**
 * Requests a reboot. Retries while it is unknown whether the host got the request: a reboot may break the connection.
 *
 * @param bootDefault - store path that the boot default must be
 * @returns the boot ID before the reboot
 */
export async function requestReboot(host: Host, bootDefault: string): Promise<string> {
  const bootId = (await inspect(host, ANY_CONNECTION)).one("boot_id");
  for (let attempt = 1; attempt <= 3; attempt++) {
    try {
      await host.call("reboot", { default: bootDefault, boot_id: bootId });
      break;
    } catch (error) {
      if (!isDisconnected(error)) throw error;
      await pause(3);
    }
  }
  return bootId;
}

/** The outcome of a reboot. `reverted`: the host is back on its previous system. */
export interface BootOutcome {
  readonly state: "there" | "reverted" | "away";
  /** Expectations that the new system did not meet, if it answered. */
  readonly missing: readonly string[];
}

/**
 * Waits for a host after a reboot.
 *
 * @param expected - `former`: the system that a host on trial reverts to
 */
export async function awaitBoot(
  host: Host,
  expected: { readonly system: string; readonly notBoot: string; readonly former?: string },
  kubernetes: Kubernetes,
  seconds: number,
): Promise<BootOutcome> {
  const { system, notBoot, former } = expected;
  const deadline = new Deadline(seconds);
  let missing: readonly string[] = [NO_NEW_CONNECTION];
  let answered = false;
  let fresh = true;
  do {
    await pause(1);
    try {
      const report = await poll(host, fresh);
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
      // The faults of the new system say more than the lost connection.
      if (!answered) missing = [messageAtHost(error)];
      fresh = isDisconnected(error);
      // The change of system may change its address.
      if (former !== undefined) host.tryOtherAddress();
    }
  } while (!deadline.passed);
  return { state: "away", missing };
}

/** @throws UserError if the other servers would have no quorum without it */
export function checkQuorum(host: Host, nodes: readonly KubeNode[]): void {
  const fault = quorumFault(nodes, host.name);
  if (fault !== undefined) throw new UserError("refused", `${host.name} was not changed: ${fault}`);
  const servers = nodes.filter(({ server }) => server);
  if (servers.length <= 2 && servers.some(({ name }) => name === host.name)) {
    host.log.info(
      host.name,
      `the Kubernetes API will be down while K3s restarts on it: ${whyNoneCanBeSpared(servers.length)}`,
    );
  }
}

const whyNoneCanBeSpared = (servers: number): string =>
  servers === 1 ? "it is the only server" : "with two servers, neither can be spared";
