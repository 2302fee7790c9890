import { API_PORT } from "./k3s";
import { servers, type Cluster, type Node } from "./model";
import type { PortRange } from "./settings";

/**
 * An open port: who may start a connection, to whom, and why. Every port that is not here is refused. What has no
 * ports is in the template: ICMP, IPv6's housekeeping, and what pods start themselves.
 */
export type Flow = (ToHost | ToPublished) & {
  /** Hosts on which it is open. */
  readonly on: "every host" | "servers";
  readonly ports: PortRange;
  readonly why: string;
};

/** To a port of the host itself, from those for whom the ruleset has a rule. */
type ToHost = { readonly to: "host" } & (
  | { readonly from: "lan"; readonly protocol: "tcp" }
  /** The other nodes, by their addresses. */
  | { readonly from: "nodes"; readonly protocol: "tcp" | "udp" }
  /** The other servers, by their addresses. */
  | { readonly from: "servers"; readonly protocol: "tcp" }
  /** Pods of the host itself. */
  | { readonly from: "pods"; readonly protocol: "tcp" }
);

/** To a port that kube-proxy or ServiceLB forwards to a pod. */
interface ToPublished {
  readonly to: "published";
  readonly from: "lan";
  readonly protocol: "tcp" | "udp";
}

const port = (from: number, to = from): PortRange => ({ from, to });

/** K3s' own list: docs.k3s.io/installation/requirements, "Inbound Rules for K3s Nodes". */
export function flows(cluster: Cluster): Flow[] {
  const { k3s } = cluster;
  const every = { to: "host", on: "every host", protocol: "tcp" } as const;
  const server = { to: "host", on: "servers", protocol: "tcp" } as const;
  const published = { from: "lan", to: "published", on: "every host" } as const;
  return [
    { ...every, from: "lan", ports: port(22), why: "SSH" },
    { ...server, from: "lan", ports: port(API_PORT), why: "Kubernetes API" },
    { ...server, from: "nodes", ports: port(API_PORT), why: "Kubernetes API and joining" },
    ...when(servers(cluster).length > 1, {
      ...server,
      from: "servers",
      ports: port(2379, 2380),
      why: "etcd",
    }),
    { ...every, from: "nodes", ports: port(10_250), why: "kubelet: logs, exec, metrics" },
    ...when(k3s.kubeletReadOnlyPort, {
      ...every,
      from: "nodes",
      ports: port(10_255),
      why: "kubelet, read-only",
    }),
    // Anyone who may send VXLAN may put packets into pods, so it is for nodes alone.
    { ...every, protocol: "udp", from: "nodes", ports: port(8472), why: "VXLAN: pods of two hosts" },
    // A pod keeps its own address on the way to its own host; to another host it has its node's.
    { ...server, from: "pods", ports: port(API_PORT), why: "Kubernetes API" },
    { ...every, from: "pods", ports: port(10_250), why: "kubelet: metrics-server" },
    { ...published, protocol: "tcp", ports: k3s.nodePorts, why: "node ports" },
    { ...published, protocol: "udp", ports: k3s.nodePorts, why: "node ports" },
    ...when(k3s.serviceLb, { ...published, protocol: "tcp", ports: port(80), why: "HTTP by ServiceLB" }),
    ...when(k3s.serviceLb, { ...published, protocol: "tcp", ports: port(443), why: "HTTPS by ServiceLB" }),
    ...k3s.exposedPorts.map(({ protocol, from, to }) => ({
      ...published,
      protocol,
      ports: port(from, to),
      why: "exposed",
    })),
  ];
}

const when = (condition: boolean, flow: Flow): Flow[] => (condition ? [flow] : []);

/** The flows that one host admits. */
export const flowsOf = (all: readonly Flow[], node: Node): Flow[] =>
  all.filter((flow) => flow.on === "every host" || node.role === "server");
