import { tokenFileOf } from "../config/k3s";
import { initServer, type Cluster, type Node } from "../config/model";
import { apiEndpointOf, endpointHost, isEndpoint } from "../config/network";
import { systemdWord } from "../base/escape";
import { fill } from "./templates";

/** `k3s-server.nix` or `k3s-agent.nix`. */
export function renderK3s(cluster: Cluster, node: Node): string {
  const join = joinAddress(cluster, node);
  return fill(`k3s-${node.role}.nix`, {
    hostname: node.hostname,
    package: cluster.k3s.package,
    clusterInit: node.clusterInit === true,
    joins: join !== undefined,
    serverAddr: join,
    tokenFile: tokenFileOf(cluster.k3s, node.role),
    flags: k3sFlags(cluster, node).map(systemdWord),
  });
}

/** Where the node joins; the server that founds the cluster joins nowhere. */
export function joinAddress(cluster: Cluster, node: Node): string | undefined {
  if (node.clusterInit) return undefined;
  const init = initServer(cluster);
  // A server that the endpoint names cannot join through itself.
  return isEndpoint(cluster.apiEndpoint, node) && init
    ? apiEndpointOf(init.ipv4Address)
    : cluster.apiEndpoint;
}

export function k3sFlags(cluster: Cluster, node: Node): string[] {
  return [
    // Clones boot under their template's hostname, and a changed one reaches the kernel only by a reboot.
    `--node-name=${node.hostname}`,
    `--node-ip=${node.ipv4Address}`,
    `--flannel-iface=${node.nixos.networkInterface}`,
    ...node.nodeLabels.map((label) => `--node-label=${label}`),
    ...node.nodeTaints.map((taint) => `--node-taint=${taint}`),
    ...(cluster.k3s.kubeletReadOnlyPort ? ["--kubelet-arg=read-only-port=10255"] : []),
    ...(node.role === "server" ? serverFlags(cluster, node) : cluster.k3s.agentFlags),
    ...node.k3sFlags,
  ];
}

/** Servers have to agree on these; K3s refuses a server that joins with others. */
function serverFlags(cluster: Cluster, node: Node): string[] {
  const { network, k3s } = cluster;
  const host = endpointHost(cluster.apiEndpoint);
  return [
    // An option of NixOS' module would be newer than NixOS 25.11.
    ...(k3s.agentTokenFile === undefined ? [] : [`--agent-token-file=${k3s.agentTokenFile}`]),
    `--cluster-cidr=${network.podCidr}`,
    `--service-cidr=${network.serviceCidr}`,
    `--service-node-port-range=${k3s.nodePorts.from}-${k3s.nodePorts.to}`,
    ...(k3s.flannelBackend === "vxlan" ? [] : [`--flannel-backend=${k3s.flannelBackend}`]),
    ...(k3s.embeddedRegistry ? ["--embedded-registry"] : []),
    ...(host !== undefined && host !== node.ipv4Address ? [`--tls-san=${host}`] : []),
    ...(k3s.traefik ? [] : ["--disable=traefik"]),
    ...(k3s.serviceLb ? [] : ["--disable=servicelb"]),
    ...k3s.serverFlags,
  ];
}
