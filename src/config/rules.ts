import { groupBy } from "../base/group-by";
import { counted } from "../base/markdown";
import { apiVipFaults } from "./api-vip";
import { contains, parseAddress, parseNetwork } from "./address";
import { dhcpRangeFaults } from "./dhcp-range";
import { describeActual, formatValue, quoteAll, withNews, type Fault } from "./fault";
import { guestInterfaces } from "./guest-network";
import type { Cluster, Node } from "./model";
import { nodeName, servers } from "./model";
import { API_PORT } from "./k3s";
import { loadBalancerFaults } from "./load-balancer";
import { isEndpoint } from "./network";
import { buildPlace, EACH_HOST, THIS_MACHINE } from "./rollout";
import { snapshotFaults } from "./snapshots";
import { suggestion } from "./suggestion";
import { topologyFaults } from "./topology";

/** Faults between nodes. */
export function clusterFaults(cluster: Cluster, allowEvenServerCount: boolean): Fault[] {
  return [
    addressRules(cluster),
    ...sharedValues(cluster.nodes),
    formerNames(cluster.nodes),
    serverRules(cluster, allowEvenServerCount),
    cluster.apiVip === undefined ? endpointRules(cluster) : apiVipFaults(cluster, cluster.apiVip),
    loadBalancerFaults(cluster),
    dhcpRangeFaults(cluster),
    podNetworkRoom(cluster),
    oneRelease(cluster),
    buildRules(cluster),
    topologyFaults(cluster),
    snapshotFaults(cluster),
  ].reduce<Fault[]>(withNews, []);
}

/** Values that must differ between nodes. */
const UNIQUE: readonly {
  setting: string;
  of: (node: Node) => string | string[];
  name?: (node: Node) => string;
  /** Derived from the construct id: nodes with the same id share it, and the id's fault is enough. */
  followsId?: true;
  judgedBy?: readonly string[];
}[] = [
  // CDKTF does not allow two constructs with one id, so `K3sNode` gives the second a free one, and this reports it.
  { setting: "construct id", of: (node) => node.id },
  // The hostname is the problem, so name the nodes by their ids.
  { setting: "hostname", of: (node) => node.hostname, name: (node) => node.id },
  { setting: "vmId", of: (node) => String(node.vmId) },
  { setting: "ipv4Address", of: (node) => node.ipv4Address, judgedBy: ["vmId"] },
  {
    setting: "macAddress",
    // One node's interfaces are compared in its own check.
    of: (node) => [...new Set(node.vm.networkInterfaces.flatMap((nic) => nic.macAddress ?? []))],
    judgedBy: ["vmId"],
  },
  {
    setting: "networkInterfaces.address",
    of: (node) => [
      ...new Set(
        guestInterfaces(node).flatMap(({ address }) =>
          address.kind === "static" ? address.ipv4Address : [],
        ),
      ),
    ],
    judgedBy: ["vmId", "networkInterfaces"],
  },
  { setting: "directory", of: (node) => node.directory, followsId: true },
  // Ids that differ only in - and _ would make one VM in OpenTofu's JSON.
  { setting: "Terraform name", of: (node) => node.terraformName, followsId: true },
];

/** For each of them the nodes that share one. */
function sharedValues(nodes: readonly Node[]): Fault[][] {
  const seen = new Set<string>();
  const firsts = nodes.filter(({ id }) => !seen.has(id) && seen.add(id));
  return UNIQUE.map(({ setting, of, name = nodeName, followsId, judgedBy = [] }) => {
    const owners = new Map<string, Node[]>();
    for (const node of followsId ? firsts : nodes) {
      for (const value of [of(node)].flat()) {
        if (!value) continue; // another check reports it
        const others = owners.get(value);
        if (others) others.push(node);
        else owners.set(value, [node]);
      }
    }
    return [...owners]
      .filter(([, all]) => all.length > 1)
      .map(([value, all]) =>
        faultBetween(all.map(name), setting, `${whoAll(all, name)} use ${value} as '${setting}'`, judgedBy),
      );
  });
}

/** `'hamal' and 'mizar' both`. A node that was copied may share all its names with the original. */
function whoAll(nodes: readonly Node[], name: (node: Node) => string): string {
  const names = [name, (node: Node) => node.id]
    .map((of) => nodes.map(of))
    .find((each) => new Set(each).size === nodes.length);
  if (names === undefined) return `${nodes.length} nodes`;
  return `${quoteAll(names)} ${nodes.length === 2 ? "both" : "all"}`;
}

const faultBetween = (
  nodes: readonly string[],
  setting: string,
  message: string,
  judgedBy: readonly string[] = [],
): Fault => ({ nodes, setting, message, judgedBy });

/** Where it is so of all nodes, their network is what is wrong. */
function addressRules({ network, nodes }: Cluster): Fault[] {
  const node = parseNetwork(network.nodeCidr);
  if (node === undefined) return []; // a fault of the network
  const judgedBy = ["vmId", "network.nodeCidr"];
  const faults = nodes.flatMap((each) => {
    const [name, { ipv4Address, vmId }] = [nodeName(each), each];
    const address = parseAddress(ipv4Address);
    const underivable = ipv4Address === "";
    if (!underivable && (address === undefined || contains(node, address))) return [];
    const sentence = underivable
      ? `must be set: VM ID ${vmId} is not a host number in ${node.cidr}`
      : `should be in the node network ${node.cidr}, got ${formatValue(ipv4Address)}`;
    return [{ nodes: [name], setting: "ipv4Address", sentence, judgedBy }];
  });
  const [first] = faults;
  if (first === undefined || faults.length < Math.max(2, nodes.length)) return faults;
  const message = `'network.nodeCidr' ${node.cidr} contains none of the nodes: 'ipv4Address' of ${quoteAll(first.nodes)} ${first.sentence}`;
  return [{ ...faultBetween([], "network.nodeCidr", message), judgedBy }];
}

/** A former name that another node has or claims would move that node's VM. */
function formerNames(nodes: readonly Node[]): Fault[] {
  const claims = new Map(nodes.map((node) => [node.terraformName, node]));
  return nodes.flatMap((node) => {
    const former = node.formerTerraformName;
    if (former === undefined) return [];
    const other = claims.get(former);
    claims.set(former, other ?? node);
    if (other === undefined) return [];
    const claim =
      other === node
        ? "its own Terraform name"
        : `the present or former Terraform name of ${quoteAll([nodeName(other)])}`;
    return [
      faultBetween(
        [nodeName(node)],
        "formerId",
        `'formerId' of ${quoteAll([nodeName(node)])} is ${former}, ${claim}`,
      ),
    ];
  });
}

function serverRules(cluster: Cluster, allowEven: boolean): Fault[] {
  const all = servers(cluster);
  if (all.length === 0) {
    const waiting = cluster.nodes.map(nodeName);
    const whom = waiting.length === 0 ? "" : ` for ${quoteAll(waiting)} to join`;
    return [faultBetween(waiting, "servers", `the cluster has no server${whom}; add a K3sServerNode`)];
  }
  return [...founder(all), ...evenCount(all, allowEven)];
}

/** Two founders would make two clusters; without any, the servers would wait for each other forever. */
function founder(all: readonly Node[]): Fault[] {
  const founders = all.filter((node) => node.clusterInit);
  if (founders.length === 1) return [];
  const names = (founders.length === 0 ? all : founders).map(nodeName);
  const found = founders.length === 0 ? `for none of ${quoteAll(names)}` : `for ${quoteAll(names)}`;
  return [
    faultBetween(
      names,
      "clusterInit",
      `'clusterInit' should be true for exactly one server, but it is ${found}`,
    ),
  ];
}

/** An even number of etcd members tolerates no more failures than one member fewer, but has one more that can fail. */
function evenCount(all: readonly Node[], allowEven: boolean): Fault[] {
  if (all.length % 2 === 1 || allowEven) return [];
  const names = all.map(nodeName);
  const message =
    `${all.length} servers, ${quoteAll(names)}, tolerate no more failures than ${all.length - 1}; ` +
    "add or remove one, or set 'allowEvenServerCount: true' during a change";
  return [faultBetween(names, "servers", message)];
}

function endpointRules(cluster: Cluster): Fault[] {
  const server = servers(cluster).find((node) => isEndpoint(cluster.apiEndpoint, node));
  if (server && new URL(cluster.apiEndpoint).port !== String(API_PORT)) {
    const message = `'apiEndpoint' ${cluster.apiEndpoint} is on ${quoteAll([nodeName(server)])}, which serves the API on port ${API_PORT}; use that port`;
    return [faultBetween([nodeName(server)], "apiEndpoint", message, ENDPOINT_JUDGED_BY)];
  }
  const agent = cluster.nodes.find((node) => node.role === "agent" && isEndpoint(cluster.apiEndpoint, node));
  if (agent === undefined) return [];
  const message = `'apiEndpoint' ${cluster.apiEndpoint} is on ${quoteAll([nodeName(agent)])}, an agent; use the address of a server`;
  return [faultBetween([nodeName(agent)], "apiEndpoint", message, ENDPOINT_JUDGED_BY)];
}

/** Nodes of one address or name would both be the endpoint's, and without a server none is. */
const ENDPOINT_JUDGED_BY = ["apiEndpoint", "vmId", "ipv4Address", "hostname", "servers"];

/** K3s gives every node a /24 of the pod network. */
const POD_PREFIX_LENGTH = 24;

function podNetworkRoom(cluster: Cluster): Fault[] {
  const pods = parseNetwork(cluster.network.podCidr);
  if (pods === undefined) return [];
  const room = pods.prefixLength > POD_PREFIX_LENGTH ? 0 : 2 ** (POD_PREFIX_LENGTH - pods.prefixLength);
  if (room >= cluster.nodes.length) return [];
  const message = `'network.podCidr' ${pods.cidr} has a /${POD_PREFIX_LENGTH} for ${counted(room, "node")}, but the cluster has ${cluster.nodes.length}`;
  return [faultBetween([], "network.podCidr", message)];
}

/** A revision of nixpkgs is of one release, and a host does not build with another. */
function oneRelease({ nixos, nodes }: Cluster): Fault[] {
  const releases = [...groupBy(nodes, (node) => node.nixos.release)];
  if (nixos?.nixpkgs === undefined || releases.length < 2) return [];
  const stated = releases.map(([release, some]) => `${release} for ${quoteAll(some.map(nodeName))}`);
  const message =
    `'nixos.nixpkgs' is one for all hosts, but 'nixos.release' is ${stated.join(", ")}; ` +
    "state it for the cluster alone";
  return [{ ...faultBetween([], "nixos.release", message), judgedBy: ["nixos.nixpkgs"] }];
}

/** A builder that there is, and one nixpkgs: the channels of two machines may have different ones. */
function buildRules(cluster: Cluster): Fault[] {
  const place = buildPlace(cluster);
  if (place === EACH_HOST) return [];
  const hostnames = cluster.nodes.map(({ hostname }) => hostname);
  const fault = { nodes: [], setting: "rollout.build" };
  if (place !== THIS_MACHINE && !hostnames.includes(place)) {
    const known = [EACH_HOST, THIS_MACHINE, ...hostnames];
    const wish = `should be "${EACH_HOST}", "${THIS_MACHINE}" or the hostname of a node`;
    const sentence = `${wish}${describeActual(place)}${suggestion(place, known)}`;
    return [{ ...fault, sentence, judgedBy: ["hostname"] }];
  }
  if (cluster.nixos?.nixpkgs !== undefined) return [];
  const sentence = `is ${formatValue(place)}, and needs 'nixos.nixpkgs': without it, each host builds from its own channel`;
  return [{ ...fault, sentence, judgedBy: ["nixos.nixpkgs"] }];
}
