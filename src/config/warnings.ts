import { listed } from "./fault";
import type { LastNode } from "./history";
import { unknownFlags } from "./k3s-flags";
import type { Cluster, Node } from "./model";

/** What a cluster may well be, and mostly is by mistake. */
export const warningsOf = (cluster: Cluster, last: readonly LastNode[]): string[] => [
  ...flagsOfNoK3s(cluster),
  ...traefikWithoutAddress(cluster),
  ...threadsWithoutEffect(cluster.nodes),
  ...renamedHosts(cluster.nodes, last),
];

/** Another version may know them. */
function flagsOfNoK3s({ k3s, nodes }: Cluster): string[] {
  const places = [
    ["'k3s.serverFlags'", k3s.serverFlags],
    ["'k3s.agentFlags'", k3s.agentFlags],
    ...nodes.map((node) => [`'k3sFlags' of ${listed([node.hostname])}`, node.k3sFlags] as const),
  ] as const;
  return places.flatMap(([place, flags]) =>
    unknownFlags(flags).map(
      (name) => `${place} has --${name}, which no K3s of 1.31 to 1.34 knows: with it K3s may not start`,
    ),
  );
}

function traefikWithoutAddress({ k3s }: Cluster): string[] {
  if (!k3s.traefik || k3s.serviceLb || k3s.exposedPorts.length > 0) return [];
  return [
    "'k3s.traefik' is true and 'k3s.serviceLb' false: nothing gives Traefik an address that the LAN reaches; " +
      "install a load balancer such as MetalLB and state its ports in 'k3s.exposedPorts'",
  ];
}

function threadsWithoutEffect(nodes: readonly Node[]): string[] {
  const idle = nodes.filter(
    ({ vm }) =>
      vm.scsiHardware !== "virtio-scsi-single" &&
      vm.disks.some((disk) => disk.iothread === true && disk.interface.startsWith("scsi")),
  );
  if (idle.length === 0) return [];
  const names = listed(idle.map(({ hostname }) => hostname));
  return [
    `'iothread' of a disk of ${names} has an effect with 'scsiHardware: "virtio-scsi-single"' alone, which is not stated`,
  ];
}

/** Kubernetes knows a node by its name alone. */
function renamedHosts(nodes: readonly Node[], last: readonly LastNode[]): string[] {
  const byVmId = new Map(last.map((node) => [node.vmId, node.hostname]));
  return nodes.flatMap(({ vmId, hostname }) => {
    const former = byVmId.get(vmId);
    if (former === undefined || former === hostname) return [];
    return [
      `VM ${vmId}, ${listed([former])} until now, becomes ${listed([hostname])}, which is another node to Kubernetes: ` +
        `drain ${former} before, and after that take it away by kubectl delete node ${former}`,
    ];
  });
}
