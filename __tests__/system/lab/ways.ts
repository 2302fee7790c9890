/** Ways for a packet to get from one host to another, as checks name them. */
import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab, Passage, Way } from "./lab";
import { anyPort, ethernet, udp as udpPacket, vxlan } from "./frames";
import { POD_PORT, POD_UDP_PORT, VXLAN_PORT } from "./services";

interface Expected {
  /** Who should answer. @default - the host that is dialled */
  readonly by?: string;
  /** The source address that it should see. @default - any */
  readonly as?: string;
  readonly bytes?: number;
}

/** To a host by its name, or to an address, such as a service's. */
const dial =
  (protocol: "tcp" | "udp") =>
  (host: string, port: number, expected: Expected = {}): Way =>
  async (lab, from, wait) => {
    const { by = host, as, bytes } = expected;
    if (bytes !== undefined) await lab.forgetPaths();
    const request = { do: protocol, host: lab.addressOf(host), port, wait, bytes } as const;
    const answer = await lab.ask(from, request);
    const right =
      answer.who === by &&
      (as === undefined || answer.from === lab.addressOf(as)) &&
      (bytes === undefined || answer.bytes === bytes);
    return { through: right, seen: answer.who === undefined ? "no answer" : JSON.stringify(answer) };
  };

export const tcp = dial("tcp");
export const udp = dial("udp");

/** To any of several. */
export const tcpToAny =
  (host: string, port: number, by: readonly string[]): Way =>
  async (lab, from, wait) => {
    const { who } = await lab.ask(from, { do: "tcp", host, port, wait });
    return { through: who !== undefined && by.includes(who), seen: who ?? "no answer" };
  };

/** To the port that every pod serves, and every host that is not a node. */
export const pod = (host: string, expected?: Expected): Way => tcp(host, POD_PORT, expected);
export const podUdp = (host: string, expected?: Expected): Way => udp(host, POD_UDP_PORT, expected);

const dial6 =
  (dialled: typeof tcp) =>
  (host: string, port: number): Way =>
  (lab, from, wait) =>
    dialled(lab.address6Of(host), port, { by: host })(lab, from, wait);

/** Over IPv6. */
export const tcp6 = dial6(tcp);
export const udp6 = dial6(udp);

export const ping =
  (host: string): Way =>
  async (lab, from, wait) => {
    const address = lab.addressOf(host);
    const seconds = String(wait / 1000);
    const { status } = await lab.in(from, ["ping", "-n", "-c", "1", "-W", seconds, address]);
    return { through: status === 0, seen: status === 0 ? "an echo" : "no echo" };
  };

export const ping6 =
  (host: string): Way =>
  (lab, from, wait) =>
    ping(lab.address6Of(host))(lab, from, wait);

/** A datagram with the source address of another host to a UDP port of the receiver. The answer goes elsewhere. */
export const forged =
  (
    as: string,
    receiver: string,
    to: { host: string; port: number } = { host: receiver, port: POD_UDP_PORT },
  ): Way =>
  (lab, from, wait) =>
    arrives(lab, from, receiver, wait, async (text) => ({
      ...to,
      fromPort: await lab.forge(from, as),
      datagrams: [Buffer.from(text)],
    }));

/** A forged datagram that looks like a pod's answer to the node address of the host. */
export const answerFor =
  (pod: string, host: string): Way =>
  async (lab, from, wait) => {
    const text = randomUUID();
    const asked = randomInt(30_000, 60_000);
    const target = { host: lab.addressOf(pod), port: POD_UDP_PORT, wait };
    const question = { ...target, from: lab.addressOf(host), fromPort: asked, text };
    const answered = lab.ask(host, { do: "expect", ...question });
    const datagrams = [Buffer.from(text).toString("base64")];
    const forgery = { host: lab.addressOf(host), port: asked, datagrams, wait };
    const fromPort = await lab.forge(from, pod, POD_UDP_PORT);
    // Repeatedly, since the moment of the question is unknown.
    let over = false;
    const { who } = await Promise.race([
      answered.finally(() => (over = true)),
      (async () => {
        while (!over) {
          await lab.ask(from, { do: "send", fromPort, ...forgery });
          await sleep(50);
        }
        return answered;
      })(),
    ]);
    return { through: who !== undefined, seen: who === undefined ? "no answer" : "an answer" };
  };

/** Who sends VXLAN, and where it is dialled. */
interface VxlanWay {
  /** The source address of the datagrams. @default - the sender's own */
  readonly as?: string;
  /** Address and port that lead to the node. @default - its own */
  readonly by?: { readonly host: string; readonly port: number };
}

/** Datagrams as another node would send them for a pod of that node, five of them. */
export const vxlanInto =
  (node: string, { as, by = { host: node, port: VXLAN_PORT } }: VxlanWay = {}): Way =>
  (lab, from, wait) =>
    arrives(lab, from, `${node}-pod1`, wait, async (text) => ({
      ...by,
      fromPort: as === undefined ? undefined : await lab.forge(from, as),
      datagrams: Array.from({ length: 5 }, () => podFrame(lab, node, text)),
    }));

/** The content of VXLAN: a datagram to the first pod of that node, from a pod of another node. */
export function podFrame(lab: Lab, node: string, text: string): Buffer {
  const stranger = lab.topology.nodes.find(({ name }) => name !== node)?.pods[1]?.address as string;
  const ends = { source: stranger, target: lab.addressOf(`${node}-pod1`) };
  const inner = udpPacket(ends, anyPort(), POD_UDP_PORT, text);
  return vxlan(ethernet(STRANGER_MAC, lab.nodeOf(node).tunnelMac, inner));
}

/** An address of no host. */
export const STRANGER_MAC = "0a:00:00:00:00:01";

interface Datagrams {
  readonly host: string;
  readonly port: number;
  readonly from?: string;
  readonly fromPort?: number;
  readonly datagrams: readonly Buffer[];
}

async function arrives(
  lab: Lab,
  from: string,
  receiver: string,
  wait: number,
  make: (text: string) => Promise<Datagrams>,
): Promise<Passage> {
  const text = randomUUID();
  const { host, datagrams, ...rest } = await make(text);
  const sent = await lab.ask(from, {
    ...rest,
    do: "send",
    host: lab.addressOf(host),
    wait,
    datagrams: datagrams.map((datagram) => datagram.toString("base64")),
  });
  if (sent.error !== undefined) return { through: false, seen: `could not be sent: ${sent.error}` };
  const { who } = await lab.ask(receiver, { do: "await", text, wait });
  return { through: who !== undefined, seen: who === undefined ? "nothing arrived" : "it arrived" };
}

/** The sender learns the MAC address of the host by IPv6 neighbour discovery. */
export const resolves =
  (host: string): Way =>
  async (lab, from, wait) => {
    const address = lab.address6Of(host);
    const neighbour = ["ip", "-n", from, "-6", "neighbour"];
    await lab.sandbox.run([...neighbour, "flush", "to", address]);
    await lab.ask(from, { do: "send", host: address, port: 9, wait, datagrams: [""] });
    return until(wait, async () => {
      const shown = await lab.sandbox.run([...neighbour, "show", "to", address]);
      return { through: shown.includes("lladdr"), seen: shown.trim() || "no neighbour" };
    });
  };

/** As `resolves`, for the host's link-local address on a further network. */
export const resolvesOn =
  (network: string, host: string): Way =>
  async (lab, from, wait) => {
    const address = await lab.linkLocal(host, network);
    const neighbour = ["ip", "-n", from, "-6", "neighbour"];
    await lab.sandbox.run([...neighbour, "flush", "to", address, "dev", network]);
    await lab.ask(from, { do: "send", host: `${address}%${network}`, port: 9, wait, datagrams: [""] });
    return until(wait, async () => {
      const shown = await lab.sandbox.run([...neighbour, "show", "to", address, "dev", network]);
      return { through: shown.includes("lladdr"), seen: shown.trim() || "no neighbour" };
    });
  };

/** Over IPv6, to the link-local address of a host on a further network. */
export const tcpOn =
  (network: string, host: string, port: number): Way =>
  async (lab, from, wait) =>
    tcp(`${await lab.linkLocal(host, network)}%${network}`, port, { by: host })(lab, from, wait);

/** The same, from a host that first has to ask for its neighbour's MAC address. */
export const tcpOnAnew =
  (network: string, host: string, port: number): Way =>
  async (lab, from, wait) => {
    const address = await lab.linkLocal(host, network);
    await lab.sandbox.run(["ip", "-n", from, "-6", "neighbour", "flush", "to", address, "dev", network]);
    return tcpOn(network, host, port)(lab, from, wait);
  };

/** Like TCP over IPv6, from a host that first has to ask for its neighbour's MAC address. */
export const tcp6Anew =
  (host: string, port: number): Way =>
  async (lab, from, wait) => {
    await lab.sandbox.run(["ip", "-n", from, "-6", "neighbour", "flush", "to", lab.address6Of(host)]);
    return tcp6(host, port)(lab, from, wait);
  };

/** As the answer of a DHCP server: from port 547 of its link-local address to port 546 of the host's. */
export const dhcp6 =
  (host: string): Way =>
  async (lab, from, wait) => {
    const [source, target] = [await lab.linkLocal(from), await lab.linkLocal(host)];
    return arrives(lab, from, host, wait, async (text) => ({
      host: `${target}%${lab.interfaceOf(from)}`,
      port: 546,
      from: `${source}%${lab.interfaceOf(from)}`,
      fromPort: 547,
      datagrams: [Buffer.from(text)],
    }));
  };

/** A router's advertisement gives the host an address (RFC 4861, RFC 4862). */
export const advertise =
  (host: string): Way =>
  async (lab, from, wait) => {
    const prefix = `fd00:a${Math.floor(Math.random() * 0xfff).toString(16)}`;
    const [, group] = prefix.split(":");
    const option = `0304 40c0 00000258 00000258 00000000 fd00${group?.padStart(4, "0")}${"0".repeat(24)}`;
    const advertisement = `8600 0000 4000 0000 00000000 00000000 ${option}`;
    await lab.sendIcmp6(from, await lab.linkLocal(host), advertisement, { hopLimit: 255 });
    const device = lab.interfaceOf(host);
    const passage = await until(wait, async () => {
      const shown = await lab.sandbox.run(["ip", "-n", host, "-6", "-o", "address", "show", "dev", device]);
      const through = shown.includes(` ${prefix}:`);
      return { through, seen: through ? "an address" : "no address of it" };
    });
    await lab.sandbox.run(["ip", "-n", host, "-6", "address", "flush", "dev", device, "dynamic"]);
    return passage;
  };

/**
 * A query for listeners is answered, without which snooping switches stop forwarding neighbour discovery
 * (RFC 4541, RFC 2710). With the router alert that it must have.
 *
 * @param network - the further network of both. @default - the switch
 */
export const queryListeners =
  (host: string, network?: string): Way =>
  async (lab, from, wait) => {
    // Only for its own group, which it joined when the lab was built: a host may report other groups by itself.
    const address = network === undefined ? lab.address6Of(host) : await lab.linkLocal(host, network);
    const lastGroups = address.split(":").slice(-2);
    const number = lastGroups
      .map((group) => group.padStart(4, "0"))
      .join("")
      .slice(-6);
    const group = `ff02${"0".repeat(18)}01ff${number}`;
    const report = `icmpv6 type mld-listener-report @th,64,128 0x${group}`;
    const reply = `ip6 saddr ${await lab.linkLocal(host, network)} ${report}`;
    return lab.listening(from, reply, "its device", async (heard) => {
      const query = `8200 0000 0001 0000 ${group}`;
      await lab.sendIcmp6(from, "ff02::1", query, { hopLimit: 1, routerAlert: true });
      return until(wait, async () => {
        const through = await heard();
        return { through, seen: through ? "a report" : "no report" };
      });
    });
  };

/** Looks repeatedly, at growing intervals, since each look starts a program. */
export async function until(wait: number, look: () => Promise<Passage>): Promise<Passage> {
  const end = Date.now() + wait;
  for (let pause = 50; ; pause *= 4) {
    const passage = await look();
    const left = end - Date.now();
    if (passage.through || left <= 0) return passage;
    await sleep(Math.min(pause, left));
  }
}
