import { k3sDataDisks } from "../config/data-disks";
import { tokenFileOf } from "../config/k3s";
import { initServer, type Cluster, type Node } from "../config/model";
import { apiEndpointOf, endpointHost, isEndpoint } from "../config/network";
import { snapshotFlags } from "../config/snapshots";
import { ETCD_FOLDER } from "../config/settings";
import { labelsOf, providerIdOf } from "../config/topology";
import { systemdWord } from "../base/escape";
import { fill } from "./templates";

/** Renders `k3s-server.nix` or `k3s-agent.nix`. */
export function renderK3s(cluster: Cluster, node: Node): string {
  const join = joinAddress(cluster, node);
  return fill(`k3s-${node.role}.nix`, {
    hostname: node.hostname,
    package: cluster.k3s.package,
    clusterInit: node.clusterInit === true,
    joins: join !== undefined,
    serverAddr: join,
    tokenFile: tokenFileOf(cluster.k3s, node.role),
    s3SecretFile: cluster.k3s.snapshots?.s3?.secretFile ?? "",
    registries: cluster.k3s.registries,
    flags: k3sFlags(cluster, node).map(systemdWord),
    mounts: k3sMounts(node),
  });
}

/** Mount points that K3s needs, as systemd takes them: separated by spaces. */
const k3sMounts = ({ vm }: Node): string =>
  k3sDataDisks(vm)
    .map(({ path }) => path)
    .join(" ");

/** File of K3s' registries in a host's folder. */
export const REGISTRIES = "registries.yaml";

/** Renders `registries.yaml`. */
export const renderRegistries = ({ k3s: { registries } }: Cluster, { hostname }: Node): string =>
  fill(REGISTRIES, { hostname, registries });

/** URL by which the node joins; `undefined` for the server that initializes the cluster. */
export function joinAddress(cluster: Cluster, node: Node): string | undefined {
  if (node.clusterInit) return undefined;
  const init = initServer(cluster);
  // The endpoint's own server cannot join through itself.
  return isEndpoint(cluster.apiEndpoint, node) && init
    ? apiEndpointOf(init.ipv4Address)
    : cluster.apiEndpoint;
}

export function k3sFlags(cluster: Cluster, node: Node): string[] {
  const providerId = providerIdOf(cluster, node);
  return [
    // A clone boots with its template's hostname, and the kernel gets a new hostname only at a reboot.
    `--node-name=${node.hostname}`,
    `--node-ip=${node.ipv4Address}`,
    `--flannel-iface=${node.nixos.networkInterface}`,
    ...labelsOf(cluster, node).map((label) => `--node-label=${label}`),
    ...node.nodeTaints.map((taint) => `--node-taint=${taint}`),
    ...imageGcFlags(cluster.k3s.imageGc),
    // The kubelet sets it only when it creates the Node, as it may never change (kubernetes, pkg/kubelet/kubelet_node_status.go,
    // initialNode); K3s' cloud controller then leaves it alone (cloud-provider, controllers/node/node_controller.go).
    ...(providerId === undefined ? [] : [`--kubelet-arg=provider-id=${providerId}`]),
    ...(cluster.k3s.kubeletReadOnlyPort ? ["--kubelet-arg=read-only-port=10255"] : []),
    ...(node.role === "server" ? serverFlags(cluster, node) : cluster.k3s.agentFlags),
    ...node.k3sFlags,
  ];
}

/** Where K3s puts snapshots of etcd (docs.k3s.io/cli/etcd-snapshot). */
export function snapshotFolder(cluster: Cluster, node: Node): string {
  const option = "--etcd-snapshot-dir=";
  const stated = k3sFlags(cluster, node).findLast((flag) => flag.startsWith(option));
  return stated?.slice(option.length) ?? `${ETCD_FOLDER}/snapshots`;
}

const imageGcFlags = (percents: Cluster["k3s"]["imageGc"]): string[] =>
  percents === undefined
    ? []
    : [
        `--kubelet-arg=image-gc-high-threshold=${percents.highPercent}`,
        `--kubelet-arg=image-gc-low-threshold=${percents.lowPercent}`,
      ];

/** Flags that must be the same on all servers: K3s refuses a server that joins with other values. */
function serverFlags(cluster: Cluster, node: Node): string[] {
  const { network, k3s } = cluster;
  const host = endpointHost(cluster.apiEndpoint);
  return [
    // NixOS 25.11 has no option for it.
    ...(k3s.agentTokenFile === undefined ? [] : [`--agent-token-file=${k3s.agentTokenFile}`]),
    `--cluster-cidr=${network.podCidr}`,
    `--service-cidr=${network.serviceCidr}`,
    `--service-node-port-range=${k3s.nodePorts.from}-${k3s.nodePorts.to}`,
    ...(k3s.flannelBackend === "vxlan" ? [] : [`--flannel-backend=${k3s.flannelBackend}`]),
    ...(k3s.embeddedRegistry ? ["--embedded-registry"] : []),
    ...(host !== undefined && host !== node.ipv4Address ? [`--tls-san=${host}`] : []),
    ...(k3s.traefik ? [] : ["--disable=traefik"]),
    ...(k3s.serviceLb ? [] : ["--disable=servicelb"]),
    ...snapshotFlags(k3s),
    ...k3s.serverFlags,
  ];
}
