/**
 * PVE nodes as bridges on a switch, VMs as network namespaces, and a real etcd on each server. What fails is done to these: processes
 * stop, links go down, and the switch drops what it would forward.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Node } from "../../../src/config/model";
import { NetnsSandbox } from "../../../testbed/namespaces/netns-sandbox";
import { builtProgram } from "../../../testbed/build/programs";
import type { Request } from "./host";

/** The parts of a failure's name that the world knows by itself. */
export type Blow =
  | { readonly kind: "pve node"; readonly pveNode: string }
  | { readonly kind: "switch"; readonly apart: readonly string[] }
  | { readonly kind: "bridge"; readonly pveNode: string }
  | { readonly kind: "datastore"; readonly datastore: string; readonly pveNode?: string }
  | { readonly kind: "vm"; readonly hostname: string };

export class World {
  private constructor(
    private readonly sandbox: NetnsSandbox,
    private readonly name: string,
    private readonly nodes: readonly Node[],
  ) {}

  /** @param ports - that each host serves */
  public static async start(
    sandbox: NetnsSandbox,
    name: string,
    nodes: readonly Node[],
    ports: (node: Node) => readonly number[],
  ): Promise<World> {
    const world = new World(sandbox, name, nodes);
    await sandbox.shell(world.wiring().join("\n"));
    for (const node of nodes) sandbox.startProgram(world.namespace(node), "host");
    await Promise.all(nodes.map((node) => world.ask(node, { do: "serve", ports: ports(node) })));
    await sandbox.shell(world.members().join("\n"));
    return world;
  }

  /** What answers, of the targets such as `172.22.0.134:80`, as that host sees it. */
  public reached(by: Node, to: readonly string[], wait: number): Promise<string[]> {
    return this.ask(by, { do: "connect", to, wait });
  }

  /** Addresses of the servers whose etcd writes and reads within the time, each asked by its own host. */
  public async writable(among: readonly Node[], wait: number): Promise<string[]> {
    const all = among.map((node) => this.ask(node, { do: "etcd", address: node.ipv4Address, wait }));
    return (await Promise.all(all)).flat();
  }

  /**
   * Everything runs again. Connections between members end, since one that was silent for seconds needs as long to go on (TCP's
   * retransmissions).
   */
  public async heal(): Promise<void> {
    const { fabric } = this;
    await this.run([
      `nft 'flush chain bridge ${this.name} forward'`,
      ...this.pveNodes.map((_, index) => `ip -n ${fabric} link set p${index} up`),
      ...this.nodes.map((_, index) => `ip -n ${fabric} link set n${index} up`),
      this.signal("CONT", this.nodes),
      ...this.nodes
        .filter(isServer)
        .map(
          (node) =>
            `nsenter --net=/run/netns/${this.namespace(node)} ss -K '( sport = :2380 or dport = :2380 )' >/dev/null`,
        ),
    ]);
  }

  /** Fails what is given, at the same time. */
  public suffer(blows: readonly Blow[]): Promise<void> {
    return this.run(blows.flatMap((blow) => this.done(blow)));
  }

  private run(lines: readonly string[]): Promise<void> {
    return this.sandbox.shell(lines.map(this.inFabric).join("\n"));
  }

  private readonly inFabric = (line: string): string =>
    line.startsWith("nft") ? `nsenter --net=/run/netns/${this.fabric} ${line}` : line;

  private done(blow: Blow): string[] {
    switch (blow.kind) {
      case "pve node":
        return this.stop(this.nodes.filter(({ vm }) => vm.pveNode === blow.pveNode));
      case "vm":
        return this.stop(this.nodes.filter(({ hostname }) => hostname === blow.hostname));
      case "datastore":
        return this.stop(
          this.nodes.filter(
            ({ vm }) =>
              vm.disks.some(({ datastore }) => datastore === blow.datastore) &&
              (blow.pveNode === undefined || vm.pveNode === blow.pveNode),
          ),
        );
      case "bridge":
        return [`ip -n ${this.fabric} link set p${this.pveNodes.indexOf(blow.pveNode)} down`];
      case "switch": {
        const cut = this.pveNodes.map((name) => blow.apart.includes(name));
        return cut.flatMap((isApart, from) =>
          cut.flatMap((other, to) =>
            isApart === other
              ? []
              : [`nft 'add rule bridge ${this.name} forward iifname u${from} oifname u${to} drop'`],
          ),
        );
      }
    }
  }

  private stop(nodes: readonly Node[]): string[] {
    return [
      ...nodes.map((node) => `ip -n ${this.fabric} link set n${this.nodes.indexOf(node)} down`),
      this.signal("STOP", nodes),
    ];
  }

  private signal(signal: string, nodes: readonly Node[]): string {
    const pids = nodes.filter(isServer).map((node) => `$(cat ${this.pidFile(node)})`);
    return pids.length === 0 ? "true" : `kill -${signal} ${pids.join(" ")}`;
  }

  private wiring(): string[] {
    const { fabric, name } = this;
    const port = (link: string, bridge: string): string[] => [
      `ip -n ${fabric} link set ${link} master ${bridge}`,
      `ip -n ${fabric} link set ${link} up`,
    ];
    return [
      `ip netns add ${fabric}`,
      `ip -n ${fabric} link add switch up type bridge`,
      ...this.pveNodes.flatMap((_, index) => [
        `ip -n ${fabric} link add p${index} up type bridge`,
        `ip -n ${fabric} link add u${index} type veth peer name d${index}`,
        ...port(`u${index}`, "switch"),
        ...port(`d${index}`, `p${index}`),
      ]),
      ...this.nodes.flatMap((node, index) => {
        const own = this.namespace(node);
        return [
          `ip netns add ${own}`,
          `ip -n ${own} link set lo up`,
          `ip -n ${fabric} link add n${index} type veth peer name eth0 netns ${own}`,
          ...port(`n${index}`, `p${this.pveNodes.indexOf(node.vm.pveNode)}`),
          `ip -n ${own} address add ${node.ipv4Address}/24 dev eth0`,
          `ip -n ${own} link set eth0 up`,
        ];
      }),
      this.inFabric(`nft 'table bridge ${name} { chain forward { type filter hook forward priority 0; }; }'`),
    ];
  }

  /** Its heartbeats are short, so that an election takes less than a second. */
  private members(): string[] {
    const servers = this.nodes.filter(isServer);
    const peers = servers
      .map(({ hostname, ipv4Address }) => `${hostname}=http://${ipv4Address}:2380`)
      .join(",");
    mkdirSync(join(this.sandbox.folder, this.name));
    return servers.map((node) => {
      const { hostname, ipv4Address } = node;
      const words = [
        `--name=${hostname}`,
        `--data-dir=${join(this.sandbox.folder, this.name, hostname)}`,
        `--listen-peer-urls=http://${ipv4Address}:2380`,
        `--initial-advertise-peer-urls=http://${ipv4Address}:2380`,
        `--listen-client-urls=http://${ipv4Address}:2379`,
        `--advertise-client-urls=http://${ipv4Address}:2379`,
        `--initial-cluster=${peers}`,
        "--heartbeat-interval=30",
        "--election-timeout=300",
        "--unsafe-no-fsync",
        "--log-level=error",
      ];
      const etcd = [
        ...NetnsSandbox.in(this.namespace(node)),
        builtProgram("kubernetes", "etcd"),
        ...words,
      ].join(" ");
      return `${etcd} >${this.pidFile(node)}.log 2>&1 </dev/null & echo $! >${this.pidFile(node)}`;
    });
  }

  private get pveNodes(): string[] {
    return [...new Set(this.nodes.map(({ vm }) => vm.pveNode))].sort();
  }

  private get fabric(): string {
    return `${this.name}-pve`;
  }

  private namespace({ hostname }: Node): string {
    return `${this.name}-${hostname}`;
  }

  private pidFile({ hostname }: Node): string {
    return join(this.sandbox.folder, `${this.name}-${hostname}.pid`);
  }

  private ask(node: Node, request: Request): Promise<string[]> {
    return this.sandbox.ask(this.namespace(node), request);
  }
}

const isServer = ({ role }: Node): boolean => role === "server";
