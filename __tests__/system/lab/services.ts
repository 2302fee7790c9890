import type { LabNode, Topology } from "./topology";

/** A service as kube-proxy sees it. */
export interface Service {
  /** Its name in kube-proxy's chains. */
  readonly name: string;
  readonly protocol: "tcp" | "udp";
  readonly clusterIp: string;
  readonly port: number;
  readonly nodePort?: number;
  /** What a load balancer gave it. */
  readonly externalIp?: string;
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
}

/** The address of the service network with that number, such as 10.43.0.20. */
const service = ({ network }: Topology, number: number): string =>
  network.serviceCidr.replace(/\d+\/\d+$/, String(number));

export const API_SERVICE = (topology: Topology): string => service(topology, 1);
export const WEB_SERVICE = (topology: Topology): string => service(topology, 20);
export const AGENT_SERVICE = (topology: Topology): string => service(topology, 30);
export const SERVER_SERVICE = (topology: Topology): string => service(topology, 31);

/** Port of a pod, and of a program of the host itself, that services lead to. */
export const POD_PORT = 8080;
export const POD_UDP_PORT = 5353;
export const HOST_PORT = 9090;

/** The port of the VXLAN device, if there is one. */
export const VXLAN_PORT = 8472;

/**
 * The API, services of a pod, and of programs that use their host's network, each with one endpoint, on the first
 * agent, or for one of them on the first server. So it is known for which nodes they are remote.
 */
export function servicesOf(topology: Topology): Service[] {
  const { nodes } = topology;
  const servers = nodes.filter(({ node }) => node.role === "server");
  const agents = nodes.filter(({ node }) => node.role === "agent");
  const agent = agents[0] as LabNode;
  const pod = agent.pods[0]?.address as string;
  const { serviceAddress: externalIp } = topology;
  const web = { clusterIp: WEB_SERVICE(topology), protocol: "tcp" } as const;
  const toPod = [{ address: pod, port: POD_PORT }];
  return [
    {
      name: "API",
      protocol: "tcp",
      clusterIp: API_SERVICE(topology),
      port: 443,
      endpoints: servers.map(({ address }) => ({ address, port: 6443 })),
    },
    { ...web, name: "WEB", port: 80, nodePort: 30_080, externalIp, endpoints: toPod },
    { ...web, name: "WEBTLS", port: 443, endpoints: toPod },
    { ...web, name: "GAME", port: 25_565, externalIp, endpoints: toPod },
    {
      ...web,
      name: "DNS",
      protocol: "udp",
      port: 53,
      nodePort: 30_053,
      endpoints: [{ address: pod, port: POD_UDP_PORT }],
    },
    {
      name: "AGENT",
      protocol: "tcp",
      clusterIp: AGENT_SERVICE(topology),
      port: 80,
      nodePort: 30_090,
      endpoints: [{ address: agent.address, port: HOST_PORT }],
    },
    {
      name: "SERVER",
      protocol: "tcp",
      clusterIp: SERVER_SERVICE(topology),
      port: 80,
      nodePort: 30_091,
      endpoints: servers.slice(0, 1).map(({ address }) => ({ address, port: HOST_PORT })),
    },
    ...[servers[0], agent, agents.at(-1)].map((node, index) => toVxlan(topology, node as LabNode, index)),
  ];
}

/** What a tenant who may write endpoints can create: a service and a node port that lead to a VXLAN port of a node. */
const toVxlan = (topology: Topology, { address }: LabNode, index: number): Service => ({
  name: `VXLAN${index}`,
  protocol: "udp",
  clusterIp: service(topology, 41 + index),
  port: 53,
  nodePort: 30_041 + index,
  endpoints: [{ address, port: VXLAN_PORT }],
});

/** Ports that ServiceLB holds on every node, by a pod that forwards them to the web service. */
export const LOAD_BALANCER_PORTS = [80, 443, 25_565];
