import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { build } from "./build";
import type { Ran } from "../../../testbed/namespaces/supervisor";
import type { Answer, Request } from "./prober";
import { Senders, type Icmp6Options } from "./sender";
import { hostsOf, topologyOf, type Host, type LabNode, type Topology } from "./topology";
import { Watches, type Place } from "./watches";
import { NetnsSandbox } from "../../../testbed/namespaces/netns-sandbox";

/** The result of a check. */
export interface Passage {
  readonly through: boolean;
  /** Description for a person, when the result is unexpected. */
  readonly seen: string;
}

/** @param wait - milliseconds to wait for a packet */
export type Way = (lab: Lab, from: string, wait: number) => Promise<Passage>;

/** A claim about one way, and whether the firewall lets it pass. */
export interface Check {
  readonly claim: string;
  readonly expected: "open" | "closed";
  /** Name of the host that starts it. */
  readonly from: string;
  readonly way: Way;
}

export const open = (claim: string, from: string, way: Way): Check => ({
  claim,
  expected: "open",
  from,
  way,
});
export const closed = (claim: string, from: string, way: Way): Check => ({
  claim,
  expected: "closed",
  from,
  way,
});

/** Milliseconds. A packet that passes takes one or two; one that has not come by then will not come. */
export interface Patience {
  readonly open: number;
  readonly closed: number;
}

/** For a busy machine, on which packets may be late. */
export const PATIENT: Patience = { open: 10_000, closed: 1_000 };

/** A failed check. */
export interface Failure {
  readonly check: Check;
  /** Description for a person. */
  readonly seen: string;
}

/** A cluster of network namespaces, made of what HostFiles wrote. */
export class Lab {
  /** By hostname. */
  public readonly senders: Senders;

  private constructor(
    public readonly sandbox: NetnsSandbox,
    public readonly topology: Topology,
    /** Hostname to ruleset. */
    public readonly rulesets: ReadonlyMap<string, string>,
  ) {
    this.senders = new Senders(sandbox);
  }

  /** @param folder - with `cluster.json` and the hosts' folders */
  public static async start(folder: string): Promise<Lab> {
    const topology = topologyOf(folder);
    const rulesets = topology.nodes.map(({ name, node }): [string, string] => [
      name,
      readFileSync(join(folder, node.directory, "nftables.nft"), "utf8"),
    ]);
    const sandbox = await NetnsSandbox.start([join(__dirname, "prober.ts")]);
    try {
      await build(sandbox, topology);
      return new Lab(sandbox, topology, new Map(rulesets));
    } catch (error) {
      await sandbox.stop();
      throw error;
    }
  }

  public stop(): Promise<void> {
    return this.sandbox.stop();
  }

  /** Runs a program in a host's namespace, whatever its exit status. */
  public in(host: string, argv: readonly string[], input?: string): Promise<Ran> {
    return this.sandbox.attempt([...NetnsSandbox.in(host), ...argv], input);
  }

  /** Asks the prober of a host. */
  public ask(host: string, request: Request): Promise<Answer> {
    return this.sandbox.ask(host, request);
  }

  /** Loads rulesets as NixOS does: each in one step. */
  public async load(rulesets: ReadonlyMap<string, string> = this.rulesets): Promise<void> {
    await Promise.all(
      [...rulesets].map(([name, text]) =>
        this.sandbox.run([...NetnsSandbox.in(name), "nft", "-f", "-"], text),
      ),
    );
  }

  /** Removes all firewalls. */
  public async unload(): Promise<void> {
    const gone = "table inet k3s_host\ndelete table inet k3s_host\n";
    await this.load(new Map([...this.rulesets.keys()].map((name) => [name, gone])));
  }

  /** Makes hosts forget what they learnt about paths. */
  public async forgetPaths(): Promise<void> {
    await Promise.all(hostsOf(this.topology).map(({ name }) => this.ask(name, { do: "forget paths" })));
  }

  /** Runs all checks at once. @returns those that failed, with what was seen */
  public async failed(checks: readonly Check[], patience: Patience): Promise<Failure[]> {
    const tried = checks.map(async (check): Promise<Failure[]> => {
      const { through, seen } = await check.way(this, check.from, patience[check.expected]);
      return through === (check.expected === "open") ? [] : [{ check, seen }];
    });
    return (await Promise.all(tried)).flat();
  }

  /** Descriptions of what failed, when checks should hold as stated or everything should be open. */
  public async unexpected(
    checks: readonly Check[],
    patience: Patience,
    expected: (check: Check) => "open" | "closed" = (check) => check.expected,
  ): Promise<string[]> {
    const failed = await this.failed(
      checks.map((check) => ({ ...check, expected: expected(check) })),
      patience,
    );
    return failed.map(
      ({ check: { claim, from, expected }, seen }) =>
        `${claim} (from ${from}): should be ${expected}, ${seen}`,
    );
  }

  /** Counters of the firewalls of these hosts that have counted nothing since they were loaded. */
  public async idleCounters(hosts: readonly string[]): Promise<string[]> {
    const counted = hosts.map(async (host) =>
      Object.entries(await this.counters(host)).flatMap(([name, packets]) =>
        packets === 0 ? [`${name} of ${host}`] : [],
      ),
    );
    return (await Promise.all(counted)).flat();
  }

  /** Named counters of the firewall of a host: packets. */
  private async counters(host: string): Promise<Record<string, number>> {
    const { stdout } = await this.in(host, ["nft", "-j", "list", "counters", "table", "inet", "k3s_host"]);
    const { nftables } = JSON.parse(stdout) as {
      nftables: { counter?: { name: string; packets: number } }[];
    };
    return Object.fromEntries(
      nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])),
    );
  }

  public nodeOf(name: string): LabNode {
    return found(this.topology.nodes, name);
  }

  /**
   * Address of a host or of one of its devices: `hamal's bridge`, `hamal's tunnel`, or a further interface by its name. An address is
   * returned unchanged.
   */
  public addressOf(name: string): string {
    if (isAddress(name)) return name;
    const [host = "", device] = name.split("'s ");
    if (device === "bridge") return this.nodeOf(host).bridgeAddress;
    if (device === "tunnel") return this.nodeOf(host).tunnelAddress;
    if (device !== undefined) return addressOn(this.nodeOf(host), device);
    return found(hostsOf(this.topology), name).address;
  }

  public address6Of(name: string): string {
    return found(hostsOf(this.topology), name).address6 as string;
  }

  /** The device that connects a host to the switch, or to its further network. */
  public interfaceOf(name: string): string {
    const { nodes, further } = this.topology;
    if (further.some((host) => host.name === name)) return name;
    return nodes.find((node) => node.name === name)?.node.nixos.networkInterface ?? "eth0";
  }

  /** @param device - @default - the one by which it is on the switch */
  public linkLocal(name: string, device = this.interfaceOf(name)): Promise<string> {
    return this.known(`link-local ${name} ${device}`, async () => {
      const show = ["-6", "-o", "address", "show", "dev", device, "scope", "link"];
      return /inet6 ([^/]+)/.exec(await this.sandbox.run(["ip", "-n", name, ...show]))?.[1] as string;
    });
  }

  /** Sends ICMPv6 to an address of the switch. */
  public async sendIcmp6(
    from: string,
    to: string,
    hex: string,
    options: Omit<Icmp6Options, "index">,
  ): Promise<void> {
    const { index } = await this.link(from, this.interfaceOf(from));
    await this.senders.in(from).icmp6(to, hex, { index, ...options });
  }

  /** Sends any frame on a device of the host. */
  public async sendFrame(from: string, device: string, frame: Buffer): Promise<void> {
    const { index } = await this.link(from, device);
    await this.senders.in(from).frame(index, frame);
  }

  public macAddressOf(host: string, device: string): Promise<string> {
    return this.link(host, device).then(({ macAddress }) => macAddress);
  }

  private link(host: string, device: string): Promise<{ index: string; macAddress: string }> {
    return this.known(`link ${host} ${device}`, async () => {
      const shown = await this.sandbox.run(["ip", "-n", host, "-o", "link", "show", "dev", device]);
      const [, index = "", macAddress = ""] = /^(\d+):.* link\/ether (\S+)/.exec(shown) ?? [];
      return { index, macAddress };
    });
  }

  /**
   * Listens for a matching packet while `act` runs.
   *
   * @param act - gets a function that tells whether the packet has come
   */
  public async listening<T>(
    host: string,
    match: string,
    at: Place,
    act: (heard: () => Promise<boolean>) => Promise<T>,
  ): Promise<T> {
    const watches = this.watchesOf(host);
    const name = await watches.begin(match, at);
    try {
      return await act(() => watches.heard(name));
    } finally {
      watches.end(name);
    }
  }

  private watchesOf(host: string): Watches {
    const nft = (argv: readonly string[], input?: string): Promise<string> =>
      this.sandbox.run([...NetnsSandbox.in(host), "nft", ...argv], input);
    const watches = this.watches.get(host) ?? new Watches(nft);
    this.watches.set(host, watches);
    return watches;
  }

  /**
   * The source port for which UDP datagrams of the host get another source address.
   *
   * @param asPort - and this port; its own unless stated
   */
  public forge(host: string, as: string, asPort?: number): Promise<number> {
    const target = `${this.addressOf(as)}${asPort === undefined ? "" : `:${asPort}`}`;
    return this.known(`forge ${host} ${target}`, async () => {
      const port = 20_000 + ++this.forgeries;
      const chain = "type nat hook postrouting priority 0";
      const rule = `udp sport ${port} snat ip to ${target}`;
      await this.sandbox.run([
        ...NetnsSandbox.in(host),
        "nft",
        `table ip forge { chain out { ${chain}; ${rule}; }; }`,
      ]);
      return port;
    });
  }

  /** Returns the value of the first call again. */
  private known<T>(what: string, find: () => Promise<T>): Promise<T> {
    const found = (this.findings.get(what) as Promise<T> | undefined) ?? find();
    this.findings.set(what, found);
    return found;
  }

  private readonly findings = new Map<string, Promise<unknown>>();
  private readonly watches = new Map<string, Watches>();
  private forgeries = 0;
}

/** A node's address on a further network. */
function addressOn({ name, further }: LabNode, device: string): string {
  const address = further.find((nic) => nic.name === device)?.address;
  if (address?.kind !== "static") throw new Error(`${name} has no static address on ${device}`);
  return address.ipv4Address;
}

function found<T extends Host>(hosts: readonly T[], name: string): T {
  const host = hosts.find((each) => each.name === name);
  if (host === undefined) throw new Error(`the lab has no host ${name}`);
  return host;
}

/** An address as written in a URL or a command. */
export const isAddress = (text: string): boolean =>
  isIPv6(text.split("%")[0] as string) || /^[\d.]+$/.test(text);
