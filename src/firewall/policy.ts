import { cover, parseAnyNetwork, parseNetwork } from "../config/address";
import { listed, type Fault } from "../config/fault";
import { networksOf } from "./flow-sources";
import { flows, isOne, isPortFlow, type PolicyFlow, type PortFlow } from "./flows";
import { portsInWords } from "./labels";
import { sshAccess } from "./ssh-access";
import type { Cluster } from "../config/model";
import type { PortRange } from "../config/settings";

/** What the policy says against itself, or of hosts that there are not. */
export function policyFaults(cluster: Cluster): Fault[] {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- a fault of its own when they are missing
  const complete = cluster.firewall.allow.every(({ ports }) => ports !== undefined);
  if (!complete) return []; // said of the flow
  const ports = flows(cluster).filter(isPortFlow);
  return [
    ...podNetworks(cluster),
    ...unknownHosts(cluster),
    ...openedReserves(cluster, ports),
    ...takenPorts(ports),
    ...exposedToNobody(cluster),
    ...lockedOut(cluster),
  ];
}

const clash = (setting: string, message: string, judgedBy: readonly string[] = []): Fault => ({
  nodes: [],
  setting,
  message,
  judgedBy,
});

/** Pods of other hosts come with their node's address, so a flow from their network would be for half of them. */
function podNetworks({ firewall, network }: Cluster): Fault[] {
  const cluster = [network.podCidr, network.serviceCidr].flatMap((cidr) => parseNetwork(cidr) ?? []);
  return firewall.allow.flatMap(({ from }, index) => {
    const source = parseNetwork(from);
    if (source === undefined || !cluster.some((each) => cover([each], source))) return [];
    const setting = `firewall.allow[${index}].from`;
    return [clash(setting, `'${setting}' should be pods, since ${from} is of the pod or service network`)];
  });
}

function unknownHosts({ firewall, nodes }: Cluster): Fault[] {
  return firewall.allow.flatMap(({ to }, index) => {
    const setting = `firewall.allow[${index}].to`;
    const namesake = nodes.find(
      ({ hostname }) => ["servers", "agents"].includes(hostname) && hostname === to,
    );
    if (namesake) {
      return [
        clash(setting, `'${setting}' ${to} is a role and the hostname of ${listed([to])}; rename the host`),
      ];
    }
    if (!to || ["every host", "servers", "agents"].includes(to) || nodes.some((node) => isOne(to, node)))
      return [];
    return [clash(setting, `'${setting}' should be every host, servers, agents, or a hostname, got '${to}'`)];
  });
}

/** A flow that opens to others what belongs to the nodes, or to the servers, alone. */
function openedReserves({ firewall }: Cluster, all: readonly PortFlow[]): Fault[] {
  return firewall.allow.flatMap((flow, index) => {
    const taken = all.find(
      (each) => each.reserved && each.protocol === flow.protocol && overlap(each.ports, flow.ports),
    );
    if (taken === undefined) return [];
    const setting = `firewall.allow[${index}]`;
    const message =
      `'${setting}' opens ${portsInWords(flow)} to ${flow.from}, and ${portsInWords(taken)} is reserved for ` +
      `${taken.from}: ${taken.why}`;
    return [clash(setting, message)];
  });
}

/** A forwarded port is taken from the host: a node port 22 would be a pod's, and SSH gone. */
function takenPorts(all: readonly PolicyFlow<PortFlow>[]): Fault[] {
  const hosts = all.filter(({ servedBy }) => servedBy === "host");
  const published = all.filter(({ servedBy }) => servedBy === "service");
  return published.flatMap((flow) => {
    const taken = hosts.find(
      (each) => isTaken(each) && each.protocol === flow.protocol && overlap(each.ports, flow.ports),
    );
    if (taken === undefined) return [];
    const setting = flow.id === "exposed-ports" ? "k3s.exposedPorts" : "k3s.nodePorts";
    const message = `'${setting}' ${portsInWords(flow)} would be forwarded to pods, and ${portsInWords(taken)} is the host's: ${taken.why}`;
    return [clash(setting, message)];
  });
}

/** Services have IPv4, so a LAN without it reaches none of their ports. */
function exposedToNobody({ k3s, network }: Cluster): Fault[] {
  if (k3s.exposedPorts.length === 0 || networksOf("lan", network).length > 0) return [];
  const setting = "k3s.exposedPorts";
  return [
    clash(setting, `'${setting}' has no effect: 'network.lanCidrs' has no network of IPv4 to expose them to`),
  ];
}

/**
 * A host that its operators cannot reach has to be repaired from its console. A gateway is in the node network, so what
 * comes through it from there is admitted too.
 */
function lockedOut(cluster: Cluster): Fault[] {
  const { managementCidrs, lanCidrs, nodeCidr, operatorCidrs } = cluster.network;
  const stated = managementCidrs ?? lanCidrs;
  const admitted = sshAccess(flows(cluster), cluster.network).filter(({ to }) => to === "every host");
  // What is empty, or is not a network, is said of the setting.
  if (stated.length === 0 || stated.some((cidr) => parseAnyNetwork(cidr) === undefined)) return [];
  const networks = admitted.map(({ network }) => network);
  const node = parseNetwork(nodeCidr);
  const operators = operatorCidrs.flatMap((cidr) => parseAnyNetwork(cidr) ?? []);
  const guarded = [
    ...(node ? [{ what: "'nodeCidr'", network: node }] : []),
    ...operators
      .filter((network) => node === undefined || !cover([node], network)) // which is said with it
      .map((network) => ({ what: "'operatorCidrs'", network })),
  ];
  const setting = `network.${managementCidrs === undefined ? "lanCidrs" : "managementCidrs"}`;
  const open = networks.map(({ cidr }) => cidr).join(", ");
  return guarded
    .filter(({ network }) => !cover(networks, network))
    .map(({ what, network: { cidr } }) =>
      clash(
        setting,
        `'${setting}' would lock out ${cidr} of ${what}: SSH is open to ${open} only; add it there`,
        ["network.nodeCidr", "network.operatorCidrs"],
      ),
    );
}

/** That pods are trusted with all ports takes none of them. */
const isTaken = (flow: PortFlow): boolean => flow.from !== "pods";

const overlap = (a: PortRange, b: PortRange): boolean => a.from <= b.to && b.from <= a.to;
