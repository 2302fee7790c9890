/** Packets and frames byte by byte, as an attacker writes them. */
import { randomInt } from "node:crypto";
import { isIPv6 } from "node:net";
import { Address6 } from "ip-address";

/** Source and destination of an IP packet, of the same family. */
export interface Ends {
  readonly source: string;
  readonly target: string;
}

/** Protocol numbers (IANA), and the type of a frame that holds a packet of that family. */
const PROTOCOL = { tcp: 6, udp: 17, icmp6: 58, vrrp: 112 } as const;
const ETHER_TYPE = { 4: "0800", 6: "86dd" } as const;

const HOP_BY_HOP = 0;
const DESTINATION_OPTIONS = 60;

/** A port that identifies a packet. */
export const anyPort = (): number => randomInt(1024, 30_000);

export function udp(ends: Ends, sourcePort: number, port: number, payload: Buffer | string): Buffer {
  const data = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(port, 2);
  header.writeUInt16BE(header.length + data.length, 4);
  return packet(ends, PROTOCOL.udp, withChecksum(ends, PROTOCOL.udp, Buffer.concat([header, data]), 6));
}

/** The first segment of a connection, or one that claims to belong to a connection. */
export function tcpSegment(
  ends: Ends,
  sourcePort: number,
  port: number,
  flag: "syn" | "ack",
  options: Extensions = {},
): Buffer {
  const segment = Buffer.alloc(20);
  segment.writeUInt16BE(sourcePort, 0);
  segment.writeUInt16BE(port, 2);
  segment.writeUInt32BE(randomInt(2 ** 32), 4);
  segment.writeUInt8(0x50, 12);
  segment.writeUInt8({ syn: 0x02, ack: 0x10 }[flag], 13);
  segment.writeUInt16BE(0xffff, 14);
  return packet(ends, PROTOCOL.tcp, withChecksum(ends, PROTOCOL.tcp, segment, 16), options);
}

/** @param hex - from the type on, the checksum zero */
export const icmp6 = (ends: Ends, hex: string, options: Extensions): Buffer =>
  packet(
    ends,
    PROTOCOL.icmp6,
    withChecksum(ends, PROTOCOL.icmp6, Buffer.from(hex.replaceAll(" ", ""), "hex"), 2),
    options,
  );

/** A frame around a packet. MAC addresses as `0e:00:00:00:00:01`. */
export function ethernet(source: string, target: string, content: Buffer): Buffer {
  const family = (content.readUInt8(0) >> 4) as 4 | 6;
  const header = `${target}${source}`.replaceAll(":", "") + ETHER_TYPE[family];
  return Buffer.concat([Buffer.from(header, "hex"), content]);
}

/** The payload of a VXLAN datagram (RFC 7348) of flannel's network 1. */
export const vxlan = (frame: Buffer): Buffer =>
  Buffer.concat([Buffer.from("0800000000000100", "hex"), frame]);

/** The IPv4 packet in two. */
export function fragments(whole: Buffer): [Buffer, Buffer] {
  const [headerLength, firstLength] = [20, 8];
  const fragment = (payload: Buffer, flagsAndOffset: number): Buffer => {
    const header = Buffer.from(whole.subarray(0, headerLength));
    header.writeUInt16BE(headerLength + payload.length, 2);
    header.writeUInt16BE(flagsAndOffset, 6);
    header.writeUInt16BE(0, 10);
    header.writeUInt16BE(checksum(header), 10);
    return Buffer.concat([header, payload]);
  };
  const payload = whole.subarray(headerLength);
  const moreFragments = 0x2000;
  return [
    fragment(payload.subarray(0, firstLength), moreFragments),
    fragment(payload.subarray(firstLength), firstLength / 8),
  ];
}

/** What an advertisement of VRRP says (RFC 5798, 5.2). */
interface Advertisement {
  readonly routerId: number;
  readonly priority: number;
  readonly address: string;
}

/** An advertisement of VRRP version 3, twice a second. */
export function vrrp(ends: Ends, { routerId, priority, address }: Advertisement): Buffer {
  const [versionAndType, addresses, centiseconds] = [0x31, 1, 50];
  const header = Buffer.from([versionAndType, routerId, priority, addresses, 0, centiseconds, 0, 0]);
  const body = withChecksum(ends, PROTOCOL.vrrp, Buffer.concat([header, bytesOf(address)]), 6);
  const whole = ipv4(ends, PROTOCOL.vrrp, body);
  // Receivers drop what a router has forwarded (RFC 5798, 5.1.1.3).
  whole.writeUInt8(255, 8);
  whole.writeUInt16BE(0, 10);
  whole.writeUInt16BE(checksum(whole.subarray(0, 20)), 10);
  return whole;
}

/** What IPv6 packets may have in addition to their payload. */
interface Extensions {
  /** @default 64 */
  readonly hopLimit?: number;
  /** The header before the payload: a router alert, which listener queries have (RFC 2710), or an empty one. */
  readonly header?: "router alert" | "empty destination options";
}

/** A packet of a protocol without ports. */
export const ipv4Packet = (ends: Ends, protocol: number, payload: Buffer): Buffer =>
  ipv4(ends, protocol, payload);

const packet = (ends: Ends, protocol: number, payload: Buffer, options: Extensions = {}): Buffer =>
  isIPv6(ends.source) ? ipv6(ends, protocol, payload, options) : ipv4(ends, protocol, payload);

function ipv4(ends: Ends, protocol: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + payload.length, 2);
  header.writeUInt16BE(randomInt(1, 65_536), 4);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  addresses(ends).copy(header, 12);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

function ipv6(ends: Ends, protocol: number, payload: Buffer, { hopLimit = 64, header }: Extensions): Buffer {
  const options = { "router alert": "050200000100", "empty destination options": "010400000000" };
  const next = { "router alert": HOP_BY_HOP, "empty destination options": DESTINATION_OPTIONS };
  const extension = header === undefined ? Buffer.alloc(0) : Buffer.from(`0000${options[header]}`, "hex");
  if (header !== undefined) extension.writeUInt8(protocol, 0);
  const fixed = Buffer.alloc(8);
  fixed.writeUInt8(0x60, 0);
  fixed.writeUInt16BE(extension.length + payload.length, 4);
  fixed.writeUInt8(header === undefined ? protocol : next[header], 6);
  fixed.writeUInt8(hopLimit, 7);
  return Buffer.concat([fixed, addresses(ends), extension, payload]);
}

export const bytesOf = (address: string): Buffer =>
  isIPv6(address)
    ? Buffer.from(new Address6(address).canonicalForm().replaceAll(":", ""), "hex")
    : Buffer.from(address.split(".").map(Number));

const addresses = ({ source, target }: Ends): Buffer => Buffer.concat([bytesOf(source), bytesOf(target)]);

/** The segment, datagram or message with its checksum at that place; over a pseudo-header, as IPv6 requires for all. */
function withChecksum(ends: Ends, protocol: number, segment: Buffer, at: number): Buffer {
  const lengthAndProtocol = Buffer.alloc(8);
  lengthAndProtocol.writeUInt32BE(segment.length, 0);
  lengthAndProtocol.writeUInt32BE(protocol, 4);
  segment.writeUInt16BE(checksum(Buffer.concat([addresses(ends), lengthAndProtocol, segment])) || 0xffff, at);
  return segment;
}

/** RFC 1071 */
function checksum(bytes: Buffer): number {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) sum += even.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
