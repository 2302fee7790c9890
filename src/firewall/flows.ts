import { isNamed, networksOf, type Source } from "./flow-sources";
import { furtherInterface } from "./further-interfaces";
import { API_PORT } from "../config/k3s";
import { servers, type Cluster, type Node } from "../config/model";
import type { AllowedFlow, PortRange } from "../config/settings";

/**
 * What the firewall allows: who may start a connection, to whom, by which protocol and ports, and why. Everything else
 * is refused, except replies and the neighbour discovery that IPv6 needs.
 */
export type Flow = PortFlow | ProtocolFlow | PingFlow | PodFlow;

/** Identifies a flow in code. Flows that differ only in source or protocol share it. */
export type FlowId =
  | "ssh"
  | "kubernetes-api"
  | "ping"
  | "etcd"
  | "vrrp"
  | "memberlist"
  | "kubelet"
  | "kubelet-read-only"
  | "embedded-registry"
  | "backend"
  | "backend-ping"
  | "trusted-pods"
  | "pods-to-host-services"
  | "from-pods"
  | "to-pods"
  | "node-ports"
  | "service-lb"
  | "exposed-ports"
  | "node-exporter"
  | "allowed";

/** A flow of the policy. `cluster.json` lists it without its ID. */
export type PolicyFlow<T extends Flow = Flow> = T & { readonly id: FlowId };

/** Hosts that allow the flow: all, those of a role, or one by its hostname. */
export type Hosts = "every host" | "servers" | "agents" | (string & {});

interface Common {
  /** Who starts the connection. */
  readonly from: Source;
  readonly to: Hosts;
  readonly why: string;
}

export interface PortFlow extends Common {
  readonly protocol: "tcp" | "udp";
  /** Ports as the client uses them. */
  readonly ports: PortRange;
  /**
   * Who serves the port: a program on the host; a `service`, to whose pod kube-proxy or the CNI's portmap plugin
   * forwards; or either of them.
   */
  readonly servedBy: "host" | "service" | "either";
  /** The further network interface by which connections come. @default - the node's */
  readonly over?: string;
  /** Cluster traffic that no allowed flow may open to others, since it is unauthenticated or contains all secrets. */
  readonly reserved?: true;
}

/** A protocol without ports, for the host itself. */
export interface ProtocolFlow extends Common {
  /** A number is IANA's of an IP protocol. `icmp` is also the ICMP of IPv6, for senders that have it. */
  readonly protocol: "icmp" | "vrrp" | number;
  /** The further network interface by which packets come. @default - the node's */
  readonly over?: string;
  /** Cluster traffic that no allowed flow may open to others. */
  readonly reserved?: true;
}

interface PingFlow extends Common {
  readonly protocol: "icmp echo";
}

/** Traffic of any protocol to or from pods. */
export interface PodFlow {
  readonly from: "pods" | "pods and hosts of other nodes";
  readonly to: "services of the host" | "anywhere beyond the host" | "pods";
  readonly protocol: "any";
  readonly why: string;
}

export const SSH_PORT = 22;
/** Linux' default VXLAN port, which flannel keeps (flannel, pkg/backend/vxlan). */
export const VXLAN_PORT = 8472;

const port = (from: number, to = from): PortRange => ({ from, to });

export function flows(cluster: Cluster): PolicyFlow[] {
  const { network, firewall } = cluster;
  const all = [
    ...operatorFlows(cluster),
    ...nodeFlows(cluster),
    ...podFlows(cluster),
    ...publishedFlows(cluster),
    ...monitoringFlows(cluster),
    ...firewall.allow.flatMap(allowedFlows),
  ];
  // A name without any network matches nothing.
  return all.filter(({ from }) => !isNamed(from) || networksOf(from, network).length > 0);
}

/** SSH and the API over IPv4 and IPv6; ping over IPv4 only. */
function operatorFlows({ network }: Cluster): PolicyFlow[] {
  const operators = network.managementCidrs === undefined ? "lan" : "management";
  const tcp = { protocol: "tcp", servedBy: "host" } as const;
  const ping = { id: "ping", to: "every host", protocol: "icmp echo", why: "ping" } as const;
  return [
    ...([operators, `${operators} by IPv6`] as const).flatMap((from): PolicyFlow[] => [
      { ...tcp, id: "ssh", from, to: "every host", ports: port(SSH_PORT), why: "SSH" },
      { ...tcp, id: "kubernetes-api", from, to: "servers", ports: port(API_PORT), why: "Kubernetes API" },
    ]),
    { ...ping, from: "lan" },
    { ...ping, from: "management" },
  ];
}

/** Source: docs.k3s.io/installation/requirements, "Inbound Rules for K3s Nodes". */
function nodeFlows(cluster: Cluster): PolicyFlow[] {
  const { kubeletReadOnlyPort, embeddedRegistry } = cluster.k3s;
  const tcp = { from: "nodes", to: "every host", protocol: "tcp", servedBy: "host" } as const;
  const etcd = {
    ...tcp,
    id: "etcd",
    from: "servers",
    to: "servers",
    ports: port(2379, 2380),
    why: "etcd",
  } as const;
  return [
    embeddedRegistry
      ? {
          ...tcp,
          id: "kubernetes-api",
          ports: port(API_PORT),
          why: "Kubernetes API, joining, and image discovery",
        }
      : {
          ...tcp,
          id: "kubernetes-api",
          to: "servers",
          ports: port(API_PORT),
          why: "Kubernetes API and joining",
        },
    ...when(servers(cluster).length > 1, { ...etcd, reserved: true }),
    ...when(cluster.apiVip !== undefined && servers(cluster).length > 1, {
      id: "vrrp",
      from: "servers",
      to: "servers",
      protocol: "vrrp",
      why: "keepalived: which server holds the API's address",
      reserved: true,
    }),
    { ...tcp, id: "kubelet", ports: port(10_250), why: "kubelet: logs, exec, metrics" },
    ...when(kubeletReadOnlyPort, {
      ...tcp,
      id: "kubelet-read-only",
      ports: port(10_255),
      why: "kubelet, read-only",
    }),
    ...when(embeddedRegistry, {
      ...tcp,
      id: "embedded-registry",
      ports: port(5001),
      why: "embedded registry: images of other nodes",
    }),
    ...memberlistFlows(cluster),
    ...backendFlows(cluster),
  ];
}

/**
 * How MetalLB's speakers, programs of the hosts, agree on who answers for an address (metallb.io/installation, "Requirements").
 * kube-vip's elect one by a Lease of the API, so that nodes open nothing for it.
 */
function memberlistFlows({ loadBalancer, nodes }: Cluster): PolicyFlow[] {
  if (loadBalancer?.implementation !== "metallb" || nodes.length < 2) return [];
  return (["tcp", "udp"] as const).map((protocol) => ({
    id: "memberlist",
    from: "nodes",
    to: "every host",
    protocol,
    servedBy: "host",
    ports: port(7946),
    why: "MetalLB: which node answers for an address",
  }));
}

/** How pods' packets get from host to host. */
function backendFlows({ k3s }: Cluster): PolicyFlow[] {
  const udp = { id: "backend", to: "every host", protocol: "udp", servedBy: "host", reserved: true } as const;
  const whole = {
    id: "backend-ping",
    from: "tunnel",
    to: "every host",
    protocol: "icmp echo",
    why: "checks of the pod network",
  } as const;
  switch (k3s.flannelBackend) {
    case "vxlan":
      // Anyone who may send VXLAN can send packets to pods.
      return [
        { ...udp, from: "nodes", ports: port(VXLAN_PORT), why: "VXLAN: pods on different hosts" },
        whole,
      ];
    case "wireguard-native":
      return [
        { ...udp, from: "nodes", ports: port(51_820), why: "WireGuard: pods on different hosts" },
        { ...udp, from: "nodes by IPv6", ports: port(51_821), why: "WireGuard over IPv6" },
        whole,
      ];
    case "host-gw":
      return []; // without encapsulation
  }
}

/** A pod has its own address towards its own host, and its node's address towards another (flannel masquerades). */
function podFlows({ firewall, k3s }: Cluster): PolicyFlow[] {
  const tcp = { from: "pods", to: "every host", protocol: "tcp", servedBy: "host" } as const;
  const trusted = { ...tcp, id: "trusted-pods", why: "pods are trusted" } as const;
  const all = port(1, 65_535);
  // Otherwise a pod could send VXLAN to its host and pass for a node.
  const allUdp =
    k3s.flannelBackend === "vxlan" ? [port(1, VXLAN_PORT - 1), port(VXLAN_PORT + 1, 65_535)] : [all];
  const few: PolicyFlow[] = [
    { ...tcp, id: "kubernetes-api", to: "servers", ports: port(API_PORT), why: "Kubernetes API" },
    { ...tcp, id: "kubelet", ports: port(10_250), why: "kubelet: metrics-server" },
  ];
  return [
    ...(firewall.trustPods
      ? [
          { ...trusted, ports: all },
          ...allUdp.map((ports) => ({ ...trusted, protocol: "udp", ports }) as const),
        ]
      : few),
    {
      id: "pods-to-host-services",
      from: "pods",
      to: "services of the host",
      protocol: "any",
      why: "services whose endpoint is the host",
    },
    {
      id: "from-pods",
      from: "pods",
      to: "anywhere beyond the host",
      protocol: "any",
      why: "connections from pods",
    },
    {
      id: "to-pods",
      from: "pods and hosts of other nodes",
      to: "pods",
      protocol: "any",
      why: "pods on different hosts",
    },
  ];
}

function publishedFlows({ k3s }: Cluster): PolicyFlow[] {
  const every = { from: "lan", to: "every host", servedBy: "service" } as const;
  const tcp = { ...every, protocol: "tcp" } as const;
  return [
    { ...tcp, id: "node-ports", ports: k3s.nodePorts, why: "node ports" },
    { ...every, id: "node-ports", protocol: "udp", ports: k3s.nodePorts, why: "node ports" },
    ...when(k3s.serviceLb, { ...tcp, id: "service-lb", ports: port(80), why: "HTTP by ServiceLB" }),
    ...when(k3s.serviceLb, { ...tcp, id: "service-lb", ports: port(443), why: "HTTPS by ServiceLB" }),
    ...k3s.exposedPorts.map(({ protocol, from, to }): PolicyFlow => ({
      ...every,
      id: "exposed-ports",
      protocol,
      ports: port(from, to),
      why: "exposed",
    })),
  ];
}

function monitoringFlows({ nixos }: Cluster): PolicyFlow[] {
  if (nixos?.monitoring === undefined) return [];
  const { from, nodeExporterPort } = nixos.monitoring;
  const flow = {
    id: "node-exporter",
    to: "every host",
    protocol: "tcp",
    servedBy: "host",
    ports: port(nodeExporterPort),
    why: "node_exporter: metrics of the host",
  } as const;
  return from.flatMap((source) => alsoFromNodes({ ...flow, from: source as Source }));
}

/** A flow from `main.ts`. */
function allowedFlows({ from, to, over, protocol, ports, why }: AllowedFlow): PolicyFlow[] {
  const common = {
    id: "allowed",
    to,
    ...(over === undefined ? {} : { over }),
    why,
    from: from as Source,
  } as const;
  if (protocol !== "tcp" && protocol !== "udp") return alsoFromNodes({ ...common, protocol });
  // The schema reports missing ports.
  return ports === undefined ? [] : alsoFromNodes({ ...common, protocol, ports, servedBy: "either" });
}

/** A flow from `pods` becomes two, since pods of other hosts arrive with their node's address. */
const alsoFromNodes = (flow: PolicyFlow<PortFlow | ProtocolFlow>): PolicyFlow[] =>
  flow.from === "pods"
    ? [flow, { ...flow, from: "nodes", why: `${flow.why}, for pods of other hosts` }]
    : [flow];

const when = (condition: boolean, flow: PolicyFlow): PolicyFlow[] => (condition ? [flow] : []);

/** Whether the host is one of these. */
export const includesHost = (hosts: Hosts, { hostname, role }: Pick<Node, "hostname" | "role">): boolean =>
  hosts === "every host" || hosts === `${role}s` || hosts === hostname;

/** The flows that concern one host, which has the interface over which they come. */
export const flowsOf = (all: readonly Flow[], node: Node): Flow[] =>
  all.filter((flow) => flow.protocol === "any" || (includesHost(flow.to, node) && hasInterface(flow, node)));

/** Whether the host has the interface over which the flow comes. */
export const hasInterface = (flow: Flow, node: Node): boolean => {
  const over = overOf(flow);
  return over === undefined || furtherInterface(node, over) !== undefined;
};

/** The further interface over which the flow comes. */
export const overOf = (flow: Flow): string | undefined => ("over" in flow ? flow.over : undefined);

export const isPortFlow = <T extends Flow>(flow: T): flow is T & PortFlow => "ports" in flow;

export const isProtocolFlow = <T extends Flow>(flow: T): flow is T & ProtocolFlow =>
  !isPortFlow(flow) && flow.protocol !== "any" && flow.protocol !== "icmp echo";

/** Whether it opens ports or a protocol of the hosts, beside ping. */
export const isHostFlow = <T extends Flow>(flow: T): flow is T & (PortFlow | ProtocolFlow) =>
  isPortFlow(flow) || isProtocolFlow(flow);
