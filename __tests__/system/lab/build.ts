import type { Answer, Request } from "./prober";
import { kubeRules, loadBalancerRules } from "./kube-rules";
import { HOST_PORT, POD_PORT, POD_UDP_PORT, servicesOf, VXLAN_PORT, WEB_SERVICE } from "./services";
import { hostsOf, type Host, type LabNode, type Topology } from "./topology";
import type { Node } from "../../../src/config/model";
import { NetnsSandbox } from "../../../testbed/namespaces/netns-sandbox";

/** Bytes of a packet that the link from the router to hosts beyond it can carry; their own links carry 1500. */
const NARROW_MTU = 1300;

/** Makes all hosts with their links, addresses and routes, K3s' rules, and a prober in each. */
export async function build(sandbox: NetnsSandbox, topology: Topology): Promise<void> {
  await sandbox.shell(inBatches([...links(topology), ...routes(topology)]).join("\n"));
  await Promise.all([...k3sRules(sandbox, topology), ...probers(sandbox, topology)]);
}

/** First all commands that make namespaces and cables, then for each namespace one `ip` and one `bridge` with all of its commands. */
function inBatches(commands: readonly string[]): string[] {
  const first: string[] = [];
  const batches = new Map<string, string[]>();
  for (const command of commands) {
    const [, program, line] = /^((?:ip|bridge) -n \S+) (.*)$/.exec(command) ?? [];
    if (program === undefined || line === undefined) first.push(command);
    else batches.set(program, [...(batches.get(program) ?? []), line]);
  }
  const later = [...batches].flatMap(([program, lines]) => [`${program} -batch - <<'END'`, ...lines, "END"]);
  return [...first, ...later];
}

/** All IPv6 addresses are usable at once, since duplicate address detection is off (`accept_dad`). */
const newNamespace = (name: string, ...settings: string[]): string[] => [
  `ip netns add ${name}`,
  `${NetnsSandbox.in(name).join(" ")} sh -e <<'END'`,
  ...["ipv6/conf/default/accept_dad=0", ...settings].map((setting) => {
    const [key, value] = setting.split("=");
    return `echo ${value} >/proc/sys/net/${key}`;
  }),
  "END",
  `ip -n ${name} link set lo up`,
];

/** A cable between two namespaces. */
const cable = (a: string, portA: string, b: string, portB: string, mac = ""): string[] => [
  `ip link add name ${portA} netns ${a} ${mac && `address ${mac}`} type veth peer name ${portB} netns ${b}`,
  `ip -n ${a} link set ${portA} up`,
  `ip -n ${b} link set ${portB} up`,
];

const ROUTING = ["ipv4/ip_forward=1", "ipv6/conf/all/forwarding=1"];

/**
 * A node with the weakest kernel settings, so that only the firewall refuses. K3s forwards, and a host that forwards accepts router
 * advertisements only when configured to; kube-proxy lets loopback's addresses be routed (pkg/proxy/iptables/proxier.go);
 * source addresses are checked loosely, as systemd sets it (sysctl.d/50-default.conf).
 */
const NODE = ["ipv6/conf/default/accept_ra=2", "ipv4/conf/all/route_localnet=1", "ipv4/conf/all/rp_filter=2"];

function links(topology: Topology): string[] {
  const { nodes, lan, router, further, beyond, prefixLength } = topology;
  const onSwitch = (host: Host, port: string, mac?: string): string[] => [
    ...cable(host.name, port, "switch", host.name, mac),
    `ip -n switch link set ${host.name} master br0`,
    `ip -n ${host.name} address add ${host.address}/${prefixLength} dev ${port}`,
    `ip -n ${host.name} address add ${host.address6}/64 dev ${port}`,
  ];
  return [
    ...newNamespace("switch"),
    "ip -n switch link add br0 type bridge",
    "ip -n switch link set br0 up",
    "ip -n switch link add br1 type bridge",
    "ip -n switch link set br1 up",
    ...newNamespace(lan.name),
    ...onSwitch(lan, "eth0"),
    ...newNamespace(router.name, ...ROUTING),
    ...onSwitch(router, "eth0"),
    ...beyond.flatMap((host) => [
      ...newNamespace(host.name),
      ...cable(host.name, "eth0", router.name, host.name),
      `ip -n ${host.name} address add ${host.address}/24 dev eth0`,
      `ip -n ${host.name} address add ${host.address6}/64 dev eth0`,
      `ip -n ${router.name} address add ${gatewayOf(host.address)}/24 dev ${host.name}`,
      `ip -n ${router.name} address add ${gatewayOf(host.address6 as string)}/64 dev ${host.name}`,
      `ip -n ${router.name} link set ${host.name} mtu ${NARROW_MTU}`,
    ]),
    ...nodes.flatMap((node) => [
      ...newNamespace(node.name, ...ROUTING, ...NODE),
      ...onSwitch(node, node.node.nixos.networkInterface, node.node.macAddress),
      ...holding(node, topology),
      ...tunnel(node, topology),
      ...pods(node),
    ]),
    ...further.flatMap(({ name, address, prefixLength }) => [
      ...newNamespace(name),
      `ip -n switch link add br-${name} type bridge`,
      `ip -n switch link set br-${name} up`,
      ...onFurtherSwitch(name, name, `${address}/${prefixLength}`),
    ]),
    ...nodes.flatMap((node) =>
      node.further.flatMap(({ name, macAddress, address }) =>
        address.kind === "static"
          ? onFurtherSwitch(
              node.name,
              name,
              `${address.ipv4Address}/${address.network.split("/")[1]}`,
              macAddress,
            )
          : [],
      ),
    ),
  ];
}

/** The API's own address, which keepalived gives to one server. */
const holding = ({ name, node }: LabNode, { apiVip, nodes }: Topology): string[] =>
  apiVip !== undefined && node === nodes.find((each) => each.node.role === "server")?.node
    ? [`ip -n ${name} address add ${apiVip}/32 dev ${node.nixos.networkInterface}`]
    : [];

/** On the switch of a further network. A VLAN has one too: a stand-in, since kernels of containers and small VMs lack VLANs. */
function onFurtherSwitch(host: string, network: string, address: string, mac?: string): string[] {
  const port = `${network}-${host}`.slice(0, 15);
  return [
    ...cable(host, network, "switch", port, mac),
    `ip -n switch link set ${port} master br-${network}`,
    `ip -n ${host} address add ${address} dev ${network}`,
  ];
}

const gatewayOf = (address: string): string => address.replace(/9$/, "1");

/** flannel's device, which host-gw does not have. */
function tunnel({ name, node, address, tunnelAddress, tunnelMac }: LabNode, { k3s }: Topology): string[] {
  const nic = node.nixos.networkInterface;
  if (k3s.flannelBackend === "host-gw") return [];
  const vxlan = k3s.flannelBackend === "vxlan";
  const device = vxlan ? "flannel.1" : "flannel-wg";
  return [
    ...(vxlan
      ? [
          `ip -n ${name} link add flannel.1 address ${tunnelMac} mtu 1450 type vxlan id 1 dstport 8472 local ${address} dev ${nic} nolearning`,
        ]
      : [
          // A stand-in for WireGuard, which kernels of containers and small VMs lack.
          ...cable(name, device, "switch", `wg-${name}`, tunnelMac),
          `ip -n switch link set wg-${name} master br1`,
        ]),
    `ip -n ${name} address add ${tunnelAddress}/32 dev ${device}`,
    `ip -n ${name} link set ${device} up`,
  ];
}

const pods = ({ name, bridgeAddress, pods }: LabNode): string[] => [
  `ip -n ${name} link add cni0 type bridge`,
  `ip -n ${name} address add ${bridgeAddress}/24 dev cni0`,
  `ip -n ${name} link set cni0 up`,
  ...pods.flatMap((pod, index) => [
    ...newNamespace(pod.name, "ipv4/ip_forward=1"),
    ...cable(pod.name, "eth0", name, `veth${index}`),
    `ip -n ${name} link set veth${index} master cni0`,
    // As flannel's CNI configuration of K3s says: a pod may reach itself through a service.
    `ip -n ${name} link set veth${index} type bridge_slave hairpin on`,
    `ip -n ${pod.name} address add ${pod.address}/24 dev eth0`,
    `ip -n ${pod.name} route add default via ${bridgeAddress}`,
  ]),
];

function routes(topology: Topology): string[] {
  const { nodes, lan, router, further, beyond, network } = topology;
  const through = (name: string, gateway: string): string => `ip -n ${name} route add default via ${gateway}`;
  // Hosts with these routes could reach pods and services. The firewall has to stop them.
  const intoCluster = (name: string): string[] => [
    ...nodes.map(({ podCidr, address }) => `ip -n ${name} route add ${podCidr} via ${address}`),
    `ip -n ${name} route add ${network.serviceCidr} via ${nodes[1]?.address}`,
  ];
  return [
    ...[...nodes, lan].flatMap(({ name }) => [
      through(name, router.address),
      through(name, router.address6 as string),
    ]),
    ...beyond.flatMap(({ name, address, address6 }) => [
      through(name, gatewayOf(address)),
      through(name, gatewayOf(address6 as string)),
    ]),
    ...intoCluster(lan.name),
    ...intoCluster(router.name),
    ...further.flatMap((host) => throughNodes(host, topology)),
    ...nodes.flatMap((node) =>
      nodes.flatMap((other) => (node === other ? [] : toPodsOf(node, other, topology))),
    ),
    // Their own links have the normal MTU, so that packets that are too long for the router get that far.
    ...neighbours(topology),
  ];
}

/** A host of a further network tries to reach pods, services and the nodes' own network through the nodes. */
function throughNodes({ name }: Host, { nodes, network, lan, router }: Topology): string[] {
  const [first, second] = nodes.flatMap((node) => {
    const address = node.further.find((nic) => nic.name === name)?.address;
    return address?.kind === "static" ? [{ node, via: address.ipv4Address }] : [];
  });
  const route = (to: string, via = first?.via): string => `ip -n ${name} route add ${to} via ${via}`;
  return [
    ...nodes.flatMap((node) => {
      const address = node.further.find((nic) => nic.name === name)?.address;
      if (address?.kind !== "static") return [];
      return [route(node.podCidr, address.ipv4Address), route(node.address, address.ipv4Address)];
    }),
    route(network.serviceCidr, second?.via),
    route(lan.address),
    route(router.address, second?.via),
  ];
}

/** As flannel writes them when a node joins. */
function toPodsOf({ name }: LabNode, other: LabNode, { k3s }: Topology): string[] {
  if (k3s.flannelBackend === "host-gw")
    return [`ip -n ${name} route add ${other.podCidr} via ${other.address}`];
  const device = k3s.flannelBackend === "vxlan" ? "flannel.1" : "flannel-wg";
  return [
    `ip -n ${name} route add ${other.podCidr} via ${other.tunnelAddress} dev ${device} onlink`,
    `ip -n ${name} neighbour add ${other.tunnelAddress} lladdr ${other.tunnelMac} dev ${device} nud permanent`,
    ...(device === "flannel.1"
      ? [`bridge -n ${name} fdb append ${other.tunnelMac} dev flannel.1 dst ${other.address}`]
      : []),
  ];
}

/**
 * The LAN host knows the nodes' MAC addresses, so that its forged packets do not change ARP tables. It and the router have heard of one
 * for the services' address: a stand-in for MetalLB, which answers ARP by itself for an address that no interface has.
 */
function neighbours({ nodes, lan, router, serviceAddress }: Topology): string[] {
  const knows = (host: Host, address: string, { macAddress }: Node): string =>
    `ip -n ${host.name} neighbour add ${address} lladdr ${macAddress} dev eth0 nud permanent`;
  const announcing = nodes.at(-1)?.node;
  return [
    ...nodes.map(({ address, node }) => knows(lan, address, node)),
    ...(serviceAddress === undefined || announcing === undefined
      ? []
      : [lan, router].map((host) => knows(host, serviceAddress, announcing))),
  ];
}

function k3sRules(sandbox: NetnsSandbox, topology: Topology): Promise<unknown>[] {
  const services = servicesOf(topology);
  const restore = (namespace: string, rules: string): Promise<unknown> =>
    sandbox.run([...NetnsSandbox.in(namespace), "iptables-nft-restore"], rules);
  return topology.nodes.flatMap((node) => [
    restore(node.name, kubeRules(node, topology.network.podCidr, services)),
    restore(node.pods[1]?.name as string, loadBalancerRules(WEB_SERVICE(topology))),
  ]);
}

/** The ports on which each host answers: those of K3s, some of its own, and ports without a flow. */
const NODE_PORTS = [22, 2379, 2380, 5001, 6443, 7946, HOST_PORT, 9100, 9101, 9200, 10_250, 10_255];
const NODE_UDP_PORTS = [546, POD_UDP_PORT, 7946, 9100, 51_820, 51_821];

async function startProber(sandbox: NetnsSandbox, host: string, tcp: number[], udp: number[]): Promise<void> {
  sandbox.startProgram(host, "prober");
  const { error } = await sandbox.ask<Request, Answer>(host, { do: "listen", who: host, tcp, udp });
  if (error !== undefined) throw new Error(`${host} cannot listen: ${error}`);
}

/** Of Proxmox VE's API and NFS, which a host of the LAN stands in for, and of Longhorn's pods: iSCSI, its webhook and a replica. */
const STORAGE_PORTS = [2049, 8006, 3260, 9502, 10_000];

const probers = (sandbox: NetnsSandbox, topology: Topology): Promise<void>[] => {
  const vxlan = topology.k3s.flannelBackend === "vxlan";
  const nodeUdpPorts = vxlan ? NODE_UDP_PORTS : [...NODE_UDP_PORTS, VXLAN_PORT];
  const nodes = new Set(topology.nodes.map(({ name }) => name));
  return hostsOf(topology).map(({ name }) =>
    nodes.has(name)
      ? startProber(sandbox, name, NODE_PORTS, nodeUdpPorts)
      : startProber(sandbox, name, [POD_PORT, ...STORAGE_PORTS], [POD_UDP_PORT]),
  );
};
