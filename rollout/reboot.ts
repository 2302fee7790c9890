import type { Build } from "./build";
import { Deadline } from "./deadline";
import { pause } from "./gate";
import { hostFaults, inspect, nodeFaults } from "./health";
import type { Host } from "./host";
import { quorumFault, type Kubernetes, type KubeNode } from "./kubernetes";
import { ConnectionTrouble, messageOf, Trouble } from "./trouble";

export interface RebootOptions {
  /** How long pods may take to go. */
  readonly drainSeconds: number;
  /** How long the host may take to come back. */
  readonly rebootSeconds: number;
}

/**
 * Takes the pods off a member before its reboot.
 *
 * @returns whether it is cordoned now by a rollout
 * @throws Trouble with what blocks it; the node takes pods again then
 */
export async function drain(
  host: Host,
  kubernetes: Kubernetes,
  nodes: readonly KubeNode[],
  { drainSeconds }: RebootOptions,
): Promise<boolean> {
  const { log, name } = host;
  const node = nodes.find((each) => each.name === name);
  if (node === undefined) return false;
  if (!nodes.some((other) => other !== node && other.ready && !other.cordoned)) {
    log.say(
      name,
      "no other node can take its pods: it reboots undrained, and they are away until it is back",
    );
    return false;
  }
  const lost = (await kubernetes.pods(name, host)).filter((pod) => pod.emptyDir && !pod.ofDaemonSet);
  if (lost.length > 0) {
    log.say(
      name,
      `pods that lose their emptyDir: ${lost.map((pod) => `${pod.namespace}/${pod.name}`).join(", ")}`,
    );
  }
  const foreign = node.cordoned && !node.cordonedByUs;
  if (foreign) log.say(name, "somebody has cordoned it, and it stays so");
  else await log.step(name, "cordon", () => kubernetes.cordon(name, host));
  try {
    await log.step(name, "drain", () => kubernetes.drain(name, drainSeconds, host));
  } catch (error) {
    if (!foreign) await uncordon(host, kubernetes);
    throw new Trouble(
      `${name} cannot be drained within ${drainSeconds} s, and was left as it is. What holds it up:\n  ${await blockers(host, kubernetes, error)}`,
    );
  }
  return !foreign;
}

async function blockers(host: Host, kubernetes: Kubernetes, error: unknown): Promise<string> {
  const words = messageOf(error)
    .split("\n")
    .filter((line) => /error when|disruption budget|Cannot evict|timed out|global timeout/i.test(line));
  const left = await kubernetes.pods(host.name, host).catch(() => []);
  const pods = left
    .filter((pod) => !pod.ofDaemonSet)
    .map((pod) => `${pod.namespace}/${pod.name} is still there`);
  return [...new Set([...words.map((line) => line.trim()), ...pods])].join("\n  ") || messageOf(error);
}

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
    const bootId = (await inspect(host)).one("boot_id");
    await request(host, built, bootId);
    await back(host, { system: built.path, notBoot: bootId }, kubernetes, rebootSeconds);
  });
}

/** Again while nobody can tell whether it was heard: a reboot may break the very connection by which it is asked for. */
async function request(host: Host, built: Build, bootId: string): Promise<void> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    try {
      await host.call("reboot", { built: built.path, boot_id: bootId });
      return;
    } catch (error) {
      if (!(error instanceof ConnectionTrouble)) throw error;
      await pause(3);
    }
  }
}

async function back(
  host: Host,
  expected: { readonly system: string; readonly notBoot: string },
  kubernetes: Kubernetes,
  seconds: number,
): Promise<void> {
  const deadline = new Deadline(seconds);
  let missing: readonly string[];
  do {
    await pause(1);
    try {
      const report = await inspect(host);
      missing = hostFaults(report, expected);
      if (report.one("hostname") !== host.name)
        missing = [...missing, `its hostname is ${report.one("hostname")}`];
      if (missing.length === 0) missing = await nodeFaults(host, report, kubernetes, undefined);
    } catch (error) {
      missing = [messageOf(error)];
    }
    if (missing.length === 0) return;
  } while (!deadline.passed);
  throw new Trouble(
    `${host.name} is not back within ${seconds} s of its reboot: ${missing.join("; ")}. Look at its console in Proxmox VE; ` +
      "an older generation can be chosen in its boot menu",
  );
}

/** @throws Trouble while the other servers would have no quorum without it */
export function checkQuorum(host: Host, nodes: readonly KubeNode[]): void {
  const fault = quorumFault(nodes, host.name);
  if (fault !== undefined) throw new Trouble(`${host.name} was left as it is: ${fault}`);
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
