/**
 * Who reaches what, written by hand: not derived from `cluster/flows.ts`, of which it is the judge. `open` has to pass
 * through the emitted firewall, `closed` must not, and all of it passes where there is no firewall.
 *
 * alphard is a server, hamal and mizar are agents. Services have their one endpoint on hamal: 10.43.0.20 a pod,
 * 10.43.0.30 a program of the host itself.
 */
import { closed, open, type Check } from "./lab/lab";
import {
  advertise,
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
  vxlanInto,
} from "./lab/ways";

const BY_POD = { by: "hamal-pod1" };
const BY_HOST = { by: "hamal" };
const LONG = { bytes: 200_000 };

const PODS: readonly Check[] = [
  open("a pod reaches a pod of its host", "hamal-pod1", pod("hamal-pod2", { as: "hamal-pod1" })),
  open("a pod reaches a pod of its host by UDP", "hamal-pod1", podUdp("hamal-pod2")),
  open("a pod reaches a pod of another host", "hamal-pod1", pod("mizar-pod1", { as: "hamal-pod1" })),
  open("a pod reaches a pod of another host by UDP", "mizar-pod1", podUdp("hamal-pod1")),
  open("a server's pod reaches an agent's", "alphard-pod1", pod("hamal-pod1")),
  open("an agent's pod reaches a server's", "mizar-pod2", pod("alphard-pod1")),
  open("a pod reaches a service with an endpoint on its host", "hamal-pod2", tcp("10.43.0.20", 80, BY_POD)),
  open(
    "a pod reaches a service with an endpoint on another host",
    "mizar-pod1",
    tcp("10.43.0.20", 80, BY_POD),
  ),
  open("a pod reaches a UDP service on its host", "hamal-pod2", udp("10.43.0.20", 53, BY_POD)),
  open("a pod reaches a UDP service on another host", "alphard-pod1", udp("10.43.0.20", 53, BY_POD)),
  open("a pod reaches itself through its service", "hamal-pod1", tcp("10.43.0.20", 80, BY_POD)),
  open("a pod reaches a node port of its host", "mizar-pod1", tcp("mizar", 30_080, BY_POD)),
  open("a pod reaches the LAN, as its node", "hamal-pod1", pod("lan", { as: "hamal" })),
  open("a pod reaches the outside, as its node", "mizar-pod1", pod("outsider", { as: "mizar" })),
  open("a pod reaches its host's kubelet", "hamal-pod1", tcp("hamal", 10_250, { as: "hamal-pod1" })),
  open("a pod reaches another host's kubelet", "hamal-pod1", tcp("alphard", 10_250, { as: "hamal" })),
  open("a server's pod reaches the API of its host", "alphard-pod1", tcp("alphard", 6443)),
  open("a pod reaches a service whose endpoint is its host", "hamal-pod1", tcp("10.43.0.30", 80, BY_HOST)),
  open("a pod pings a pod of another host", "hamal-pod1", ping("mizar-pod1")),
  open("a pod pings the LAN", "hamal-pod1", ping("lan")),
  open("a pod's long packets fit a narrow path", "hamal-pod1", pod("outsider", LONG)),

  closed("a pod reaches SSH of its host", "hamal-pod1", tcp("hamal", 22)),
  closed(
    "a pod reaches SSH of its host by the bridge's address",
    "hamal-pod1",
    tcp("hamal's bridge", 22, BY_HOST),
  ),
  closed("a pod reaches some port of its host", "hamal-pod1", tcp("hamal", 9100)),
  closed("a pod reaches some UDP port of its host", "hamal-pod1", udp("hamal", 9100)),
  closed("a pod reaches the read-only kubelet of its host", "hamal-pod1", tcp("hamal", 10_255)),
  closed("a pod reaches etcd of its host", "alphard-pod1", tcp("alphard", 2379)),
  closed("a pod reaches port 6443 of an agent", "hamal-pod1", tcp("hamal", 6443)),
  closed("a pod reaches an endpoint of its host by its own port", "hamal-pod1", tcp("hamal", 9090)),
  closed("a pod pings its host", "hamal-pod1", ping("hamal")),
  closed("a pod reaches the bridge of another host", "mizar-pod1", tcp("hamal's bridge", 10_250, BY_HOST)),
  closed(
    "a pod reaches the tunnel's address of another host",
    "mizar-pod1",
    tcp("hamal's tunnel", 22, BY_HOST),
  ),
  closed(
    "a pod reaches a host's program by a service, on another host",
    "mizar-pod1",
    tcp("10.43.0.30", 80, BY_HOST),
  ),
];

const API: readonly Check[] = [
  open("a server's pod reaches the API's service", "alphard-pod2", tcp("10.43.0.1", 443, { by: "alphard" })),
  open("an agent's pod reaches the API's service", "mizar-pod1", tcp("10.43.0.1", 443, { by: "alphard" })),
  open("an agent reaches the API's service", "mizar", tcp("10.43.0.1", 443, { by: "alphard" })),
];

const HOSTS: readonly Check[] = [
  open("a host reaches its pods", "hamal", pod("hamal-pod1", { as: "hamal's bridge" })),
  open("a host reaches a service on itself", "hamal", tcp("10.43.0.20", 80, BY_POD)),
  open("a host reaches a service on another", "mizar", tcp("10.43.0.20", 80, BY_POD)),
  open("a host reaches a UDP service on another", "alphard", udp("10.43.0.20", 53, BY_POD)),
  open("a host reaches itself by its bridge", "hamal", tcp("hamal's bridge", 22, BY_HOST)),
  open("a host pings a pod of another", "hamal", ping("mizar-pod1")),
  open("a server reaches an agent's kubelet", "alphard", tcp("hamal", 10_250)),
  open("an agent reaches a server's kubelet", "hamal", tcp("alphard", 10_250)),
  open("an agent reaches an agent's kubelet", "mizar", tcp("hamal", 10_250)),
  open("an agent reaches the API", "hamal", tcp("alphard", 6443)),
  open("a host reaches the outside", "hamal", pod("outsider", { as: "hamal" })),
  open("a host's long packets fit a narrow path", "hamal", pod("outsider", LONG)),

  closed("an agent reaches etcd", "hamal", tcp("alphard", 2379)),
  closed("an agent reaches etcd's peers", "hamal", tcp("alphard", 2380)),
  closed("a node reaches the read-only kubelet", "alphard", tcp("hamal", 10_255)),
  closed("a node reaches some port of another", "alphard", tcp("hamal", 9100)),
  closed("a node reaches some UDP port of another", "alphard", udp("hamal", 9100)),
  closed("a node reaches the registry's port", "mizar", tcp("hamal", 5001)),
  closed("a node reaches port 6443 of an agent", "alphard", tcp("hamal", 6443)),
  closed("a node reaches the bridge of another", "alphard", tcp("hamal's bridge", 10_250, BY_HOST)),
  closed("a node reaches a host's program by a service, on another", "mizar", tcp("10.43.0.30", 80, BY_HOST)),
];

const LAN: readonly Check[] = [
  open("the LAN reaches a node port with an endpoint on the host", "lan", tcp("hamal", 30_080, BY_POD)),
  open("the LAN reaches a node port with an endpoint elsewhere", "lan", tcp("mizar", 30_080, BY_POD)),
  open("the LAN reaches a node port of a server", "lan", tcp("alphard", 30_080, BY_POD)),
  open("the LAN reaches a UDP node port with an endpoint on the host", "lan", udp("hamal", 30_053, BY_POD)),
  open("the LAN reaches a UDP node port with an endpoint elsewhere", "lan", udp("mizar", 30_053, BY_POD)),
  open("the LAN reaches a node port of the host's own program", "lan", tcp("hamal", 30_090, BY_HOST)),
  open("the LAN pings a host", "lan", ping("hamal")),

  closed("the LAN reaches a node port of another host's program", "lan", tcp("mizar", 30_090, BY_HOST)),
  closed("the LAN reaches a host's program by its own port", "lan", tcp("hamal", 9090)),
  closed("the LAN reaches a kubelet", "lan", tcp("hamal", 10_250)),
  closed("the LAN reaches a server's kubelet", "lan", tcp("alphard", 10_250)),
  closed("the LAN reaches a read-only kubelet", "lan", tcp("hamal", 10_255)),
  closed("the LAN reaches etcd", "lan", tcp("alphard", 2379)),
  closed("the LAN reaches etcd's peers", "lan", tcp("alphard", 2380)),
  closed("the LAN reaches the registry's port", "lan", tcp("hamal", 5001)),
  closed("the LAN reaches port 6443 of an agent", "lan", tcp("hamal", 6443)),
  closed("the LAN reaches some port", "lan", tcp("hamal", 9100)),
  closed("the LAN reaches some UDP port", "lan", udp("hamal", 9100)),
  closed("the LAN reaches a pod by its address", "lan", pod("hamal-pod1")),
  closed("the LAN reaches a pod by its address by UDP", "lan", podUdp("mizar-pod1")),
  closed("the LAN reaches a service by its address", "lan", tcp("10.43.0.20", 80, BY_POD)),
  closed("the LAN reaches a host by its bridge's address", "lan", tcp("hamal's bridge", 22, BY_HOST)),
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
  open(
    "the LAN reaches HTTP by ServiceLB on another host than the endpoint's",
    "lan",
    tcp("mizar", 80, BY_POD),
  ),
  open("the LAN reaches HTTPS by ServiceLB", "lan", tcp("alphard", 443, BY_POD)),
  closed("the LAN reaches a load balancer's port that is not exposed", "lan", tcp("hamal", 25_565, BY_POD)),
];

const OUTSIDE: readonly Check[] = [
  closed("the outside reaches SSH", "outsider", tcp("alphard", 22)),
  closed("the outside reaches the API", "outsider", tcp("alphard", 6443)),
  closed("the outside reaches a kubelet", "outsider", tcp("hamal", 10_250)),
  closed("the outside reaches etcd", "outsider", tcp("alphard", 2379)),
  closed("the outside reaches some port", "outsider", tcp("hamal", 9100)),
  closed("the outside reaches a node port", "outsider", tcp("hamal", 30_080, BY_POD)),
  closed("the outside reaches a node port of a host's program", "outsider", tcp("hamal", 30_090, BY_HOST)),
  closed("the outside reaches a UDP node port", "outsider", udp("hamal", 30_053, BY_POD)),
  closed("the outside reaches HTTP", "outsider", tcp("alphard", 80, BY_POD)),
  closed("the outside reaches HTTPS", "outsider", tcp("hamal", 443, BY_POD)),
  closed("the outside reaches a pod by its address", "outsider", pod("hamal-pod1")),
  closed("the outside reaches a service by its address", "outsider", tcp("10.43.0.20", 80, BY_POD)),
  closed("the outside pings a host", "outsider", ping("hamal")),
  closed("the outside reaches SSH by IPv6", "outsider", tcp6("alphard", 22)),
];

const FORGED: readonly Check[] = [
  closed("the LAN reaches a pod as another pod", "lan", forged("mizar-pod2", "hamal-pod1")),
  closed("the LAN reaches a pod as a service", "lan", forged("10.43.0.20", "hamal-pod1")),
  closed(
    "the LAN reaches a node port as a pod",
    "lan",
    forged("mizar-pod2", "hamal-pod1", { host: "hamal", port: 30_053 }),
  ),
  closed("the outside reaches a pod as another pod", "outsider", forged("mizar-pod2", "hamal-pod1")),
  closed("a pod reaches a pod of its host as the LAN", "hamal-pod1", forged("lan", "hamal-pod2")),
  closed("a pod reaches a pod of another host as the LAN", "hamal-pod1", forged("lan", "mizar-pod1")),
  closed("a pod reaches the LAN as another host", "hamal-pod1", forged("203.0.113.77", "lan")),
];

const VXLAN: readonly Check[] = [
  open(
    "a host reaches a pod of another, as its tunnel",
    "hamal",
    pod("mizar-pod1", { as: "hamal's tunnel" }),
  ),
  closed("the LAN sends VXLAN into a pod", "lan", vxlanInto("hamal")),
  closed("the LAN sends VXLAN into a pod with a node's address", "lan", vxlanInto("hamal", "alphard")),
  closed("the outside sends VXLAN into a pod", "outsider", vxlanInto("hamal")),
  closed(
    "the outside sends VXLAN into a pod with a node's address",
    "outsider",
    vxlanInto("hamal", "alphard"),
  ),
  closed("a pod sends VXLAN to its host", "hamal-pod2", vxlanInto("hamal")),
  closed("a pod sends VXLAN to another host, as its node", "mizar-pod1", vxlanInto("hamal")),
];

/** Without which IPv6 has no neighbours, routers and listeners. */
const IPV6: readonly Check[] = [
  open("a host is found by neighbour discovery", "router", resolves("mizar")),
  open("a host finds its neighbours", "hamal", tcp6Anew("lan", 8080)),
  open("a host heeds its router", "router", advertise("alphard")),
  open("a host answers a query for listeners", "router", queryListeners("mizar")),
];

/** Where hosts take their addresses from DHCP. */
const DHCP: readonly Check[] = [open("a host gets a lease of IPv6", "router", dhcp6("mizar"))];

const NO_LAN_OF_IPV6: readonly Check[] = [
  closed("the LAN reaches SSH by IPv6", "lan", tcp6("alphard", 22)),
  closed("the LAN reaches the API by IPv6", "lan", tcp6("alphard", 6443)),
];

const IPV6_ELSE: readonly Check[] = [
  closed("the LAN reaches a kubelet by IPv6", "lan", tcp6("alphard", 10_250)),
  closed("the LAN reaches some port by IPv6", "lan", tcp6("hamal", 9100)),
  closed("the LAN pings a host by IPv6", "lan", ping6("hamal")),
];

const EVERYWHERE = [...PODS, ...HOSTS, ...LAN, ...OUTSIDE, ...FORGED, ...IPV6, ...IPV6_ELSE];

/** One server and two agents, with what is the default. */
export const REFERENCE_FLOWS: readonly Check[] = [
  ...EVERYWHERE,
  ...API,
  ...OPERATORS,
  ...SERVICE_LB,
  ...VXLAN,
  ...DHCP,
  ...NO_LAN_OF_IPV6,
];

const SERVERS = ["alphard", "acrux", "alnair"];

/** alphard, acrux and alnair are servers. */
export const FIVE_NODES_FLOWS: readonly Check[] = [
  ...EVERYWHERE,
  ...OPERATORS,
  ...SERVICE_LB,
  ...VXLAN,
  ...DHCP,
  ...NO_LAN_OF_IPV6,
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
];
