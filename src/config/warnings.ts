import { quoteAll } from "./fault";
import type { RecordedNode } from "./history";
import { unknownFlags } from "./k3s-flags";
import type { Cluster, Node } from "./model";

/** Settings that are valid, but usually a mistake. */
export const warningsOf = (cluster: Cluster, last: readonly RecordedNode[]): string[] => [
  ...flagsOfNoK3s(cluster),
  ...traefikWithoutAddress(cluster),
  ...threadsWithoutEffect(cluster.nodes),
  ...renamedHosts(cluster.nodes, last),
];

/** Another version of K3s may have them. */
function flagsOfNoK3s({ k3s, nodes }: Cluster): string[] {
  const places = [
    ["'k3s.serverFlags'", k3s.serverFlags],
    ["'k3s.agentFlags'", k3s.agentFlags],
    ...nodes.map((node) => [`'k3sFlags' of ${quoteAll([node.hostname])}`, node.k3sFlags] as const),
  ] as const;
  return places.flatMap(([place, flags]) =>
    unknownFlags(flags).map(
      (name) => `${place} has --${name}, which no K3s of 1.31 to 1.34 has: K3s may not start with it`,
    ),
  );
}

function traefikWithoutAddress({ k3s }: Cluster): string[] {
  if (!k3s.traefik || k3s.serviceLb || k3s.exposedPorts.length > 0) return [];
  return [
    "'k3s.traefik' is true and 'k3s.serviceLb' false: nothing gives Traefik an address that the LAN reaches; " +
      "install a load balancer such as MetalLB and set its ports in 'k3s.exposedPorts'",
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
