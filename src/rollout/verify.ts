import { messageAtHost, messageOf } from "../base/user-error";
import { API_PORT } from "../config/k3s";
import { coversNetwork, parseNetwork } from "../config/address";
import { apiVipHolderFaults } from "./api-vip";
import { certificateFaults, daysOf, readCertificates, type DaysLeft } from "./certificates";
import type { Description } from "./description";
import { revisionOf } from "./facts";
import { drillResultFaults, ownDrill, readDrillResults, type OwnDrill } from "./drill-results";
import type { Fleet } from "./fleet";
import { forwardingFaults, inspect, ANY_CONNECTION } from "./health";
import type { Host } from "./host";
import { kubeconfigFaults, ownKubeconfig, type OwnKubeconfig } from "./kubeconfig";
import type { KubeNode } from "./kubernetes";
import { revisionFaults, verifiedRevision } from "./nixpkgs";
import { rulesetState, type Counters } from "./ruleset";
import type { Report } from "./script";
import { readSnapshots, snapshotAges, snapshotFaults, type SnapshotAges } from "./snapshots";
import { compareVersions } from "./version";

/** The result of verifying a node. */
export interface Health {
  readonly name: string;
  readonly role: string;
  readonly address: string;
  readonly version: string;
  /** Revision of nixpkgs that it runs, empty if unknown. @default - main.ts states none for all hosts */
  readonly nixpkgs?: string;
  readonly ready: boolean;
  readonly reaches: string;
  readonly firewall: string;
  readonly counters: Counters;
  /** Days until its first certificate expires. @default - they could not be read */
  readonly certificates?: DaysLeft;
  /** Drills that it carries out by itself. @default - main.ts asks for none, or they could not be read */
  readonly drill?: OwnDrill;
  /** Everything that differs from the model. */
  readonly faults: readonly string[];
}

export interface Verification {
  readonly nodes: readonly Health[];
  /** The operator's own access. @default - the operator's kubeconfig does not name this cluster */
  readonly kubeconfig?: OwnKubeconfig;
  /** Age of the newest snapshot of etcd in each place, in hours. @default - they could not be asked for */
  readonly snapshots?: SnapshotAges;
  /** Faults of the cluster as a whole. */
  readonly faults: readonly string[];
}

export const isHealthy = ({ nodes, faults }: Verification): boolean =>
  faults.length === 0 && nodes.every((node) => node.faults.length === 0);

/** Compares the live cluster with the model: each host, and the cluster as a whole. */
export async function verify(fleet: Fleet, hosts: readonly Host[]): Promise<Verification> {
  let nodes: readonly KubeNode[];
  try {
    nodes = fleet.nodes ?? (await fleet.kubernetes.nodes());
  } catch (error) {
    const faults = [
      `The Kubernetes API cannot be asked: ${messageOf(error)}`,
      ...fleet.unreachable.map(({ error: each }) => messageOf(each)),
    ];
    return { nodes: [], faults };
  }
  const healths = await Promise.all(hosts.map((host) => healthOf(host, fleet, nodes)));
  const description = hosts[0]?.description;
  const kubeconfig = description && ownKubeconfig(description);
  const snapshots = await snapshotsOf(fleet, description, nodes);
  return {
    nodes: healths,
    kubeconfig,
    snapshots: snapshots.ages,
    faults: [
      ...clusterFaults(fleet, nodes),
      ...apiVipHolderFaults(fleet),
      ...kubeconfigFaults(description, kubeconfig),
      ...snapshots.faults,
    ],
  };
}

async function snapshotsOf(
  { kubernetes }: Fleet,
  description: Description | undefined,
  nodes: readonly KubeNode[],
): Promise<{ readonly ages?: SnapshotAges; readonly faults: readonly string[] }> {
  if (description === undefined) return { faults: [] };
  try {
    const snapshots = await readSnapshots(kubernetes);
    const now = Date.now();
    return {
      ages: snapshotAges(description, snapshots, now),
      faults: snapshotFaults(description, snapshots, nodes, now),
    };
  } catch (error) {
    return { faults: [`the snapshots of etcd cannot be asked for: ${messageOf(error)}`] };
  }
}

function clusterFaults({ hosts, unreachable }: Fleet, nodes: readonly KubeNode[]): string[] {
  const model = new Set([...hosts, ...unreachable].map(({ host }) => host.name));
  const strangers = nodes.filter(({ name }) => !model.has(name)).map(({ name }) => name);
  const servers = nodes.filter(({ server }) => server);
  const versions = [...new Set(servers.map(({ version }) => version))].sort(compareVersions);
  const oldest = versions[0] ?? "";
  const newer = nodes.filter(({ server, version }) => !server && compareVersions(version, oldest) > 0);
  return [
    ...strangers.map((name) => `${name} is a node of the cluster but not in main.ts`),
    ...(versions.length > 1 ? [`servers run different versions of K3s: ${versions.join(", ")}`] : []),
    ...newer.map(({ name, version }) => `${name} has a newer K3s (${version}) than a server (${oldest})`),
  ];
}

/** What a verification says of one host. */
export async function healthOf(host: Host, fleet: Fleet, nodes: readonly KubeNode[]): Promise<Health> {
  const { name, node } = host;
  const found = nodes.find((each) => each.name === name);
  const base = { name, role: node.role, address: node.ipv4Address, version: found?.version ?? "" };
  const unreachable = fleet.unreachable.find((each) => each.host === host);
  const own = nodeFaults(host, found);
  if (unreachable !== undefined) {
    const faults = [messageAtHost(unreachable.error), ...own];
    return { ...base, ready: found?.ready ?? false, reaches: "?", firewall: "?", counters: {}, faults };
  }
  try {
    // A node that is not Ready has its own fault.
    const others = nodes.filter((each) => each !== found && each.ready && hasPods(each, host));
    // One call after the other, over one connection.
    const report = await inspect(host, ANY_CONNECTION);
    const reach = await reachOf(host, others);
    const certificates = await readCertificates(host);
    const drills = await readDrillResults(host);
    const now = new Date();
    const ruleset = rulesetState(report);
    const misses = reach
      .all("misses")
      .map((address) => others.find((each) => flannelAddress(each, hasTunnel(host)) === address)?.name);
    const faults = [
      ...own,
      ...runningFaults(host, report, found),
      ...revisionFaults(host, revisionOf(report)),
      ...ruleset.differences.map((difference) => `its firewall differs from the emitted one: ${difference}`),
      ...misses.map((other) => `pods of ${other ?? "another node"} cannot be reached from it (flannel)`),
      ...(reach.one("api") === "reached"
        ? []
        : [`it does not reach the API at ${host.description.apiEndpoint}`]),
      ...certificateFaults(host, certificates, now),
      ...drillResultFaults(host.description, drills, now.getTime()),
    ];
    return {
      ...base,
      nixpkgs: verifiedRevision(host, revisionOf(report)),
      ready: found?.ready ?? false,
      reaches: `${others.length - misses.length}/${others.length}`,
      firewall: ruleset.differences.length === 0 ? "as emitted" : "differs",
      counters: ruleset.counters,
      certificates: daysOf(certificates, now),
      drill: drills && ownDrill(drills, now.getTime()),
      faults,
    };
  } catch (error) {
    const faults = [messageAtHost(error), ...own];
    return { ...base, ready: found?.ready ?? false, reaches: "?", firewall: "?", counters: {}, faults };
  }
}

/** Whether the node's pod CIDR is part of the cluster's: other hosts will connect to addresses in it. */
function hasPods({ podCidr }: KubeNode, { description }: Host): boolean {
  const [own, all] = [parseNetwork(podCidr), parseNetwork(description.network.podCidr)];
  return own !== undefined && all !== undefined && coversNetwork([all], own);
}

function nodeFaults(host: Host, found: KubeNode | undefined): string[] {
  if (found === undefined) return ["it is not a node of the cluster"];
  const { node, description } = host;
  return [
    ...(found.podCidr === "" || hasPods(found, host)
      ? []
      : [`its node has pod CIDR ${found.podCidr}, which is not in ${description.network.podCidr}`]),
    ...(found.ready ? [] : ["its node is not Ready"]),
    ...(found.cordoned ? ["it is cordoned"] : []),
    ...(found.server === (node.role === "server")
      ? []
      : [`it should be ${node.role === "server" ? "a server" : "an agent"}, but is not`]),
    ...(found.address === node.ipv4Address
      ? []
      : [`its node has address ${found.address}, not ${node.ipv4Address}`]),
  ];
}

function runningFaults({ name }: Host, report: Report, found: KubeNode | undefined): string[] {
  const hostname = report.one("hostname");
  const version = report.one("k3s_version");
  return [
    ...(hostname === name ? [] : [`its hostname is ${hostname}`]),
    ...(report.one("current") === report.one("profile")
      ? []
      : ["the running system is not the boot default"]),
    ...forwardingFaults(report),
    ...(report.one("k3s") === "active" ? [] : [`K3s is ${report.one("k3s") || "not installed"}`]),
    ...(found === undefined || found.version === version
      ? []
      : [`its node reports K3s ${found.version}, but its system has ${version || "none"}`]),
    ...(found === undefined || found.bootId === report.one("boot_id")
      ? []
      : ["its node reports another boot"]),
  ];
}

/** Address of the node's flannel device: the first of its pod CIDR. Its bridge, which exists if it has pods, has the next one. */
const flannelAddress = ({ podCidr }: KubeNode, tunnel: boolean): string =>
  (podCidr.split("/")[0] ?? "").replace(/0$/, tunnel ? "0" : "1");

const hasTunnel = ({ description }: Host): boolean => description.k3s.flannelBackend !== "host-gw";

const reachOf = (host: Host, others: readonly KubeNode[]): Promise<Report> =>
  host.call(
    "reach",
    {
      targets: others.map((other) => flannelAddress(other, hasTunnel(host))).join(" "),
      tunnel: hasTunnel(host) ? "yes" : "no",
      endpoint: endpointFor(host),
    },
    { timeoutSeconds: 30 + 8 * others.length },
  );

/** A server asks itself: the endpoint may be a load balancer that servers cannot use. */
const endpointFor = ({ node, description }: Host): string =>
  node.role === "server" ? `https://127.0.0.1:${API_PORT}` : description.apiEndpoint;
