import { randomInt } from "node:crypto";

/** What is inside: an Ethernet frame for a node's flannel.1, with an IPv4 packet for one of its pods. */
interface Inner {
  /** Of the target's flannel.1, such as `0e:00:00:00:00:01`. */
  readonly mac: string;
  readonly source: string;
  readonly target: string;
}

/** A VXLAN datagram (RFC 7348) of flannel's network 1 that holds a UDP datagram with that text. */
export function vxlan({ mac, source, target }: Inner, port: number, text: string): Buffer {
  const udp = Buffer.alloc(8 + text.length); // without a checksum, which IPv4 allows
  udp.writeUInt16BE(randomInt(1024, 65_536), 0);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(udp.length, 4);
  udp.write(text, 8);
  const frame = Buffer.from(`${mac.replaceAll(":", "")}0a0000000001` + "0800", "hex");
  return Buffer.concat([Buffer.from("0800000000000100", "hex"), frame, ipv4(source, target, udp)]);
}

function ipv4(source: string, target: string, payload: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + payload.length, 2);
  header.writeUInt8(64, 8);
  header.writeUInt8(17, 9);
  Buffer.from(source.split(".").map(Number)).copy(header, 12);
  Buffer.from(target.split(".").map(Number)).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
