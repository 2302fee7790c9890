/**
 * Who reaches what over further interfaces, written by hand like `flows.ts`. Every host is on a storage network, by `storage0`, and on a
 * VLAN of that network, by `backup0`. A host is on each of them, which has the name of the interface.
 *
 * Over `storage0` may come: SSH to servers, from addresses from 198.18.0.48 to 198.18.0.63; TCP 9200, from nodes; TCP 30080 and UDP
 * 5353, from everyone. Over `backup0`: UDP 5353, from everyone. The LAN's networks contain both networks, and must not count there.
 * A cable stands in for the VLAN, since kernels of containers lack VLANs.
 */
import { advertisesTo, answersAsNeighbour, datagramTo, queries, segment, solicits } from "./lab/intrusions";
import { closed, open, type Check } from "./lab/lab";
import {
  forged,
  ping,
  pod,
  podUdp,
  queryListeners,
  resolvesOn,
  STRANGER_MAC,
  tcp,
  tcpOn,
  tcpOnAnew,
  udp,
} from "./lab/ways";

const BY_POD = { by: "hamal-pod1" };

/** A host with further interfaces, of any role. */
interface Subject {
  readonly host: string;
  /** An agent. */
  readonly other: string;
  /** On the node network, behind the host for those of the storage network. */
  readonly behind: string;
}

const ALPHARD: Subject = { host: "alphard", other: "mizar", behind: "lan" };
const HAMAL: Subject = { host: "hamal", other: "mizar", behind: "router" };

const STORAGE = { over: "storage0" } as const;
const BACKUP = { over: "backup0" } as const;

/** What may come over the storage network, and what is close to it. */
const stated = ({ host, other }: Subject): Check[] => {
  const [there, others] = [`${host}'s storage0`, `${other}'s storage0`];
  return [
    open("a node replicates over the storage network", other, tcp(there, 9200, { by: host, as: others })),
    closed("a storage host replicates", "storage0", tcp(there, 9200, { by: host })),
    closed(
      "a storage host replicates with a node's address",
      "storage0",
      segment(STORAGE, others, there, 9200, { mac: STRANGER_MAC }),
    ),
    closed("a node replicates by UDP", other, datagramTo(STORAGE, others, there, 9200)),
    closed("a node reaches a kubelet over the storage network", other, tcp(there, 10_250, { by: host })),
    closed("a node reaches SSH over the storage network", other, tcp(there, 22, { by: host })),
    open("a storage host reaches the website", "storage0", tcp(there, 30_080, BY_POD)),
    closed(
      "a storage host reaches the website by UDP",
      "storage0",
      datagramTo(STORAGE, "storage0", there, 30_080),
    ),
    open("a storage host discovers a host", "storage0", udp(there, 5353, { by: host })),
    closed("a storage host discovers a host by TCP", "storage0", segment(STORAGE, "storage0", there, 5353)),
    closed("a storage host reaches some UDP port", "storage0", udp(there, 51_820, { by: host })),
    closed("a storage host reaches some port", "storage0", tcp(there, 9100, { by: host })),
    closed("a storage host reaches the API's port", "storage0", tcp(there, 6443, { by: host })),
    closed(
      "a storage host sends to SSH's port by UDP",
      "storage0",
      datagramTo(STORAGE, "storage0", there, 22),
    ),
    closed("a storage host reaches a node port", "storage0", tcp(there, 30_090, { by: "hamal" })),
    closed("a storage host reaches a UDP node port", "storage0", udp(there, 30_053, BY_POD)),
    closed("a storage host reaches HTTP by ServiceLB", "storage0", tcp(there, 80, BY_POD)),
    closed("a storage host pings a host", "storage0", ping(there)),
  ];
};

/** What hosts and pods start themselves, and its replies. */
const started = ({ host }: Subject): Check[] => [
  open("a host reaches a storage host", host, pod("storage0", { as: `${host}'s storage0` })),
  open(
    "a pod reaches a storage host, as its node",
    `${host}-pod1`,
    pod("storage0", { as: `${host}'s storage0` }),
  ),
  open("a pod reaches a storage host by UDP", `${host}-pod1`, podUdp("storage0")),
  open(
    "a pod reaches a backup host, as its node",
    `${host}-pod1`,
    pod("backup0", { as: `${host}'s backup0` }),
  ),
];

/** Pods, services and the node network, which a storage host routes to a host. */
const routed = ({ host, behind }: Subject): Check[] => [
  closed("a storage host reaches a pod by its address", "storage0", pod(`${host}-pod1`)),
  closed("a storage host reaches a pod by its address by UDP", "storage0", podUdp(`${host}-pod1`)),
  closed("a storage host reaches a service by its address", "storage0", tcp("10.43.0.20", 80, BY_POD)),
  closed("a storage host reaches a host by its node address", "storage0", udp(host, 5353)),
  closed("a backup host reaches a host by its node address", "backup0", udp(host, 5353)),
  closed("a storage host reaches SSH by a node address", "storage0", tcp(host, 22)),
  closed(
    "a storage host reaches a host by its address on the VLAN",
    "storage0",
    datagramTo(STORAGE, "storage0", `${host}'s backup0`, 5353),
  ),
  closed("a storage host reaches the node network through a host", "storage0", forged("storage0", behind)),
  closed("a backup host reaches the node network through a host", "backup0", forged("backup0", behind)),
  closed("the LAN reaches a host by its bridge", "lan", tcp(`${host}'s bridge`, 22, { by: host })),
];

/** Addresses that have no place on the network from which they come. */
const asAnother = ({ host, other }: Subject): Check[] => {
  const there = `${host}'s storage0`;
  return [
    closed("a storage host sends as the LAN", "storage0", datagramTo(STORAGE, "lan", there, 5353)),
    closed("a storage host sends as the outside", "storage0", datagramTo(STORAGE, "outsider", there, 5353)),
    closed("a storage host sends as a node", "storage0", datagramTo(STORAGE, other, there, 5353)),
    closed("a storage host sends as a backup host", "storage0", datagramTo(STORAGE, "backup0", there, 5353)),
    closed("a backup host sends as the LAN", "backup0", datagramTo(BACKUP, "lan", `${host}'s backup0`, 5353)),
    closed("a storage host reaches SSH as the LAN", "storage0", segment(STORAGE, "lan", there, 22)),
    closed("a storage host reaches a kubelet as a node", "storage0", segment(STORAGE, other, host, 10_250)),
    closed("a storage host sends VXLAN's port as a node", "storage0", datagramTo(STORAGE, other, host, 8472)),
  ];
};

/** The VLAN, to which flows of the network that carries it do not belong. */
const ofVlan = ({ host, other }: Subject): Check[] => {
  const there = `${host}'s backup0`;
  return [
    open("a backup host discovers a host", "backup0", udp(there, 5353, { by: host })),
    closed("a backup host discovers a host by TCP", "backup0", segment(BACKUP, "backup0", there, 5353)),
    closed("a backup host reaches some UDP port", "backup0", udp(there, 51_820, { by: host })),
    closed("a backup host reaches SSH", "backup0", tcp(there, 22, { by: host })),
    closed("a backup host reaches the website", "backup0", tcp(there, 30_080, BY_POD)),
    closed("a backup host reaches a UDP node port", "backup0", udp(there, 30_053, BY_POD)),
    closed("a node replicates over the VLAN", other, tcp(there, 9200, { by: host })),
  ];
};

/** IPv6, which every interface has by its link-local address. */
const ofIpv6 = ({ host }: Subject): Check[] => [
  open("a host is found by neighbour discovery", "storage0", resolvesOn("storage0", host)),
  open("a host is found by neighbour discovery on the VLAN", "backup0", resolvesOn("backup0", host)),
  open("a host finds its neighbours", host, tcpOnAnew("storage0", "storage0", 8080)),
  // By frames too, since hosts that ask each other at the same time need no answer.
  open("a host hears its neighbours' questions", "storage0", solicits(STORAGE, host, 255)),
  open("a host hears its neighbours' answers", "storage0", answersAsNeighbour(STORAGE, host)),
  open("a host answers a query for listeners", "storage0", queryListeners(host, "storage0")),
  closed("a query for listeners comes from afar", "storage0", queries(STORAGE, host, "fd00:22::")),
  closed("a storage host advertises itself as a router", "storage0", advertisesTo(STORAGE, host)),
  closed("a neighbour asks from afar", "storage0", solicits(STORAGE, host, 254)),
  closed("a storage host reaches SSH by IPv6", "storage0", tcpOn("storage0", host, 22)),
  closed("a storage host reaches some port by IPv6", "storage0", tcpOn("storage0", host, 9100)),
];

/** The base policy, which counts what it refuses. */
const ofNodeNetwork = ({ host, behind }: Subject): Check[] => [
  open("the LAN reaches SSH", "lan", tcp(host, 22)),
  open("the LAN reaches a node port", "lan", tcp(host, 30_080, BY_POD)),
  closed("the LAN reaches some port", "lan", tcp(host, 9100)),
  closed("the LAN replicates", "lan", tcp(host, 9200)),
  closed("the outside reaches a node port", "outsider", tcp(host, 30_080, BY_POD)),
  closed("the node network replicates as a storage host", behind, segment("switch", "storage0", host, 9200)),
];

const claims = (subject: Subject): Check[] =>
  [stated, started, routed, asAnother, ofVlan, ofIpv6, ofNodeNetwork].flatMap((of) => of(subject));

export const FURTHER_SERVER_FLOWS: readonly Check[] = [
  open(
    "a storage host reaches SSH of a server",
    "storage0",
    tcp("alphard's storage0", 22, { by: "alphard" }),
  ),
  ...claims(ALPHARD),
];

export const FURTHER_AGENT_FLOWS: readonly Check[] = [
  closed("a storage host reaches SSH of an agent", "storage0", tcp("hamal's storage0", 22, { by: "hamal" })),
  ...claims(HAMAL),
];
