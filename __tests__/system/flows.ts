/**
 * Who reaches what, written by hand: not derived from `src/firewall/flows.ts`, which it checks. `open` must pass
 * the emitted firewall, `closed` must not, and everything passes without a firewall.
 *
 * alphard is a server, hamal and mizar are agents. Services have one endpoint: 10.43.0.20 a pod of hamal's, 10.43.0.30
 * and 10.43.0.31 programs of hamal and alphard themselves. Node ports are 30080, 30053 by UDP, 30090, and 30091.
 */
import {
  ATTACKS,
  DHCP_ATTACKS,
  IPV6_ATTACKS,
  TRUSTED_POD_ATTACKS,
  TUNNEL_ATTACKS,
  TUNNEL_DHCP_ATTACKS,
  VXLAN_ATTACKS,
} from "./attacks";
import { protocol, routedProtocol } from "./lab/intrusions";
import { closed, open, type Check } from "./lab/lab";
import {
  advertise,
  answerFor,
  dhcp6,
  forged,
  ping,
  ping6,
  pod,
  podUdp,
  queryListeners,
  resolves,
  tcp,
  tcp6,
  tcp6Anew,
  tcpToAny,
  udp,
  udp6,
} from "./lab/ways";

const BY_POD = { by: "hamal-pod1" };
const LONG = { bytes: 200_000 };

/** A host about which something is claimed, of any role. */
interface Subject {
  readonly host: string;
  /** An agent. */
  readonly other: string;
  /** A service whose endpoint is a program of the host, and its node port. */
  readonly service: string;
  readonly nodePort: number;
}

const ALPHARD: Subject = { host: "alphard", other: "mizar", service: "10.43.0.31", nodePort: 30_091 };
const HAMAL: Subject = { host: "hamal", other: "mizar", service: "10.43.0.30", nodePort: 30_090 };

/** Who its pods reach, and who reaches them. */
function ofPods({ host, other, service }: Subject): Check[] {
  const [pod1, pod2, bridge] = [`${host}-pod1`, `${host}-pod2`, `${host}'s bridge`] as const;
  return [
    open("a pod reaches a pod of its host", pod1, pod(pod2, { as: pod1 })),
    open("a pod reaches a pod of its host by UDP", pod1, podUdp(pod2)),
    open("a pod reaches a pod of another host", pod1, pod(`${other}-pod1`, { as: pod1 })),
    open("a pod reaches a pod of another host by UDP", pod1, podUdp(`${other}-pod1`)),
    open("a pod is reached from another host", `${other}-pod2`, pod(pod1, { as: `${other}-pod2` })),
    open("a pod reaches a service", pod2, tcp("10.43.0.20", 80, BY_POD)),
    open("a pod reaches a UDP service", pod2, udp("10.43.0.20", 53, BY_POD)),
    open("a pod reaches a node port of its host", pod1, tcp(host, 30_080, BY_POD)),
    open("a pod reaches a service whose endpoint is its host", pod1, tcp(service, 80, { by: host })),
    open("a pod reaches the LAN, as its node", pod1, pod("lan", { as: host })),
    open("a pod reaches the outside, as its node", pod1, pod("outsider", { as: host })),
    open("a pod reaches its host's kubelet", pod1, tcp(host, 10_250, { as: pod1 })),
    open("a pod reaches another host's kubelet", pod1, tcp(other, 10_250, { as: host })),
    open("a pod pings a pod of another host", pod1, ping(`${other}-pod1`)),
    open("a pod pings the LAN", pod1, ping("lan")),
    open("a pod's long packets fit a narrow path", pod1, pod("outsider", LONG)),
    closed("a pod pings its host", pod1, ping(host)),
    closed("a pod reaches the bridge of another host", `${other}-pod1`, tcp(bridge, 10_250, { by: host })),
  ];
}

/** What the host reaches, and what other nodes reach on it. */
function ofHost({ host, other }: Subject): Check[] {
  const [pod1, bridge] = [`${host}-pod1`, `${host}'s bridge`] as const;
  return [
    open("a host reaches its pods", host, pod(pod1, { as: bridge })),
    open("a host reaches a pod of another", host, pod(`${other}-pod1`)),
    open("a host reaches a service", host, tcp("10.43.0.20", 80, BY_POD)),
    open("a host reaches a UDP service", host, udp("10.43.0.20", 53, BY_POD)),
    open("a host reaches itself", host, tcp(host, 9100)),
    open("a host reaches itself by its bridge", host, tcp(bridge, 22, { by: host })),
    open("a host pings a pod of another", host, ping(`${other}-pod1`)),
    open("a host reaches a kubelet", host, tcp(other, 10_250)),
    open("a host's kubelet is reached", other, tcp(host, 10_250)),
    open("a host reaches the API", host, tcp("alphard", 6443)),
    open("a host reaches the outside", host, pod("outsider", { as: host })),
    open("a host's long packets fit a narrow path", host, pod("outsider", LONG)),
    closed("a node reaches the read-only kubelet", other, tcp(host, 10_255)),
    closed("a node reaches some port of another", other, tcp(host, 9100)),
    closed("a node reaches some UDP port of another", other, udp(host, 9100)),
    closed("a node that is no server reaches etcd", other, tcp(host, 2379)),
    closed("a node that is no server reaches etcd's peers", other, tcp(host, 2380)),
    closed("a node reaches some port by the bridge of another", other, tcp(bridge, 9100, { by: host })),
  ];
}

/** What the LAN reaches. */
function ofLan({ host, nodePort }: Subject): Check[] {
  const [pod1, bridge] = [`${host}-pod1`, `${host}'s bridge`] as const;
  return [
    open("the LAN reaches a node port", "lan", tcp(host, 30_080, BY_POD)),
    open("the LAN reaches a UDP node port", "lan", udp(host, 30_053, BY_POD)),
    open("the LAN reaches a node port of the host's own program", "lan", tcp(host, nodePort, { by: host })),
    open("the LAN pings a host", "lan", ping(host)),
    closed("the LAN reaches a host's program by its own port", "lan", tcp(host, 9090)),
    closed("the LAN reaches a kubelet", "lan", tcp(host, 10_250)),
    closed("the LAN reaches a read-only kubelet", "lan", tcp(host, 10_255)),
    closed("the LAN reaches etcd", "lan", tcp(host, 2379)),
    closed("the LAN reaches etcd's peers", "lan", tcp(host, 2380)),
    closed("the LAN reaches the registry's port", "lan", tcp(host, 5001)),
    closed("the LAN reaches some port", "lan", tcp(host, 9100)),
    closed("the LAN reaches some UDP port", "lan", udp(host, 9100)),
    closed("the LAN reaches a pod by its address", "lan", pod(pod1)),
    closed("the LAN reaches a pod by its address by UDP", "lan", podUdp(pod1)),
    closed("the LAN reaches a host by its bridge's address", "lan", tcp(bridge, 22, { by: host })),
    closed("the LAN reaches a kubelet by IPv6", "lan", tcp6(host, 10_250)),
    closed("the LAN reaches some port by IPv6", "lan", tcp6(host, 9100)),
    closed("the LAN pings a host by IPv6", "lan", ping6(host)),
  ];
}

/** What everybody else reaches: nothing. */
function ofOutside({ host, nodePort }: Subject): Check[] {
  const [pod1] = [`${host}-pod1`] as const;
  return [
    closed("the outside reaches SSH", "outsider", tcp(host, 22)),
    closed("the outside reaches SSH by IPv6", "outsider", tcp6(host, 22)),
    closed("the outside reaches the API's port", "outsider", tcp(host, 6443)),
    closed("the outside reaches a kubelet", "outsider", tcp(host, 10_250)),
    closed("the outside reaches etcd", "outsider", tcp(host, 2379)),
    closed("the outside reaches some port", "outsider", tcp(host, 9100)),
    closed("the outside reaches a node port", "outsider", tcp(host, 30_080, BY_POD)),
    closed(
      "the outside reaches a node port of the host's program",
      "outsider",
      tcp(host, nodePort, { by: host }),
    ),
    closed("the outside reaches a UDP node port", "outsider", udp(host, 30_053, BY_POD)),
    closed("the outside reaches HTTP", "outsider", tcp(host, 80, BY_POD)),
    closed("the outside reaches HTTPS", "outsider", tcp(host, 443, BY_POD)),
    closed("the outside reaches a pod by its address", "outsider", pod(pod1)),
    closed("the outside pings a host", "outsider", ping(host)),
  ];
}

/** What a sender with another's address reaches: nothing. */
function ofForgers({ host, other }: Subject): Check[] {
  const [pod1, pod2] = [`${host}-pod1`, `${host}-pod2`] as const;
  return [
    closed("the LAN reaches a pod as another pod", "lan", forged(`${other}-pod2`, pod1)),
    closed("the LAN reaches a pod as a service", "lan", forged("10.43.0.20", pod1)),
    closed("the LAN answers a host in a pod's place", "lan", answerFor(pod1, host)),
    closed("the outside reaches a pod as another pod", "outsider", forged(`${other}-pod2`, pod1)),
    closed("a pod reaches a pod of its host as the LAN", pod1, forged("lan", pod2)),
    closed("a pod reaches a pod of another host as the LAN", pod1, forged("lan", `${other}-pod1`)),
    closed("a pod reaches the LAN as a stranger", pod1, forged("203.0.113.77", "lan")),
  ];
}

/** What IPv6 needs for neighbours, routers and listeners. */
function ofIpv6({ host }: Subject): Check[] {
  return [
    open("a host is found by neighbour discovery", "router", resolves(host)),
    open("a host finds its neighbours", host, tcp6Anew("lan", 8080)),
    open("a host heeds its router", "router", advertise(host)),
    open("a host answers a query for listeners", "router", queryListeners(host)),
  ];
}

/** Pods that are not trusted by their host. */
const untrusted = ({ host }: Subject): Check[] => {
  const pod1 = `${host}-pod1`;
  return [
    closed("a pod reaches SSH of its host", pod1, tcp(host, 22)),
    closed("a pod reaches SSH of its host by the bridge", pod1, tcp(`${host}'s bridge`, 22, { by: host })),
    closed("a pod reaches some port of its host", pod1, tcp(host, 9100)),
    closed("a pod reaches some UDP port of its host", pod1, udp(host, 9100)),
    closed("a pod reaches the read-only kubelet of its host", pod1, tcp(host, 10_255)),
    closed("a pod reaches etcd of its host", pod1, tcp(host, 2379)),
    closed("a pod reaches an endpoint of its host by its own port", pod1, tcp(host, 9090)),
  ];
};

/** A program of a host as the endpoint of a service, dialled on another host, whose address the connection has. */
const elsewhere = ({ host, other, service, nodePort }: Subject): Check[] => [
  closed("a pod reaches another host by a service", `${other}-pod1`, tcp(service, 80, { by: host })),
  closed("a node reaches another host by a service", other, tcp(service, 80, { by: host })),
  closed("the LAN reaches another host by a node port", "lan", tcp(other, nodePort, { by: host })),
];

const UNTRUSTED = [...untrusted(ALPHARD), ...untrusted(HAMAL)];

const EVERY_KIND_OF_HOST = [ofPods, ofHost, ofLan, ofOutside, ofForgers, ofIpv6].flatMap((claims) => [
  ...claims(ALPHARD),
  ...claims(HAMAL),
]);

const SOME: readonly Check[] = [
  open("a pod reaches itself through its service", "hamal-pod1", tcp("10.43.0.20", 80, BY_POD)),
  open("a server's pod reaches the API of its host", "alphard-pod1", tcp("alphard", 6443)),
  closed("a pod reaches port 6443 of an agent", "hamal-pod1", tcp("hamal", 6443)),
  closed("the LAN reaches port 6443 of an agent", "lan", tcp("hamal", 6443)),
  closed("the LAN reaches a service by its address", "lan", tcp("10.43.0.20", 80, BY_POD)),
  closed("the outside reaches a service by its address", "outsider", tcp("10.43.0.20", 80, BY_POD)),
];

const NO_REGISTRY: readonly Check[] = [
  closed("a node reaches the registry's port of a server", "mizar", tcp("alphard", 5001)),
  closed("a node reaches the registry's port of an agent", "mizar", tcp("hamal", 5001)),
  closed("a node reaches port 6443 of an agent", "alphard", tcp("hamal", 6443)),
];

const API: readonly Check[] = [
  open("a server's pod reaches the API's service", "alphard-pod2", tcp("10.43.0.1", 443, { by: "alphard" })),
  open("an agent's pod reaches the API's service", "mizar-pod1", tcp("10.43.0.1", 443, { by: "alphard" })),
  open("an agent reaches the API's service", "mizar", tcp("10.43.0.1", 443, { by: "alphard" })),
];

/** SSH and the API where these are for the LAN. */
const OPERATORS: readonly Check[] = [
  open("the LAN reaches SSH of a server", "lan", tcp("alphard", 22)),
  open("the LAN reaches SSH of an agent", "lan", tcp("hamal", 22)),
  open("the LAN reaches the API", "lan", tcp("alphard", 6443)),
  open("a node reaches SSH of another", "hamal", tcp("mizar", 22)),
];

const SERVICE_LB: readonly Check[] = [
  open("the LAN reaches HTTP by ServiceLB", "lan", tcp("hamal", 80, BY_POD)),
  open("the LAN reaches HTTP by ServiceLB elsewhere than the endpoint", "lan", tcp("mizar", 80, BY_POD)),
  open("the LAN reaches HTTPS by ServiceLB", "lan", tcp("alphard", 443, BY_POD)),
  closed("the LAN reaches a load balancer's port that is not exposed", "lan", tcp("hamal", 25_565, BY_POD)),
];

/** Where pods on different hosts reach each other through a tunnel. */
const tunnel = ({ host, other }: Subject): Check[] => [
  open(
    "a host reaches a pod of another, as its tunnel",
    host,
    pod(`${other}-pod1`, { as: `${host}'s tunnel` }),
  ),
  open("a node pings the tunnel's end of another host", other, ping(`${host}'s tunnel`)),
  closed("the LAN pings the tunnel's end of a host", "lan", ping(`${host}'s tunnel`)),
  closed("a pod pings the tunnel's end of its host", `${host}-pod1`, ping(`${host}'s tunnel`)),
  closed(
    "a pod reaches the tunnel's end of another host",
    `${other}-pod1`,
    tcp(`${host}'s tunnel`, 22, { by: host }),
  ),
  closed("a node reaches a kubelet by the bridge", other, tcp(`${host}'s bridge`, 10_250, { by: host })),
];

const TUNNEL = [...tunnel(ALPHARD), ...tunnel(HAMAL), ...TUNNEL_ATTACKS];

/** Where hosts take their addresses from DHCP. */
const DHCP: readonly Check[] = [
  open("a server gets a lease of IPv6", "router", dhcp6("alphard")),
  open("an agent gets a lease of IPv6", "router", dhcp6("hamal")),
  ...DHCP_ATTACKS,
];

const NO_LAN_OF_IPV6: readonly Check[] = [
  closed("the LAN reaches SSH by IPv6", "lan", tcp6("alphard", 22)),
  closed("the LAN reaches the API by IPv6", "lan", tcp6("alphard", 6443)),
];

/** What holds in every cluster of the lab. */
const EVERYWHERE = [...EVERY_KIND_OF_HOST, ...elsewhere(ALPHARD), ...OPERATORS, ...ATTACKS];

/** What holds unless the owner says otherwise, except for traffic between pods on different hosts. */
const BY_DEFAULT = [
  ...EVERYWHERE,
  ...UNTRUSTED,
  ...elsewhere(HAMAL),
  ...SOME,
  ...NO_REGISTRY,
  ...SERVICE_LB,
  ...DHCP,
];

const DEFAULTS = [...BY_DEFAULT, ...TUNNEL, ...TUNNEL_DHCP_ATTACKS, ...VXLAN_ATTACKS, ...NO_LAN_OF_IPV6];

/** One server and two agents. */
export const REFERENCE_FLOWS: readonly Check[] = [...DEFAULTS, ...API];

/** The API's own address, and the number of VRRP. */
const API_VIP = "172.22.0.30";
const VRRP = 112;

const GRE = 47;

const SERVERS = ["alphard", "acrux", "alnair"];

/** alphard, acrux and alnair are servers. */
export const FIVE_NODES_FLOWS: readonly Check[] = [
  ...DEFAULTS,
  open("a server's pod reaches the API's service", "acrux-pod2", tcpToAny("10.43.0.1", 443, SERVERS)),
  open("an agent's pod reaches the API's service", "mizar-pod1", tcpToAny("10.43.0.1", 443, SERVERS)),
  open("an agent reaches the API of another server", "hamal", tcp("alnair", 6443)),
  open("a server reaches the API of another", "acrux", tcp("alphard", 6443)),
  open("a server reaches etcd of another", "acrux", tcp("alphard", 2379)),
  open("a server reaches etcd's peers on another", "alphard", tcp("alnair", 2380)),
  open("a server reaches a kubelet of another", "acrux", tcp("alnair", 10_250)),
  closed("an agent reaches etcd of another server", "mizar", tcp("acrux", 2379)),
  closed("the LAN reaches etcd of another server", "lan", tcp("alnair", 2379)),
  closed("the LAN reaches etcd's peers on another server", "lan", tcp("acrux", 2380)),
  closed("a server's pod reaches etcd of its host", "acrux-pod1", tcp("acrux", 2379)),

  open("an agent reaches the API at its own address", "hamal", tcp(API_VIP, 6443, { by: "alphard" })),
  open("a server reaches the API at its own address", "alnair", tcp(API_VIP, 6443, { by: "alphard" })),
  open(
    "an agent's pod reaches the API at its own address",
    "mizar-pod1",
    tcp(API_VIP, 6443, { by: "alphard" }),
  ),
  open("the LAN reaches the API at its own address", "lan", tcp(API_VIP, 6443, { by: "alphard" })),
  closed("the LAN reaches etcd at the API's own address", "lan", tcp(API_VIP, 2379, { by: "alphard" })),
  open("a server sends VRRP to another", "acrux", protocol(VRRP, "alphard")),
  closed("an agent sends VRRP to a server", "mizar", protocol(VRRP, "alphard")),
  closed("the LAN sends VRRP to a server", "lan", protocol(VRRP, "acrux")),
  closed("a server sends VRRP to an agent", "acrux", protocol(VRRP, "hamal")),
  closed(
    "a server's pod sends VRRP to another server, as its node",
    "alnair-pod1",
    routedProtocol(VRRP, "acrux"),
  ),
  closed("a server's pod sends VRRP to its host", "alnair-pod1", routedProtocol(VRRP, "alnair")),
  closed("an agent forges VRRP of a server", "mizar", protocol(VRRP, "alphard", { as: "acrux" })),
  closed(
    "an agent forges VRRP of a server to which the receiver has sent some",
    "mizar",
    protocol(VRRP, "alphard", { as: "alnair", answering: true }),
  ),
];

/** The first of the addresses for services, with ports 80 and 25565. mizar answers for it, and the pod is hamal's. */
const SERVICE_ADDRESS = "172.22.0.200";

/** MetalLB's, of programs of the hosts. */
const MEMBERLIST = 7946;

/**
 * With a LAN that has a further network, `office`; SSH and the API for the nodes' network and that of `admin`; metrics
 * for that of `monitor`, and node_exporter for that and for pods; a program of hamal's for nodes, a port of servers for pods, and node port 30080 of mizar for
 * everyone; port 25565 of load balancers for the LAN, with MetalLB instead of ServiceLB; the registry; and static addresses.
 */
export const EXTENDED_FLOWS: readonly Check[] = [
  ...EVERYWHERE,
  ...UNTRUSTED,
  ...SOME,
  ...TUNNEL,
  ...VXLAN_ATTACKS,
  ...NO_LAN_OF_IPV6,
  closed("a host with a static address gets a lease of IPv6", "router", dhcp6("hamal")),

  ...["alphard", "hamal"].flatMap((host) => [
    open("a further network of the LAN reaches a node port", "office", tcp(host, 30_080, BY_POD)),
    open("a further network of the LAN reaches a UDP node port", "office", udp(host, 30_053, BY_POD)),
    open("a further network of the LAN pings a host", "office", ping(host)),
    closed("a further network of the LAN reaches SSH", "office", tcp(host, 22)),
    closed("a further network of the LAN reaches the API's port", "office", tcp(host, 6443)),
    closed("a further network of the LAN reaches a pod", "office", pod(`${host}-pod1`)),
    closed("a further network of the LAN reaches SSH by IPv6", "office", tcp6(host, 22)),

    open("a management network reaches SSH", "admin", tcp(host, 22)),
    open("a management network reaches SSH by IPv6", "admin", tcp6(host, 22)),
    open("a management network pings a host", "admin", ping(host)),
    closed("a management network pings a host by IPv6", "admin", ping6(host)),
    closed("a management network reaches a node port", "admin", tcp(host, 30_080, BY_POD)),
    closed("a management network reaches a kubelet", "admin", tcp(host, 10_250)),
    closed("a management network reaches a kubelet by IPv6", "admin", tcp6(host, 10_250)),

    open("a monitoring network reads metrics", "monitor", tcp(host, 9100)),
    open("a monitoring network reads metrics by IPv6", "monitor", tcp6(host, 9200)),
    closed("a monitoring network reaches another port by IPv6", "monitor", tcp6(host, 9100)),
    open("a monitoring network reads node_exporter", "monitor", tcp(host, 9101)),
    open("a pod reads node_exporter of its host", `${host}-pod1`, tcp(host, 9101)),
    open("a pod reads node_exporter of another host", "mizar-pod1", tcp(host, 9101, { as: "mizar" })),
    open("a node reads node_exporter of another", "mizar", tcp(host, 9101)),
    closed("the LAN reads node_exporter", "lan", tcp(host, 9101)),
    closed("a management network reads node_exporter", "admin", tcp(host, 9101)),
    closed("the outside reads node_exporter", "outsider", tcp(host, 9101)),
    closed("a monitoring network reaches SSH", "monitor", tcp(host, 22)),
    closed("a monitoring network reaches a kubelet", "monitor", tcp(host, 10_250)),
    closed("a monitoring network reaches a node port", "monitor", tcp(host, 30_080, BY_POD)),
    closed("a monitoring network pings a host", "monitor", ping(host)),

    open("a node reaches MetalLB of another", "mizar", tcp(host, MEMBERLIST)),
    open("a node reaches MetalLB of another by UDP", "mizar", udp(host, MEMBERLIST)),
    closed("the LAN reaches MetalLB", "lan", tcp(host, MEMBERLIST)),
    closed("the LAN reaches MetalLB by UDP", "lan", udp(host, MEMBERLIST)),
    closed("a pod reaches MetalLB of its host", `${host}-pod1`, tcp(host, MEMBERLIST)),
    open("a node reaches a service at its address", host, tcp(SERVICE_ADDRESS, 25_565, BY_POD)),
    open("a pod reaches a service at its address", `${host}-pod2`, tcp(SERVICE_ADDRESS, 25_565, BY_POD)),

    open("a node reaches another's registry", "mizar", tcp(host, 5001)),
    open("a node finds images of another", "mizar", tcp(host, 6443)),
    open("the LAN reaches a port that is exposed", "lan", tcp(host, 25_565, BY_POD)),
    open("a further network of the LAN reaches a port that is exposed", "office", tcp(host, 25_565, BY_POD)),
    closed("the outside reaches a port that is exposed to the LAN", "outsider", tcp(host, 25_565, BY_POD)),
    closed("the LAN reaches HTTP without ServiceLB", "lan", tcp(host, 80, BY_POD)),
    closed("the LAN reaches HTTPS without ServiceLB", "lan", tcp(host, 443, BY_POD)),
  ]),
  open("the LAN reaches a service at its address", "lan", tcp(SERVICE_ADDRESS, 25_565, BY_POD)),
  open(
    "a further network of the LAN reaches a service at its address",
    "office",
    tcp(SERVICE_ADDRESS, 25_565, BY_POD),
  ),
  closed("the LAN reaches a port there that is not exposed", "lan", tcp(SERVICE_ADDRESS, 80, BY_POD)),
  closed(
    "a management network reaches a service at its address",
    "admin",
    tcp(SERVICE_ADDRESS, 25_565, BY_POD),
  ),
  closed("the outside reaches a service at its address", "outsider", tcp(SERVICE_ADDRESS, 25_565, BY_POD)),
  open("a management network reaches the API", "admin", tcp("alphard", 6443)),
  open("a management network reaches the API by IPv6", "admin", tcp6("alphard", 6443)),

  open(
    "a monitoring network pings a server by IPv6, which is allowed by protocol",
    "monitor",
    ping6("alphard"),
  ),
  closed("a monitoring network pings an agent by IPv6", "monitor", ping6("hamal")),
  open("the router sends a protocol by its number to a server", "router", protocol(GRE, "alphard")),
  closed("the router sends that protocol to an agent", "router", protocol(GRE, "hamal")),
  closed("the router sends another protocol to a server", "router", protocol(GRE + 1, "alphard")),
  open("a node sends a protocol by its number to an agent", "mizar", protocol(GRE, "hamal")),
  closed("the LAN sends that protocol to the agent", "lan", protocol(GRE, "hamal")),
  closed("the LAN forges that protocol of a node", "lan", protocol(GRE, "hamal", { as: "mizar" })),
  closed(
    "the LAN forges that protocol of a node to which the agent has sent some",
    "lan",
    protocol(GRE, "hamal", { as: "alphard", answering: true }),
  ),
  open("a monitoring network reaches a UDP port of servers", "monitor", udp("alphard", 9100)),
  closed("a monitoring network reaches that UDP port of agents", "monitor", udp("hamal", 9100)),

  open("a node reaches a program of one host that is for nodes", "mizar", tcp("hamal", 9090)),
  open("a node reaches it by a service", "alphard", tcp("10.43.0.30", 80, { by: "hamal" })),
  open("a pod reaches it by a service", "mizar-pod1", tcp("10.43.0.30", 80, { by: "hamal" })),
  open("the LAN reaches it by a node port of another host", "lan", tcp("mizar", 30_090, { by: "hamal" })),
  closed("a node reaches that port of another host", "hamal", tcp("mizar", 9090)),

  open("a pod reaches a port of its server that is for pods", "alphard-pod1", tcp("alphard", 9200)),
  open("a pod of another host reaches it", "mizar-pod1", tcp("alphard", 9200)),
  closed("a pod reaches that port of an agent", "hamal-pod1", tcp("hamal", 9200)),
  closed("the LAN reaches a port that is for pods", "lan", tcp("alphard", 9200)),

  open("the outside reaches a node port that is for everyone", "outsider", tcp("mizar", 30_080, BY_POD)),
  open(
    "a monitoring network reaches a node port that is for everyone",
    "monitor",
    tcp("mizar", 30_080, BY_POD),
  ),
];

/** Storage, by the ports of NFS, Proxmox VE and Longhorn: connections that hosts and pods begin, for which no setting is needed. */
export const STORAGE_FLOWS: readonly Check[] = [
  open("a host mounts from an NFS server", "hamal", tcp("lan", 2049)),
  open("a pod of proxmox-csi asks Proxmox VE's API", "hamal-pod1", tcp("lan", 8006)),
  open("a host logs in to Longhorn's iSCSI target in its pod", "hamal", tcp("hamal-pod1", 3260)),
  open("the API of a server asks Longhorn's webhook in a pod", "alphard", tcp("hamal-pod1", 9502)),
  open("a volume of Longhorn writes to a replica of another host", "hamal-pod1", tcp("mizar-pod1", 10_000)),
  closed("the LAN reaches a replica of Longhorn", "lan", tcp("hamal-pod1", 10_000)),
];

/** With a LAN that also has IPv6, and pods that are trusted. */
export const IPV6_FLOWS: readonly Check[] = [
  ...EVERYWHERE,
  ...elsewhere(HAMAL),
  ...NO_REGISTRY,
  ...SERVICE_LB,
  ...DHCP,
  ...TUNNEL,
  ...TUNNEL_DHCP_ATTACKS,
  ...VXLAN_ATTACKS,
  ...IPV6_ATTACKS,
  ...TRUSTED_POD_ATTACKS,
  ...["alphard", "hamal"].flatMap((host) => [
    open("the LAN reaches SSH by IPv6", "lan", tcp6(host, 22)),
    closed("the LAN reaches etcd by IPv6", "lan", tcp6(host, 2379)),
    closed("a further network reaches SSH by IPv6", "office", tcp6(host, 22)),
    open("a trusted pod reaches SSH of its host", `${host}-pod1`, tcp(host, 22)),
    open("a trusted pod reaches some port of its host", `${host}-pod1`, tcp(host, 9100)),
    open("a trusted pod reaches some UDP port of its host", `${host}-pod1`, udp(host, 9100)),
    closed("a trusted pod reaches some port of another host", `${host}-pod1`, tcp("mizar", 9100)),
  ]),
  open("the LAN reaches the API by IPv6", "lan", tcp6("alphard", 6443)),
  closed("the LAN reaches port 6443 of an agent by IPv6", "lan", tcp6("hamal", 6443)),
];

/** Pod addresses on the nodes' own network. */
export const HOST_GATEWAY_FLOWS: readonly Check[] = [
  ...BY_DEFAULT,
  ...["alphard", "hamal"].flatMap((host) => [
    open("a host reaches a pod of another, as itself", host, pod("mizar-pod1", { as: host })),
    open("a host's pod is reached from another host", "mizar", pod(`${host}-pod1`, { as: "mizar" })),
    closed("the LAN reaches a pod with a node's address", "lan", forged("mizar", `${host}-pod1`)),
    closed("the outside reaches a pod with a node's address", "outsider", forged("mizar", `${host}-pod1`)),
    closed("VXLAN's port is open to nodes", "mizar", udp(host, 8472)),
  ]),
];

/** Plain datagrams and a cable stand in for WireGuard. */
export const WIREGUARD_FLOWS: readonly Check[] = [
  ...BY_DEFAULT,
  ...TUNNEL,
  ...TUNNEL_DHCP_ATTACKS,
  ...["alphard", "hamal"].flatMap((host) => [
    open("a node sends WireGuard", "mizar", udp(host, 51_820)),
    open("a node sends WireGuard by IPv6", "mizar", udp6(host, 51_821)),
    closed("the LAN sends WireGuard", "lan", udp(host, 51_820)),
    closed(
      "the LAN sends WireGuard with a node's address",
      "lan",
      forged("mizar", host, { host, port: 51_820 }),
    ),
    closed("the LAN sends WireGuard by IPv6", "lan", udp6(host, 51_821)),
    closed("the outside sends WireGuard", "outsider", udp(host, 51_820)),
    closed("the outside sends WireGuard by IPv6", "outsider", udp6(host, 51_821)),
    closed("VXLAN's port is open to nodes", "mizar", udp(host, 8472)),
  ]),
];
