/**
 * Attacks by packets, written by hand like `flows.ts`: connections that the sender may not make, in whatever way it tries. The
 * first seven succeeded against an earlier ruleset, the others did not. The attackers are mizar as a compromised host, any pod
 * that may use raw sockets, and hosts of the LAN.
 */
import {
  advertisesTo,
  datagram,
  leasesTo,
  loopback,
  queries,
  segment,
  segment6,
  vxlanAs,
  vxlanInFragments,
  type Wire,
} from "./lab/intrusions";
import { closed, open, type Check } from "./lab/lab";
import { VXLAN_PORT } from "./lab/services";
import { STRANGER_MAC, forged, vxlanInto } from "./lab/ways";

/** A host that is attacked, of any role. */
interface Target {
  readonly host: string;
  /** A third node, neither the host nor mizar. */
  readonly third: string;
  /** A service and a node port that lead to its VXLAN port. */
  readonly service: string;
  readonly nodePort: number;
}

const TARGETS: readonly Target[] = [
  { host: "alphard", third: "hamal", service: "10.43.0.41", nodePort: 30_041 },
  { host: "hamal", third: "alphard", service: "10.43.0.42", nodePort: 30_042 },
];

/** A service and a node port that lead to mizar's VXLAN port. */
const MIZAR = { service: "10.43.0.43", nodePort: 30_043 };

const each = (attacks: (target: Target) => Check[]): Check[] => TARGETS.flatMap(attacks);

/** Who is on a host's tunnel, and who on its bridge. */
const attacker = (wire: Wire, host: string): string => (wire === "bridge" ? `${host}-pod1` : "mizar");

/** 1: a service whose endpoint a tenant set to VXLAN of a node, which takes what comes for another node's. */
const SERVICE_TO_VXLAN = each(({ host, service, nodePort }) => [
  closed(
    "a pod sends VXLAN to another host by a service",
    `${host}-pod1`,
    vxlanInto("mizar", { by: { host: MIZAR.service, port: 53 } }),
  ),
  closed(
    "a pod sends VXLAN to its host by a service",
    `${host}-pod1`,
    vxlanInto(host, { by: { host: service, port: 53 } }),
  ),
  closed(
    "the LAN sends VXLAN to another host by a node port",
    "lan",
    vxlanInto("mizar", { by: { host, port: MIZAR.nodePort } }),
  ),
  closed(
    "the LAN sends VXLAN to a host by its node port",
    "lan",
    vxlanInto(host, { by: { host, port: nodePort } }),
  ),
]);

/** 2: frames in the tunnel with the address of a third node, which would reach what is open to nodes. */
const TUNNELLED_NODE = each(({ host, third }) => [
  closed(
    "a host reaches a kubelet by the tunnel, as a third",
    "mizar",
    segment("tunnel", third, host, 10_250),
  ),
  closed("a host reaches SSH by the tunnel, as a third", "mizar", segment("tunnel", third, host, 22)),
]);

/** 3: frames in the tunnel with an address of the LAN, which would reach what is open to the LAN. */
const TUNNELLED_LAN = each(({ host }) => [
  closed("a host reaches SSH by the tunnel, as the LAN", "mizar", segment("tunnel", "lan", host, 22)),
  closed(
    "a host reaches a kubelet by the tunnel, as the LAN",
    "mizar",
    segment("tunnel", "lan", host, 10_250),
  ),
]);

/** 4: VXLAN in VXLAN, by which a host sends to pods with the address of a third host. */
const TUNNELLED_VXLAN = each(({ host, third }) => [
  closed("a host sends VXLAN by the tunnel, as a third", "mizar", vxlanAs("tunnel", third, host)),
]);

/** 5: packets that a host accepts from its link, sent by its pods and through the tunnel instead. */
const household = (wire: Wire, who: string): Check[] =>
  each(({ host }) => [
    closed(`${who} advertises itself as a router`, attacker(wire, host), advertisesTo(wire, host)),
    closed(`${who} queries for listeners`, attacker(wire, host), queries(wire, host)),
  ]);

/** 5, where the host takes leases of IPv6. */
const leases = (wire: Wire, who: string): Check[] =>
  each(({ host }) => [closed(`${who} gives a lease of IPv6`, attacker(wire, host), leasesTo(wire, host))]);

/** 6: pods with the address of a pod on another host, which routes do not reveal (rp_filter is loose). */
const PODS_OF_OTHERS = each(({ host, third }) => [
  closed(
    "a pod reaches a pod of another host as one of a third",
    `${host}-pod1`,
    forged(`${third}-pod2`, "mizar-pod1"),
  ),
  closed(
    "a pod reaches a pod of its host as one of another",
    `${host}-pod1`,
    forged("mizar-pod2", `${host}-pod2`),
  ),
]);

/** 6, from the tunnel, behind which the target's own pods are not. */
const TUNNELLED_PODS = each(({ host }) => [
  closed(
    "a host reaches a pod by the tunnel, as another pod of that host",
    "mizar",
    datagram("tunnel", `${host}-pod2`, host),
  ),
]);

/** 7: the addresses of loopback, which kube-proxy's route_localnet lets in from outside. */
const LOOPBACK = each(({ host }) => [
  closed("the LAN dials a node port at a host's loopback address", "lan", loopback("switch", "lan", host)),
  closed(
    "a pod dials a node port at its host's loopback address",
    `${host}-pod2`,
    loopback("bridge", `${host}-pod2`, host),
  ),
]);

/** Withstood by the earlier ruleset too. */
const WITHSTOOD = each(({ host, third }) => [
  closed(
    "the LAN reaches a kubelet with a node's address",
    "lan",
    segment("switch", third, host, 10_250, { mac: STRANGER_MAC }),
  ),
  closed(
    "the LAN reaches a kubelet in the midst of a connection",
    "lan",
    segment("switch", "lan", host, 10_250, { flag: "ack" }),
  ),
  closed(
    "the LAN reaches a kubelet by IPv6 behind an extension header",
    "lan",
    segment6("switch", "lan", host, 10_250, "empty destination options"),
  ),
  closed("a router's advertisement comes from afar", "lan", advertisesTo("switch", host, 254)),
  closed("a query for listeners comes from afar", "lan", queries("switch", host, "fd00:22::")),
]);

/** Withstood by the earlier ruleset too, where hosts take leases of IPv6. */
const WITHSTOOD_BY_DHCP = each(({ host }) => [
  closed("a lease of IPv6 comes from afar", "lan", leasesTo("switch", host, "fd00:22::")),
]);

/** VXLAN that is not from a node. */
const WITHSTOOD_BY_VXLAN = each(({ host }) => [
  closed("the LAN sends VXLAN in fragments", "lan", vxlanInFragments("lan", host)),
  closed("the LAN sends VXLAN into a pod", "lan", vxlanInto(host)),
  closed("the LAN sends VXLAN into a pod with a node's address", "lan", vxlanInto(host, { as: "mizar" })),
  closed("the outside sends VXLAN into a pod", "outsider", vxlanInto(host)),
  closed(
    "the outside sends VXLAN into a pod with a node's address",
    "outsider",
    vxlanInto(host, { as: "mizar" }),
  ),
  closed("a pod sends VXLAN to its host", `${host}-pod2`, vxlanInto(host)),
  closed("a pod sends VXLAN to another host, as its node", `${host}-pod1`, vxlanInto("mizar")),
]);

/** What no address tells. docs/reference/firewall.md names them. */
const NOT_CLOSED = each(({ host, third }) => [
  open(
    "a host that was taken over reaches a pod as one of a third",
    "mizar",
    datagram("tunnel", `${third}-pod2`, host),
  ),
]);

/** For every cluster, with any backend of flannel. */
export const ATTACKS: readonly Check[] = [
  ...household("bridge", "a pod"),
  ...PODS_OF_OTHERS,
  ...LOOPBACK,
  ...WITHSTOOD,
];

/** Where hosts take their addresses from DHCP. */
export const DHCP_ATTACKS: readonly Check[] = [...leases("bridge", "a pod"), ...WITHSTOOD_BY_DHCP];

/** Where there is a tunnel. */
export const TUNNEL_ATTACKS: readonly Check[] = [
  ...TUNNELLED_NODE,
  ...TUNNELLED_LAN,
  ...household("tunnel", "another host, by the tunnel,"),
  ...TUNNELLED_PODS,
];

/** Where there is a tunnel, and hosts take their addresses from DHCP. */
export const TUNNEL_DHCP_ATTACKS = leases("tunnel", "another host, by the tunnel,");

/** Where the tunnel is VXLAN. */
export const VXLAN_ATTACKS: readonly Check[] = [
  ...SERVICE_TO_VXLAN,
  ...TUNNELLED_VXLAN,
  ...WITHSTOOD_BY_VXLAN,
  ...NOT_CLOSED,
];

/** Where pods are trusted with every port of their host, and the tunnel is VXLAN. */
export const TRUSTED_POD_ATTACKS = each(({ host }) => [
  closed(
    "a trusted pod sends VXLAN to its host by the bridge",
    `${host}-pod1`,
    vxlanInto(host, { by: { host: `${host}'s bridge`, port: VXLAN_PORT } }),
  ),
]);

/** Where the LAN has IPv6: its addresses, sent from elsewhere. */
export const IPV6_ATTACKS = each(({ host }) => [
  closed("a pod reaches SSH by IPv6, as the LAN", `${host}-pod1`, segment6("bridge", "lan", host, 22)),
  closed(
    "a host reaches SSH by IPv6 by the tunnel, as the LAN",
    "mizar",
    segment6("tunnel", "lan", host, 22),
  ),
]);
