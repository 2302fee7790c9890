import { availability } from "./availability";
import { vipCandidates } from "../config/api-vip";
import { poolInWords } from "../config/address-pool";
import { coresOf, total } from "../config/capacity";
import { loadBalancerName } from "../config/load-balancer";
import { EMPTY_TEMPLATE } from "../config/template-vm";
import { backupsFolder } from "../config/names";
import { initServer, servers, terraformAddress, type Cluster, type Node } from "../config/model";
import { isTokenByHand, isTokenDelivered } from "../config/rollout";
import { firewallMatrix } from "../firewall/firewall-matrix";
import { labelsOf } from "../config/topology";
import { k3sFlags } from "./k3s";
import { namedCluster } from "../base/command-line";
import { shellWord } from "../base/escape";
import { code, counted, enumerated, plain } from "../base/markdown";
import { markdownTable } from "../base/table";
import { fill } from "./templates";
import { recipeOf, templateVms } from "./template-vm";
import { topology } from "./topology";

/**
 * Renders `README.md` of the folder of the hosts: a description of the cluster, and its runbook.
 *
 * @param emitted - paths that a synth writes, relative to `main.ts`: the folder of the hosts, and documents
 * @param variables - OpenTofu variables that the VMs' settings use
 */
export function renderReadme(
  cluster: Cluster,
  emitted: readonly [folder: string, ...documents: string[]],
  variables: readonly string[] = [],
): string {
  const { nodes, network } = cluster;
  const [folder] = emitted;
  const init = initServer(cluster) ?? servers(cluster)[0];
  const agents = nodes.filter(({ role }) => role === "agent");
  return fill("README.md", {
    name: namedCluster() ?? "",
    backups: backupsFolder(folder),
    counts: countsOf(cluster),
    totals: totalsOf(cluster),
    endpoint: cluster.apiEndpoint,
    vip: cluster.apiVip !== undefined && {
      address: cluster.apiVip.address,
      order: enumerated(vipCandidates(cluster).map(({ node }) => node.hostname)),
    },
    loadBalancer: loadBalancerName(cluster) ?? "",
    pool: cluster.loadBalancer === undefined ? "" : poolInWords(cluster.loadBalancer.pool),
    several: nodes.length > 1,
    nodes: nodesTable(cluster, ({ hostname, role }) => `[${hostname}](#${hostname}-${role})`),
    topology: topology(cluster),
    availability: availability(cluster) ?? false,
    matrix: firewallMatrix(cluster),
    dhcp: network.gateway === undefined,
    nodeCidr: network.nodeCidr,
    dhcpRange: network.dhcpRange ?? false,
    reservations: reservations(nodes),
    leases: nodes,
    emptyTemplate: EMPTY_TEMPLATE,
    templates: templateVms(cluster).map((template, _, all) => ({
      vmId: template.vmId,
      option: all.length > 1 ? ` --vm-id ${template.vmId}` : "",
      byHand: template.byHand ?? "",
      ...recipeOf(template, folder),
    })),
    template: enumerated([...new Set(nodes.map(({ vm }) => `${vm.templateVmId}`))]),
    release: enumerated([...new Set(nodes.map(({ nixos }) => nixos.release))]),
    last: nodes.at(-1)?.hostname ?? "",
    next: next(nodes),
    emitted: emitted.map(shellWord).join(" "),
    pinned: cluster.nixos?.nixpkgs !== undefined,
    removable: agents.at(-1)?.hostname ?? "",
    environment: enumerated([...CREDENTIALS, ...variables.map((name) => `TF_VAR_${name}`)].map(code)),
    token: token(cluster, cluster.k3s.tokenFile),
    agentToken: cluster.k3s.agentTokenFile !== undefined && token(cluster, cluster.k3s.agentTokenFile),
    tokenHolders: addresses(cluster.k3s.agentTokenFile === undefined ? nodes : servers(cluster)),
    snapshots: cluster.k3s.snapshots ?? false,
    s3: cluster.k3s.snapshots?.s3?.bucket ?? "",
    addresses: addresses(nodes),
    agentAddresses: addresses(agents),
    init: init && entry(init),
    servers: servers(cluster).map(entry),
    joining: servers(cluster)
      .filter((node) => node !== init)
      .map(entry),
    restoreFlags: init && restoreFlags(cluster, init),
    sections: nodes.map((node) => ({
      title: `${node.hostname}, ${node.role}`,
      facts: facts(cluster, node).trimEnd(),
    })),
  });
}

/** Renders the table of nodes for a region in a document of the owner. */
export const renderNodeRegion = (cluster: Cluster): string =>
  `\n${nodesTable(cluster, ({ hostname }) => code(hostname))}\n${totalsOf(cluster)}.\n\n`;

const addresses = (nodes: readonly Node[]): string => nodes.map(({ ipv4Address }) => ipv4Address).join(" ");

/** A join token file on the hosts, and how it gets there. */
const token = (cluster: Cluster, path: string): object => ({
  path,
  delivered: isTokenDelivered(path),
  byHand: isTokenByHand(cluster, path),
});

const entry = ({ hostname, ipv4Address }: Node): object => ({ hostname, address: ipv4Address });

function countsOf({ nodes }: Cluster): string {
  const of = (role: Node["role"]): number => nodes.filter((node) => node.role === role).length;
  return [counted(of("server"), "server"), ...(of("agent") > 0 ? [counted(of("agent"), "agent")] : [])].join(
    " and ",
  );
}

const diskOf = ({ vm }: Node): number => total(vm.disks, ({ sizeGib }) => sizeGib);

function totalsOf({ nodes }: Cluster): string {
  const cores = total(nodes, coresOf);
  const memory = gib(total(nodes, ({ vm }) => vm.memoryMib));
  return `${counted(nodes.length, "node")}: ${counted(cores, "core")}, ${memory} memory, ${total(nodes, diskOf)} GiB disk`;
}

/** Formats MiB as GiB, unless it is not a multiple of half a GiB. */
const gib = (mib: number): string => (mib % 512 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`);

const nodesTable = ({ nodes }: Cluster, name: (node: Node) => string): string =>
  markdownTable(
    ["node", "role", "VM ID", "IPv4 address", "MAC address", "cores", "memory", "disk", "PVE node"],
    nodes.map((node) => [
      name(node),
      node.role,
      `${node.vmId}`,
      node.ipv4Address,
      node.macAddress,
      `${coresOf(node)}`,
      gib(node.vm.memoryMib),
      `${diskOf(node)} GiB`,
      code(node.vm.pveNode),
    ]),
  );

const reservations = (nodes: readonly Node[]): string =>
  markdownTable(
    ["MAC address", "IPv4 address", "host"],
    nodes.map(({ macAddress, ipv4Address, hostname }) => [macAddress, ipv4Address, hostname]),
  );

/** Environment variables of the provider. */
const CREDENTIALS = ["PROXMOX_VE_ENDPOINT", "PROXMOX_VE_API_TOKEN"];

/** A free VM ID and construct id for another agent. */
function next(nodes: readonly Node[]): { id: string; vmId: number } {
  const ids = new Set(nodes.map(({ id }) => id));
  let number = 1;
  while (ids.has(`k3s-agent-${number}`)) number++;
  return { id: `k3s-agent-${number}`, vmId: Math.max(...nodes.map(({ vmId }) => vmId)) + 1 };
}

/**
 * A restore needs the flags that K3s runs with; otherwise the restored cluster would have another network. Each flag is
 * quoted for two shells, since `ssh` passes its arguments to another.
 */
const restoreFlags = (cluster: Cluster, init: Node): string =>
  [`--token-file=${cluster.k3s.tokenFile}`, ...k3sFlags(cluster, init)]
    .map((flag) => shellWord(shellWord(flag)))
    .join(" ");

function facts(cluster: Cluster, node: Node): string {
  const { directory, vm, nixos } = node;
  const rows: [string, string | undefined][] = [
    ["role", node.clusterInit ? "server, which initializes the cluster" : node.role],
    ["VM", `${node.vmId} on PVE node ${code(vm.pveNode)}, cloned from ${vm.templateVmId}`],
    ["description", vm.description && plain(vm.description)],
    ["in OpenTofu", code(terraformAddress(node.terraformName))],
    [
      "addresses",
      `${node.ipv4Address}, ${node.macAddress} on ${vm.networkInterfaces.map(({ bridge }) => code(bridge)).join(", ")}`,
    ],
    ["size", `${counted(coresOf(node), "core")} of ${code(vm.cpuType)}, ${gib(vm.memoryMib)} memory`],
    [
      "disks",
      vm.disks
        .map((disk) => `${disk.interface}: ${disk.sizeGib} GiB on ${code(disk.datastore)}`)
        .join("<br>"),
    ],
    [
      "NixOS",
      `${nixos.release}, ${nixos.firmware === "uefi" ? "UEFI" : "BIOS"}, root on ${nixos.rootFilesystem.type}`,
    ],
    ["labels", labelsOf(cluster, node).map(code).join(", ")],
    ["taints", node.nodeTaints.map(code).join(", ")],
    ["directory", `[${directory}](${directory})`],
  ];
  return markdownTable(
    ["", ""],
    rows.filter((row): row is [string, string] => Boolean(row[1])),
  );
}
