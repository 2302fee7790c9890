import { groupBy } from "../base/group-by";
import { coversNetwork, parseNetwork } from "./address";
import { quoteAll } from "./fault";
import { serversApart } from "./ha";
import type { RecordedNode } from "./history";
import { lateFlags, unknownFlags } from "./k3s-flags";
import { servers, type Cluster, type Node } from "./model";

/** Settings that are valid, but usually a mistake. */
export const warningsOf = (cluster: Cluster, last: readonly RecordedNode[]): string[] => [
  ...flagsOfNoK3s(cluster),
  ...flagsOfNewerK3s(cluster),
  ...traefikWithoutAddress(cluster),
  ...registryWithoutRegistries(cluster),
  ...threadsWithoutEffect(cluster.nodes),
  ...serversTogether(cluster),
  ...noSpareForServers(cluster),
  ...renamedHosts(cluster.nodes, last),
];

/** Where flags are written, with the flags. */
const flagsByPlace = ({ k3s, nodes }: Cluster): (readonly [string, readonly string[]])[] => [
  ["'k3s.serverFlags'", k3s.serverFlags],
  ["'k3s.agentFlags'", k3s.agentFlags],
  ...nodes.map((node) => [`'k3sFlags' of ${quoteAll([node.hostname])}`, node.k3sFlags] as const),
];

/** Another version of K3s may have them. */
const flagsOfNoK3s = (cluster: Cluster): string[] =>
  flagsByPlace(cluster).flatMap(([place, flags]) =>
    unknownFlags(flags).map(
      (name) => `${place} has --${name}, which no K3s of 1.31 to 1.35 has: K3s may not start with it`,
    ),
  );

/** NixOS 25.11 has K3s 1.34, which has every flag that is known; the channel of an older one decides which release of K3s it has. */
function flagsOfNewerK3s(cluster: Cluster): string[] {
  const [, major, minor] = /^k3s_(\d+)_(\d+)$/.exec(cluster.k3s.package) ?? [];
  if (major === undefined && cluster.nodes.every(({ nixos }) => nixos.release >= "25.11")) return [];
  const pinned = major === undefined ? undefined : `${major}.${minor}`;
  return flagsByPlace(cluster).flatMap(([place, flags]) =>
    lateFlags(flags, pinned).map(
      ({ name, releases }) =>
        `${place} has --${name}, which K3s has since ${listed(releases)}: an older release does not start with it`,
    ),
  );
}

const listed = (releases: readonly string[]): string =>
  [releases.slice(0, -1).join(", "), releases.at(-1)].filter(Boolean).join(" and ");

/** ServiceLB opens Traefik's ports; of another load balancer only the owner knows the services. */
function traefikWithoutAddress({ k3s, loadBalancer, firewall, network }: Cluster): string[] {
  if (!k3s.traefik || k3s.serviceLb) return [];
  if (loadBalancer === undefined && k3s.exposedPorts.length === 0)
    return [
      "'k3s.traefik' is true and 'k3s.serviceLb' false: nothing gives Traefik an address that the LAN reaches; " +
        "install MetalLB or kube-vip, state it as 'loadBalancer', and Traefik's ports 80 and 443 in 'k3s.exposedPorts'",
    ];
  const open = [
    ...k3s.exposedPorts.filter(({ protocol }) => protocol === "tcp"),
    ...firewall.allow
      .filter(({ protocol, over, from }) => protocol === "tcp" && over === undefined && hasLan(from, network))
      .flatMap(({ ports }) => ports ?? []),
  ];
  const closed = TRAEFIK_PORTS.filter((port) => !open.some(({ from, to }) => from <= port && port <= to));
  if (loadBalancer === undefined || closed.length === 0) return [];
  return [
    `'k3s.traefik' is true, but the firewall refuses the LAN port ${closed.join(" and ")} at the addresses of 'loadBalancer.pool'; ` +
      "state it in 'k3s.exposedPorts'",
  ];
}

/** Whether the source includes a whole network of the LAN. */
function hasLan(from: string, { lanCidrs }: Cluster["network"]): boolean {
  if (from === "everyone") return true;
  const source = parseNetwork(from);
  const lans = lanCidrs.flatMap((cidr) => parseNetwork(cidr) ?? []);
  return source !== undefined && lans.some((lan) => coversNetwork([source], lan));
}

const TRAEFIK_PORTS = [80, 443];

/** Of a registry that registries.yaml does not name, nodes share no images. Source: https://docs.k3s.io/installation/registry-mirror */
function registryWithoutRegistries({ k3s }: Cluster): string[] {
  if (!k3s.embeddedRegistry || k3s.registries.length > 0) return [];
  return [
    "'k3s.embeddedRegistry' is true and 'k3s.registries' is empty: nodes share no images, unless your local.nix writes " +
      'registries.yaml; add registries: [{ registry: "*" }] for all images',
  ];
}

function threadsWithoutEffect(nodes: readonly Node[]): string[] {
  const idle = nodes.filter(
    ({ vm }) =>
      vm.scsiHardware !== "virtio-scsi-single" &&
      vm.disks.some((disk) => disk.iothread === true && disk.interface.startsWith("scsi")),
  );
  if (idle.length === 0) return [];
  const names = quoteAll(idle.map(({ hostname }) => hostname));
  return [`'iothread' of a disk of ${names} has no effect without 'scsiHardware: "virtio-scsi-single"'`];
}

/** Also those that were there before another PVE node was: nothing moves them. */
function serversTogether(cluster: Cluster): string[] {
  if (cluster.pve === undefined) return [];
  return [...groupBy(servers(cluster), ({ vm }) => vm.pveNode)].flatMap(([pveNode, some]) => {
    if (some.length < 2) return [];
    const names = quoteAll(some.map(({ hostname }) => hostname));
    return [
      `${names} are servers on one PVE node, ${pveNode}, and fail with it: where another is free of servers, state it as 'pveNode' of one`,
    ];
  });
}

/** Measured with Proxmox VE's HA manager 5.2.0: "no recovery node found", until the PVE node is back. */
function noSpareForServers(cluster: Cluster): string[] {
  const apart = serversApart(cluster).length;
  if (apart === 0 || apart < Object.keys(cluster.pve?.nodes ?? {}).length) return [];
  return [
    `'pve.ha' keeps ${apart} servers apart on as many PVE nodes: where one fails, its server starts again only when it is back`,
  ];
}

/** Kubernetes identifies a node by its name. */
function renamedHosts(nodes: readonly Node[], last: readonly RecordedNode[]): string[] {
  const byVmId = new Map(last.map((node) => [node.vmId, node.hostname]));
  return nodes.flatMap(({ vmId, hostname }) => {
    const former = byVmId.get(vmId);
    if (former === undefined || former === hostname) return [];
    return [
      `VM ${vmId}, ${quoteAll([former])} until now, becomes ${quoteAll([hostname])}, which is a new node for Kubernetes: ` +
        `drain ${former} first, and run kubectl delete node ${former} afterwards`,
    ];
  });
}
