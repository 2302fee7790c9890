import { npmRun } from "../base/command-line";
import { isDisconnected, UserError } from "../base/user-error";
import { quorumOf } from "../config/quorum";
import { Deadline, pause } from "./deadline";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import { identityFaults } from "./identity";
import type { KubeNode, Kubernetes } from "./kubernetes";
import type { Log } from "./log";
import { barePodFaults, drain, type RebootOptions } from "./reboot";

/** Why the host cannot be taken out of the cluster. */
export function removalFaults(host: Host, fleet: Fleet): string[] {
  const nodes = fleet.nodes;
  if (nodes === undefined) return ["no server of the cluster answers, so no node can be removed"];
  return [
    ...fleet.hosts.filter((known) => known.host === host).flatMap(identityFaults),
    ...(nodes.some(({ name, ready, cordoned }) => name !== host.name && ready && !cordoned)
      ? []
      : ["no other node can take its pods: bring one back or uncordon one first"]),
    ...(host.node.role === "server" ? serverFaults(host, nodes) : []),
    ...(isUnreachable(host, fleet) ? aliveFaults(host, nodes) : []),
  ];
}

const isUnreachable = (host: Host, { unreachable }: Fleet): boolean =>
  unreachable.some((each) => each.host === host);

/**
 * A kubelet whose Node is deleted while it runs keeps running pods, and creates another Node at its next start. Its Node shows
 * that it has stopped: it is no longer Ready 40 seconds later.
 */
const aliveFaults = ({ name, node }: Host, nodes: readonly KubeNode[]): string[] =>
  nodes.some((each) => each.name === name && each.ready)
    ? [
        `it does not answer over SSH, but its node is Ready, so its K3s still runs: power VM ${node.vmId} off in Proxmox VE, ` +
          "then run the same command again a minute later",
      ]
    : [];

/** Faults for pods that the drain of a reachable host would delete for good. */
export async function podFaults(host: Host, fleet: Fleet, options: RebootOptions): Promise<string[]> {
  const { nodes, kubernetes } = fleet;
  if (nodes === undefined || isUnreachable(host, fleet)) return [];
  return barePodFaults([host.name], await kubernetes.pods(host), nodes, options);
}

function serverFaults(host: Host, nodes: readonly KubeNode[]): string[] {
  const servers = nodes.filter(({ server }) => server);
  const others = servers.filter(({ name }) => name !== host.name);
  const ready = others.filter((node) => node.ready);
  return [
    ...(host.node.clusterInit === true
      ? [
          "it is the server with clusterInit: move clusterInit to another server in main.ts first, then run npm run synth and rollout apply",
        ]
      : []),
    ...(others.length === 0 ? ["it is the only server: without it there is no cluster"] : []),
    ...(others.length > 0 && ready.length < quorumOf(servers.length)
      ? [
          `only ${ready.length} of ${servers.length} servers would be left, and etcd needs ${quorumOf(servers.length)} of them to let one go: ` +
            (servers.length === 2 ? "add a third server first" : "bring the others back first"),
        ]
      : []),
  ];
}

/** Removes a node from the cluster for good, and powers its VM off. */
export async function remove(host: Host, fleet: Fleet, options: RebootOptions, log: Log): Promise<void> {
  const { kubernetes } = fleet;
  const { name } = host;
  const nodes = await kubernetes.nodes(host);
  const unreachable = isUnreachable(host, fleet);
  if (unreachable)
    log.info(
      name,
      "it does not answer, so it is not drained: pods with a controller start on other nodes when its node is deleted",
    );
  else await drain(host, kubernetes, nodes, options);
  // Draining takes time, in which other servers may have failed.
  const faults = removalFaults(host, { ...fleet, nodes: await kubernetes.nodes(host) });
  if (faults.length > 0) throw notRemoved(host, faults);
  if (!unreachable) await log.step(name, "stop K3s and power off", () => powerOff(host, kubernetes));
  await log.step(name, "delete the node", () => kubernetes.deleteNode(name, host));
}

const notRemoved = ({ name }: Host, faults: readonly string[]): UserError =>
  new UserError("refused", `${name} is drained, and was not removed: ${faults.join("; ")}`);

async function powerOff(host: Host, kubernetes: Kubernetes): Promise<void> {
  const stopped = await requestPowerOff(host);
  for (let attempt = 0; attempt < 60; attempt++) {
    await pause(1);
    try {
      await host.call("alive", {}, { timeoutSeconds: 5 });
    } catch (error) {
      if (!isDisconnected(error)) continue;
      return stopped ? undefined : awaitNotReady(host, kubernetes);
    }
  }
  throw new UserError(
    "failed",
    `${host.name} still answers a minute after the power-off; its node is drained, and was not deleted`,
  );
}

/** @returns whether the host confirmed that K3s has stopped; it may be off before it can answer */
async function requestPowerOff(host: Host): Promise<boolean> {
  try {
    return (await host.call("power-off", {})).one("k3s") === "stopped";
  } catch (error) {
    if (isDisconnected(error)) return false;
    throw error;
  }
}

/** Waits until its node shows that K3s has stopped: the host did not confirm it, and a missing connection does not prove it. */
async function awaitNotReady(host: Host, kubernetes: Kubernetes): Promise<void> {
  const deadline = new Deadline(90);
  let faults: readonly string[];
  do {
    faults = aliveFaults(host, await kubernetes.nodes(host));
    if (faults.length === 0) return;
    await pause(1);
  } while (!deadline.passed);
  throw notRemoved(host, faults);
}

/** @param unreachable - the host did not answer, so it was not powered off */
export function nextSteps({ name, node }: Host, unreachable: boolean): string {
  const [destroy, close] = [`npm run synth && ${npmRun("apply")}`, npmRun("rollout -- apply")];
  const width = Math.max(destroy.length, close.length);
  return `
${name} is out of the cluster${unreachable ? ", and was NOT powered off, since it did not answer" : " and powered off"}. If its VM starts again, it joins again. Remaining steps:${
    unreachable ? `\n  0. make sure in Proxmox VE that VM ${node.vmId} is off` : ""
  }
  1. delete its statement ("${node.id}") in main.ts
  2. ${destroy.padEnd(width)}        this DESTROYS VM ${node.vmId}
  3. ${close.padEnd(width)}        the other hosts' firewalls stop admitting it`;
}
