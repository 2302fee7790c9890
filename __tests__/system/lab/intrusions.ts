/** Packets of attackers who write frames themselves: root of a compromised host, a pod that may use raw sockets. */
import { randomInt, randomUUID } from "node:crypto";
import { anyPort, ethernet, fragments, icmp6, ipv4Packet, tcpSegment, udp, type Ends } from "./frames";
import type { Lab, Way } from "./lab";
import { POD_UDP_PORT, VXLAN_PORT } from "./services";
import { podFrame, STRANGER_MAC, until } from "./ways";

/** The path of frames to a host: the nodes' switch, flannel's tunnel from another node, the bridge of its pods, or a further network. */
export type Wire = "switch" | "tunnel" | "bridge" | { readonly over: string };

interface Plug {
  /** The sender's device. */
  readonly out: string;
  /** The receiver's device, and its MAC address. */
  readonly into: string;
  readonly mac: string;
}

async function plug(lab: Lab, wire: Wire, from: string, host: string): Promise<Plug> {
  const { node, tunnelMac, further } = lab.nodeOf(host);
  if (typeof wire === "object") {
    const mac = further.find(({ name }) => name === wire.over)?.macAddress as string;
    return { out: wire.over, into: wire.over, mac };
  }
  switch (wire) {
    case "switch":
      return { out: lab.interfaceOf(from), into: node.nixos.networkInterface, mac: node.macAddress };
    case "tunnel": {
      const device = lab.topology.k3s.flannelBackend === "vxlan" ? "flannel.1" : "flannel-wg";
      return { out: device, into: device, mac: tunnelMac };
    }
    case "bridge":
      return { out: "eth0", into: "cni0", mac: await lab.macAddressOf(host, "cni0") };
  }
}

interface Crafted {
  /** IP packets; several for fragments. */
  readonly packets: readonly Buffer[];
  /** MAC address of the sender. @default - one of no host */
  readonly mac?: string;
}

async function send(lab: Lab, from: string, { out, mac }: Plug, crafted: Crafted): Promise<void> {
  for (const packet of crafted.packets) {
    await lab.sendFrame(from, out, ethernet(crafted.mac ?? STRANGER_MAC, mac, packet));
  }
}

/** Whether packets reach the programs of the host, or its kernel when that answers them. */
const toHost =
  (
    wire: Wire,
    host: string,
    craft: (lab: Lab, into: string) => Promise<Crafted & { readonly match: string }>,
  ): Way =>
  async (lab, from, wait) => {
    const way = await plug(lab, wire, from, host);
    const { match, ...crafted } = await craft(lab, way.into);
    return lab.listening(host, `iifname ${way.into} ${match}`, "its programs", async (heard) => {
      await send(lab, from, way, crafted);
      return until(wait, async () => {
        const through = await heard();
        return { through, seen: through ? "the host took it" : "the host did not take it" };
      });
    });
  };

/** Whether a text reaches a pod. @default - of the host */
const toPod =
  (wire: Wire, host: string, craft: (lab: Lab, text: string) => Crafted, pod = `${host}-pod1`): Way =>
  async (lab, from, wait) => {
    const text = randomUUID();
    await send(lab, from, await plug(lab, wire, from, host), craft(lab, text));
    const { who } = await lab.ask(pod, { do: "await", text, wait });
    return { through: who !== undefined, seen: who === undefined ? "nothing arrived" : "it arrived" };
  };

/** MAC addresses of nodes and of other hosts of the lab. An attacker who forges both addresses takes a node's. */
function macOf(lab: Lab, name: string): string | undefined {
  const [host, device] = name.split("'s ");
  const owner = lab.topology.nodes.find((node) => node.name === host);
  if (device === undefined) return owner?.node.macAddress;
  return owner?.further.find((nic) => nic.name === device)?.macAddress;
}

/** The host itself, of `hamal's bridge`. */
const hostIn = (name: string): string => name.split("'s ")[0] as string;

/** A segment of TCP with the address of another and, where that is a node, its MAC address, to any address of a host. */
export const segment = (
  wire: Wire,
  as: string,
  target: string,
  port: number,
  { flag = "syn", mac }: { flag?: "syn" | "ack"; mac?: string } = {},
): Way =>
  toHost(wire, hostIn(target), async (lab) => {
    const ends = { source: lab.addressOf(as), target: lab.addressOf(target) };
    const sourcePort = anyPort();
    return {
      packets: [tcpSegment(ends, sourcePort, port, flag)],
      mac: mac ?? macOf(lab, as),
      match: `tcp sport ${sourcePort} tcp dport ${port}`,
    };
  });

/** The same by UDP. */
export const datagramTo = (wire: Wire, as: string, target: string, port: number): Way =>
  toHost(wire, hostIn(target), async (lab) => {
    const ends = { source: lab.addressOf(as), target: lab.addressOf(target) };
    const sourcePort = anyPort();
    return {
      packets: [udp(ends, sourcePort, port, "a datagram")],
      mac: macOf(lab, as),
      match: `udp sport ${sourcePort} udp dport ${port}`,
    };
  });

/** The same over IPv6, to its NIC's address. */
export const segment6 = (
  wire: Wire,
  as: string,
  host: string,
  port: number,
  header?: "empty destination options",
): Way =>
  toHost(wire, host, async (lab) => {
    const ends = { source: lab.address6Of(as), target: lab.address6Of(host) };
    const sourcePort = anyPort();
    return {
      packets: [tcpSegment(ends, sourcePort, port, "syn", { header })],
      match: `tcp sport ${sourcePort} tcp dport ${port}`,
    };
  });

/** Who sends a protocol without ports. */
interface ProtocolWay {
  /** Whose address it has. @default - the sender's */
  readonly as?: string;
  /** The host has just sent such a packet to that address, so that its kernel knows a connection between the two. */
  readonly answering?: true;
}

/** A packet of a protocol without ports, by its number, over the switch and with the sender's own MAC address. */
export const protocol =
  (number: number, host: string, { as, answering }: ProtocolWay = {}): Way =>
  async (lab, from, wait) => {
    const ends = { source: lab.addressOf(as ?? from), target: lab.addressOf(host) };
    if (answering) await sendByKernel(lab, host, number, ends.source, randomInt(2 ** 32));
    const identity = randomInt(2 ** 32);
    const mac = await lab.macAddressOf(from, lab.interfaceOf(from));
    return toHost("switch", host, async () => ({
      packets: [ipv4Packet(ends, number, identified(identity))],
      mac,
      match: `meta l4proto ${number} @th,0,32 ${identity}`,
    }))(lab, from, wait);
  };

/** A packet of such a protocol that the sender's kernel makes, on whatever way leads to the host. */
export const routedProtocol =
  (number: number, host: string): Way =>
  (lab, from, wait) => {
    const identity = randomInt(2 ** 32);
    return lab.listening(
      host,
      `meta l4proto ${number} @th,0,32 ${identity}`,
      "its programs",
      async (heard) => {
        await sendByKernel(lab, from, number, lab.addressOf(host), identity);
        return until(wait, async () => {
          const through = await heard();
          return { through, seen: through ? "the host took it" : "the host did not take it" };
        });
      },
    );
  };

/** @param identity - by which it is known again */
const sendByKernel = (lab: Lab, from: string, number: number, to: string, identity: number): Promise<void> =>
  lab.senders.in(from).ipv4(to, number, identified(identity));

/** A payload that begins with that number. */
function identified(identity: number): Buffer {
  const payload = Buffer.alloc(24);
  payload.writeUInt32BE(identity);
  return payload;
}

/** VXLAN for a pod of the host, as another node would send it by the switch. */
export const vxlanAs = (wire: Wire, as: string, host: string): Way =>
  toPod(wire, host, (lab, text) => {
    const ends = { source: lab.addressOf(as), target: lab.addressOf(host) };
    return { packets: [udp(ends, anyPort(), VXLAN_PORT, podFrame(lab, host, text))], mac: macOf(lab, as) };
  });

/** VXLAN for a pod of the host, in two fragments. */
export const vxlanInFragments = (as: string, host: string): Way =>
  toPod("switch", host, (lab, text) => {
    const ends = { source: lab.addressOf(as), target: lab.addressOf(host) };
    return { packets: fragments(udp(ends, anyPort(), VXLAN_PORT, podFrame(lab, host, text))) };
  });

/** A datagram for a pod of the host, with the address of another. */
export const datagram = (wire: Wire, as: string, host: string): Way =>
  toPod(wire, host, (lab, text) => {
    const ends = { source: lab.addressOf(as), target: lab.addressOf(`${host}-pod1`) };
    return { packets: [udp(ends, anyPort(), POD_UDP_PORT, text)] };
  });

/** The UDP node port of a pod of hamal's, dialled at the host's loopback address. */
export const loopback = (wire: Wire, as: string, host: string): Way =>
  toPod(
    wire,
    host,
    (lab, text) => ({
      packets: [udp({ source: lab.addressOf(as), target: "127.0.0.1" }, anyPort(), 30_053, text)],
    }),
    "hamal-pod1",
  );

/** IPv6 packets that a host's kernel or its DHCP client accepts from its link. */
interface Household {
  readonly packet: (ends: Ends) => Buffer;
  readonly match: string;
}

/** A router advertisement that changes nothing: lifetime 0, and no network. */
const advertisement = (hopLimit: number): Household => ({
  packet: (ends) => icmp6(ends, "8600 0000 4000 0000 00000000 00000000", { hopLimit }),
  match: "icmpv6 type nd-router-advert",
});

const lease: Household = {
  packet: (ends) => udp(ends, 547, 546, "a lease"),
  match: "udp sport 547 udp dport 546",
};

/** Asks for the MAC address of some neighbour (RFC 4861). */
const solicitation = (hopLimit: number): Household => ({
  packet: (ends) => icmp6(ends, `8700 0000 00000000 fe80${"0".repeat(27)}1`, { hopLimit }),
  match: "icmpv6 type nd-neighbor-solicit",
});

/** Tells the MAC address of some neighbour to a host, which may have asked for it or not. */
const neighbourAdvertisement: Household = {
  packet: (ends) => icmp6(ends, `8800 0000 60000000 fe80${"0".repeat(27)}1`, { hopLimit: 255 }),
  match: "icmpv6 type nd-neighbor-advert",
};

const query: Household = {
  packet: (ends) =>
    icmp6(ends, `8200 0000 0001 0000 ${"0".repeat(32)}`, { hopLimit: 1, header: "router alert" }),
  match: "icmpv6 type mld-listener-query",
};

const fromLink = (
  wire: Wire,
  host: string,
  { packet, match }: Household,
  prefix: "fe80::" | "fd00:22::" = "fe80::",
): Way =>
  toHost(wire, host, async (lab, into) => {
    const source = `${prefix}${randomInt(0x1000, 0xffff).toString(16)}:${randomInt(0x1000, 0xffff).toString(16)}`;
    const target = await lab.linkLocal(host, into);
    return { packets: [packet({ source, target })], match: `ip6 saddr ${source} ${match}` };
  });

export const advertisesTo = (wire: Wire, host: string, hopLimit = 255): Way =>
  fromLink(wire, host, advertisement(hopLimit));

export const answersAsNeighbour = (wire: Wire, host: string): Way =>
  fromLink(wire, host, neighbourAdvertisement);

export const solicits = (wire: Wire, host: string, hopLimit: number): Way =>
  fromLink(wire, host, solicitation(hopLimit));

/** @param prefix - of the sender's address */
export const leasesTo = (wire: Wire, host: string, prefix?: "fd00:22::"): Way =>
  fromLink(wire, host, lease, prefix);
export const queries = (wire: Wire, host: string, prefix?: "fd00:22::"): Way =>
  fromLink(wire, host, query, prefix);
