import { contains, parseAddress, parseNetwork } from "./address";
import { formatValue, listed, withNews, type Fault } from "./fault";
import type { Cluster, Node } from "./model";
import { servers } from "./model";
import { API_PORT } from "./k3s";
import { isEndpoint } from "./network";

/** Rules that only hold, or break, between nodes. */
export function clusterFaults(cluster: Cluster, allowEvenServerCount: boolean): Fault[] {
  return [
    addressRules(cluster),
    ...sharedValues(cluster.nodes),
    formerNames(cluster.nodes),
    serverRules(cluster, allowEvenServerCount),
    endpointRules(cluster),
    podNetworkRoom(cluster),
  ].reduce<Fault[]>(withNews, []);
}

/** What no two nodes may have in common. */
const UNIQUE: readonly {
  setting: string;
  of: (node: Node) => string | string[];
  name?: (node: Node) => string;
  /** Follows from the construct id, so that nodes of one id share it: that is one fault, not several. */
  followsId?: true;
  judgedBy?: readonly string[];
}[] = [
  // Constructs of one id would take each other's place, so the second is kept under another key and told here.
  { setting: "construct id", of: (node) => node.id },
  // The hostname is what is wrong, so the ids tell the nodes apart.
  { setting: "hostname", of: (node) => node.hostname, name: (node) => node.id },
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- a fault of its own when it is missing
  { setting: "vmId", of: (node) => (node.vmId === undefined ? [] : String(node.vmId)) },
  { setting: "ipv4Address", of: (node) => node.ipv4Address, judgedBy: ["vmId"] },
  {
    setting: "macAddress",
    of: (node) => node.vm.networkInterfaces.flatMap((nic) => nic.macAddress ?? []),
    judgedBy: ["vmId"],
  },
  { setting: "directory", of: (node) => node.directory, followsId: true },
  // Two ids that differ in - and _ only: OpenTofu JSON would hold one VM for both.
  { setting: "Terraform name", of: (node) => node.terraformName, followsId: true },
];

const nameOf = (node: Node): string => node.hostname || node.id;

/** For each of them the nodes that share one. */
function sharedValues(nodes: readonly Node[]): Fault[][] {
  const seen = new Set<string>();
  const firsts = nodes.filter(({ id }) => !seen.has(id) && seen.add(id));
  return UNIQUE.map(({ setting, of, name = nameOf, followsId, judgedBy = [] }) => {
    const owners = new Map<string, string[]>();
    for (const node of followsId ? firsts : nodes) {
      for (const value of [of(node)].flat()) {
        if (!value) continue; // said of the node
        const names = owners.get(value);
        if (names) names.push(name(node));
        else owners.set(value, [name(node)]);
      }
    }
    return [...owners]
      .filter(([, names]) => names.length > 1)
      .map(([value, names]) =>
        between(
          names,
          setting,
          `${listed(names)} ${names.length === 2 ? "both" : "all"} use ${value} as '${setting}'`,
          judgedBy,
        ),
      );
  });
}

const between = (
  nodes: readonly string[],
  setting: string,
  message: string,
  judgedBy: readonly string[] = [],
): Fault => ({ nodes, setting, message, judgedBy });

/** Where it is so of all nodes, their network is what is wrong. */
function addressRules({ network, nodes }: Cluster): Fault[] {
  const node = parseNetwork(network.nodeCidr);
  if (node === undefined) return []; // said of the network
  const judgedBy = ["vmId", "network.nodeCidr"];
  const faults = nodes.flatMap((each) => {
    const [name, { ipv4Address, vmId }] = [nameOf(each), each];
    const address = parseAddress(ipv4Address);
    const underivable = ipv4Address === "";
    if (!underivable && (address === undefined || contains(node, address))) return [];
    const sentence = underivable
      ? `has to be stated: VM ID ${vmId} is not a host number in ${node.cidr}`
      : `should be in the node network ${node.cidr}, got ${formatValue(ipv4Address)}`;
    return [{ nodes: [name], setting: "ipv4Address", sentence, judgedBy }];
  });
  const [first] = faults;
  if (first === undefined || faults.length < Math.max(2, nodes.length)) return faults;
  const message = `'network.nodeCidr' ${node.cidr} has none of the nodes: 'ipv4Address' of ${listed(first.nodes)} ${first.sentence}`;
  return [{ ...between([], "network.nodeCidr", message), judgedBy }];
}

/** A former name that another node bears or claims would move that node's VM away. */
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
        : `the present or former Terraform name of ${listed([nameOf(other)])}`;
    return [
      between([nameOf(node)], "formerId", `'formerId' of ${listed([nameOf(node)])} is ${former}, ${claim}`),
    ];
  });
}

function serverRules(cluster: Cluster, allowEven: boolean): Fault[] {
  const all = servers(cluster);
  if (all.length === 0) {
    const waiting = cluster.nodes.map(nameOf);
    const whom = waiting.length === 0 ? "" : ` for ${listed(waiting)} to join`;
    return [between(waiting, "servers", `there is no server${whom}; add a K3sServerNode`)];
  }
  return [...founder(all), ...evenCount(all, allowEven)];
}

/** Two founders found two clusters; without one the servers wait for each other for ever. */
function founder(all: readonly Node[]): Fault[] {
  const founders = all.filter((node) => node.clusterInit);
  if (founders.length === 1) return [];
  const names = (founders.length === 0 ? all : founders).map(nameOf);
  const found = founders.length === 0 ? `for none of ${listed(names)}` : `for ${listed(names)}`;
  return [
    between(names, "clusterInit", `'clusterInit' should be true for exactly one server, it is ${found}`),
  ];
}

/** Of an even number of etcd members as many may fail as of one fewer, and one more can. */
function evenCount(all: readonly Node[], allowEven: boolean): Fault[] {
  if (all.length % 2 === 1 || allowEven) return [];
  const names = all.map(nameOf);
  const message =
    `${all.length} servers, ${listed(names)}, tolerate no more failures than ${all.length - 1}; ` +
    "add or remove one, or state 'allowEvenServerCount' for the time of a change";
  return [between(names, "servers", message)];
}

function endpointRules(cluster: Cluster): Fault[] {
  const server = servers(cluster).find((node) => isEndpoint(cluster.apiEndpoint, node));
  if (server && new URL(cluster.apiEndpoint).port !== String(API_PORT)) {
    const message = `'apiEndpoint' ${cluster.apiEndpoint} is on ${listed([nameOf(server)])}, which serves the API on port ${API_PORT}`;
    return [between([nameOf(server)], "apiEndpoint", message, ENDPOINT_JUDGED_BY)];
  }
  const agent = cluster.nodes.find((node) => node.role === "agent" && isEndpoint(cluster.apiEndpoint, node));
  if (agent === undefined) return [];
  const message = `'apiEndpoint' ${cluster.apiEndpoint} is on ${listed([nameOf(agent)])}, an agent; the API is on servers`;
  return [between([nameOf(agent)], "apiEndpoint", message, ENDPOINT_JUDGED_BY)];
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
  const message = `'network.podCidr' ${pods.cidr} has a /${POD_PREFIX_LENGTH} for ${room} nodes, the cluster has ${cluster.nodes.length}`;
  return [between([], "network.podCidr", message)];
}
