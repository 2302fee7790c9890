import type { NetnsSandbox } from "../../../testbed/namespaces/netns-sandbox";
import { bytesOf } from "./frames";

/** How ICMPv6 is sent. */
export interface Icmp6Options {
  /** Number of the device. */
  readonly index: string;
  readonly hopLimit: number;
  /** As RFC 2711 says. */
  readonly routerAlert?: boolean;
}

/**
 * Sends packets from one namespace, byte by byte. Node has no raw sockets; perl, which is on every Debian, has. One process sends
 * all, without modules, whose loading takes longer than the rest.
 */
class Sender {
  private readonly name: string;

  public constructor(
    private readonly sandbox: NetnsSandbox,
    namespace: string,
  ) {
    this.name = `sender in ${namespace}`;
    sandbox.startCommand(this.name, namespace, ["perl", "-e", PERL]);
  }

  /** Any frame, on the device with that number. */
  public frame(index: string, frame: Buffer): Promise<void> {
    return this.send("frame", index, frame.toString("hex"));
  }

  /** @param hex - from the type on; the kernel adds the checksum */
  public icmp6(
    to: string,
    hex: string,
    { index, hopLimit, routerAlert = false }: Icmp6Options,
  ): Promise<void> {
    const words = [index, String(hopLimit), routerAlert ? "1" : "0", hex.replaceAll(" ", "")];
    return this.send("icmp6", bytesOf(to).toString("hex"), ...words);
  }

  /** A packet of a protocol without ports, whose header the kernel makes. */
  public ipv4(to: string, protocol: number, payload: Buffer): Promise<void> {
    return this.send("ipv4", bytesOf(to).toString("hex"), String(protocol), payload.toString("hex"));
  }

  private async send(...words: readonly string[]): Promise<void> {
    const request = { words: words.join(" ") };
    const { error } = await this.sandbox.ask<typeof request, { error: string }>(this.name, request);
    if (error !== "") throw new Error(`${this.name}: ${error}`);
  }
}

/** The senders of a sandbox, one for each namespace, from its first packet on. */
export class Senders {
  private readonly started = new Map<string, Sender>();

  public constructor(private readonly sandbox: NetnsSandbox) {}

  public in(namespace: string): Sender {
    const sender = this.started.get(namespace) ?? new Sender(this.sandbox, namespace);
    this.started.set(namespace, sender);
    return sender;
  }
}

/** Sources: packet(7), ipv6(7), raw(7). Numbers stand for AF_INET, AF_INET6, AF_PACKET, SOCK_RAW and options. */
const PERL = `
use strict;
sub sent {
  my ($socket, $packet, $to) = @_;
  send($socket, pack("H*", $packet), 0, $to) or die "send: $!";
}
my %kinds = (
  frame => sub {
    my ($index, $frame) = @_;
    socket(my $s, 17, 3, 0) or die "socket: $!";
    sent($s, $frame, pack("S H4 i S C C a8", 17, substr($frame, 24, 4), $index, 0, 0, 6, ""));
  },
  icmp6 => sub {
    my ($to, $index, $hops, $alert, $message) = @_;
    socket(my $s, 10, 3, 58) or die "socket: $!";
    setsockopt($s, 41, $_, pack("i", $hops)) or die "hop limit: $!" for 16, 18;
    setsockopt($s, 41, 54, pack("H*", "0000050200000100")) or die "router alert: $!" if $alert;
    sent($s, $message, pack("S n N H32 L", 10, 0, 0, $to, $index));
  },
  ipv4 => sub {
    my ($to, $protocol, $payload) = @_;
    socket(my $s, 2, 3, $protocol) or die "socket: $!";
    sent($s, $payload, pack("S n H8 x8", 2, 0, $to));
  },
);
$| = 1;
while (<STDIN>) {
  my ($id, $kind, $words) = /"id":([0-9]+),"words":"([a-z0-9]+) ([0-9a-f ]*)"/ or die "not a request: $_";
  my $error = eval { $kinds{$kind}->(split / /, $words); 1 } ? "" : $@;
  $error =~ s/[^A-Za-z0-9 :.]//g;
  print qq({"id":$id,"result":{"error":"$error"}}\\n);
}
`;
