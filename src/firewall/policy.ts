import { groupBy } from "../base/group-by";
import { coversNetwork, parseAnyNetwork, parseNetwork } from "../config/address";
import { quoteAll, type Fault } from "../config/fault";
import { guestInterfaces } from "../config/guest-network";
import { GROUPS } from "../config/names";
import { networksOf } from "./flow-sources";
import { isOn } from "./further-interfaces";
import {
  flows,
  includesHost,
  isPortFlow,
  isProtocolFlow,
  type PolicyFlow,
  type PortFlow,
  type ProtocolFlow,
} from "./flows";
import { overLabel, portLabel } from "./labels";
import { overFaults } from "./over-faults";
import { sshAccess } from "./ssh-access";
import type { Cluster } from "../config/model";
import type { AllowedFlow, PortRange } from "../config/settings";

/** Faults of the policy: contradictions, and flows to unknown hosts. */
export function policyFaults(cluster: Cluster): Fault[] {
  if (!cluster.firewall.allow.every(isComplete)) return []; // the schema reports what is missing or dropped
  const all = flows(cluster);
  const ports = all.filter(isPortFlow);
  return [
    ...podNetworks(cluster),
    ...unknownHosts(cluster),
    ...openedReservedPorts(cluster, [...ports, ...all.filter(isProtocolFlow)]),
    ...takenPorts(ports),
    ...takenByExporter(ports),
    ...uselessExposedPorts(cluster),
    ...overFaults(cluster),
    ...lockedOut(cluster),
    ...operatorsElsewhere(cluster),
  ];
}

const isComplete = ({ from, protocol, ports }: Partial<AllowedFlow>): boolean =>
  from !== undefined &&
  protocol !== undefined &&
  (ports !== undefined || (protocol !== "tcp" && protocol !== "udp"));

const clash = (setting: string, message: string, judgedBy: readonly string[] = []): Fault => ({
  nodes: [],
  setting,
  message,
  judgedBy,
});

/** Pods of other hosts arrive with their node's address, so a flow from the pod network would miss them. */
function podNetworks({ firewall, network, nixos }: Cluster): Fault[] {
  const sources = [
    ...firewall.allow.map(({ from }, index) => [`firewall.allow[${index}].from`, from] as const),
    ...(nixos?.monitoring?.from ?? []).map(
      (from, index) => [`nixos.monitoring.from[${index}]`, from] as const,
    ),
  ];
  const cluster = [network.podCidr, network.serviceCidr].flatMap((cidr) => parseNetwork(cidr) ?? []);
  return sources.flatMap(([setting, from]) => {
    const source = parseNetwork(from);
    if (source === undefined || !cluster.some((each) => coversNetwork([each], source))) return [];
    return [clash(setting, `'${setting}' should be 'pods', since ${from} is in the pod or service network`)];
  });
}

function unknownHosts({ firewall, nodes }: Cluster): Fault[] {
  return firewall.allow.flatMap(({ to }, index) => {
    const setting = `firewall.allow[${index}].to`;
    if (!to || ["every host", ...GROUPS.keys()].includes(to) || nodes.some((node) => includesHost(to, node)))
      return [];
    return [clash(setting, `'${setting}' should be every host, servers, agents, or a hostname, got '${to}'`)];
  });
}

/** Allowed flows that would open reserved ports to others. */
function openedReservedPorts({ firewall }: Cluster, all: readonly (PortFlow | ProtocolFlow)[]): Fault[] {
  return firewall.allow.flatMap((flow, index) => {
    const taken = all.find(
      (each) =>
        each.reserved && each.protocol === flow.protocol && (!isPortFlow(each) || overlaps(each, flow)),
    );
    if (taken === undefined) return [];
    const setting = `firewall.allow[${index}]`;
    const message =
      `'${setting}' opens ${portLabel(flow)}${overLabel(flow)} to ${flow.from}, but ${portLabel(taken)} is reserved for ` +
      `${taken.from}: ${taken.why}; ${isPortFlow(taken) ? "choose other ports" : "leave it out"}`;
    return [clash(setting, message)];
  });
}

/** A published port hides the host's: with a node port 22, SSH would go to a pod. */
function takenPorts(all: readonly PolicyFlow<PortFlow>[]): Fault[] {
  const hosts = all.filter(({ servedBy }) => servedBy === "host");
  const published = all.filter(({ servedBy }) => servedBy === "service");
  return published.flatMap((flow) => {
    const taken = hosts.find(
      (each) => needsPort(each) && each.protocol === flow.protocol && overlap(each.ports, flow.ports),
    );
    if (taken === undefined) return [];
    const setting = flow.id === "exposed-ports" ? "k3s.exposedPorts" : "k3s.nodePorts";
    const message = `'${setting}' ${portLabel(flow)} would go to pods, but the host needs ${portLabel(taken)}: ${taken.why}; choose other ports`;
    return [clash(setting, message)];
  });
}

/** node_exporter and another program of the host cannot both listen on a port. */
function takenByExporter(all: readonly PolicyFlow<PortFlow>[]): Fault[] {
  const [exporter] = all.filter(({ id }) => id === "node-exporter");
  const taken = all.find(
    (each) =>
      exporter !== undefined &&
      each.id !== exporter.id &&
      each.servedBy === "host" &&
      needsPort(each) &&
      each.protocol === exporter.protocol &&
      overlap(each.ports, exporter.ports),
  );
  if (exporter === undefined || taken === undefined) return [];
  const setting = "nixos.monitoring.nodeExporterPort";
  const message = `'${setting}' is ${portLabel(exporter)}, but the host needs ${portLabel(taken)}: ${taken.why}; choose another port`;
  return [clash(setting, message)];
}

/** Services have IPv4 addresses, so a LAN without IPv4 reaches none of their ports. */
function uselessExposedPorts({ k3s, network }: Cluster): Fault[] {
  if (k3s.exposedPorts.length === 0 || networksOf("lan", network).length > 0) return [];
  const setting = "k3s.exposedPorts";
  return [clash(setting, `'${setting}' has no effect: 'network.lanCidrs' has no IPv4 network; add one`)];
}

/**
 * A host that its operators cannot reach must be repaired from its console. The node network must have SSH too, since
 * operators may come through a gateway in it.
 */
function lockedOut(cluster: Cluster): Fault[] {
  const { managementCidrs, lanCidrs, nodeCidr, operatorCidrs } = cluster.network;
  const stated = managementCidrs ?? lanCidrs;
  const admitted = sshAccess(flows(cluster), cluster.network).filter(({ to }) => to === "every host");
  // Other checks report a setting that is empty or not a network.
  if (stated.length === 0 || stated.some((cidr) => parseAnyNetwork(cidr) === undefined)) return [];
  const networks = admitted.map(({ network }) => network);
  const node = parseNetwork(nodeCidr);
  const operators = operatorCidrs.flatMap((cidr) => parseAnyNetwork(cidr) ?? []);
  const guarded = [
    ...(node ? [{ what: "'nodeCidr'", network: node }] : []),
    ...operators
      .filter((network) => node === undefined || !coversNetwork([node], network)) // reported with the node network
      .map((network) => ({ what: "'operatorCidrs'", network })),
  ];
  const setting = `network.${managementCidrs === undefined ? "lanCidrs" : "managementCidrs"}`;
  const open = networks.map(({ cidr }) => cidr).join(", ");
  return guarded
    .filter(({ network }) => !coversNetwork(networks, network))
    .map(({ what, network: { cidr } }) =>
      clash(
        setting,
        `'${setting}' would lock out ${cidr} of ${what}: SSH is open only to ${open}; add the network`,
        ["network.nodeCidr", "network.operatorCidrs"],
      ),
    );
}

/** Networks of operators to which a host answers over a further interface, over which it takes no SSH from them. */
function operatorsElsewhere({ network, nodes }: Cluster): Fault[] {
  const own = parseNetwork(network.nodeCidr);
  const operators = network.operatorCidrs
    .flatMap((cidr) => parseAnyNetwork(cidr) ?? [])
    .filter((operator) => own === undefined || !coversNetwork([own], operator)); // that overlap is another fault
  return operators.flatMap((operator) => {
    const ends = nodes.flatMap((node) =>
      guestInterfaces(node)
        .filter((nic) => isOn(nic, operator))
        .map(({ name }) => ({ name, hostname: node.hostname })),
    );
    return [...groupBy(ends, ({ name }) => name)].map(([name, some]) => {
      const hosts = quoteAll(some.map(({ hostname }) => hostname));
      const setting = "network.operatorCidrs";
      const message =
        `'${setting}' ${operator.cidr} is on ${name} of ${hosts}, over which no SSH of operators comes; ` +
        "state the networks from which they reach the node network";
      return clash(setting, message, ["vm.networkInterfaces"]);
    });
  });
}

/** Whether the host needs the port. Trusting pods opens all ports without needing them. */
const needsPort = (flow: PortFlow): boolean => flow.from !== "pods";

const overlaps = (flow: PortFlow, { ports }: AllowedFlow): boolean =>
  ports !== undefined && overlap(flow.ports, ports);

const overlap = (a: PortRange, b: PortRange): boolean => a.from <= b.to && b.from <= a.to;
