import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseNetwork } from "../../src/config/address";
import { tokenFileOf } from "../../src/config/k3s";
import { initServer, type Cluster, type Node } from "../../src/config/model";
import { unshareAsRoot } from "../namespaces/unshare";
import type { Ran } from "../namespaces/supervisor";
import { NetnsSandbox } from "../namespaces/netns-sandbox";
import { k3sArguments } from "./command";

const TOKEN = "of-the-testbed";

/** The programs that the bed runs on every host. */
export interface Programs {
  /** Path of K3s, outside of /run, /var/lib and /var/log, which every host has for itself. */
  readonly k3s: string;
  /** Archive of K3s' own images. Without it no pod starts: the hosts have no way out. @default - none */
  readonly images?: string;
}

/**
 * A host for each node of a cluster that was emitted, on one switch: NIC, MAC address and address of the model, the
 * emitted ruleset, and K3s with the emitted flags. Needs root, and the machine's root cgroup.
 */
export class K3sBed {
  /** Process IDs of K3s, by hostname. */
  private readonly processes = new Map<string, string>();

  private constructor(
    private readonly sandbox: NetnsSandbox,
    private readonly emitted: string,
    public readonly cluster: Cluster,
  ) {}

  /** Makes the hosts and starts K3s on all of them. `emitted` is the folder of `HostFiles`. */
  public static async start(emitted: string, programs: Programs): Promise<K3sBed> {
    const own = unshareAsRoot();
    if (own === undefined) throw new Error("K3s' testbed needs root and namespaces of its own.");
    const sandbox = await NetnsSandbox.start(
      [],
      ["unshare", "-m", "sh", join(__dirname, "cgroup.sh"), ...own],
    );
    const { cluster, nodes } = JSON.parse(readFileSync(join(emitted, "cluster.json"), "utf8"));
    const bed = new K3sBed(sandbox, emitted, { ...cluster, nodes });
    try {
      // Its processes have other IDs here.
      await sandbox.shell("mount -t proc none /proc");
      await sandbox.shell(bed.links().join("\n"));
      for (const { hostname } of bed.cluster.nodes) await bed.loadRuleset(hostname);
      for (const node of bed.cluster.nodes) await bed.startK3s(node, programs);
      return bed;
    } catch (error) {
      await bed.stop();
      throw error;
    }
  }

  public stop(): Promise<void> {
    return this.sandbox.stop();
  }

  /** Runs a program on a host, to its end. */
  public attempt(hostname: string, argv: readonly string[]): Promise<Ran> {
    const inside = ["nsenter", `--target=${this.processes.get(hostname)}`, "--mount", "--net", "--cgroup"];
    return this.sandbox.attempt([...inside, ...argv]);
  }

  /** As `attempt`; throws when it fails. */
  public async run(hostname: string, argv: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.attempt(hostname, argv);
    if (status !== 0) throw new Error(`${hostname}: ${argv.join(" ")}: ${stderr || `ended with ${status}`}`);
    return stdout;
  }

  /** The cgroup of K3s, as seen from outside of its host. */
  public async cgroup(hostname: string): Promise<string> {
    const text = await this.sandbox.run(["cat", `/proc/${this.processes.get(hostname)}/cgroup`]);
    return /^0::(.*)$/m.exec(text)?.[1] as string;
  }

  /** Loads a host's ruleset, as systemd does at start and at each reload. */
  public async loadRuleset(hostname: string): Promise<void> {
    const { directory } = this.cluster.nodes.find((node) => node.hostname === hostname) as Node;
    const ruleset = join(this.emitted, directory, "nftables.nft");
    await this.sandbox.run([...NetnsSandbox.in(hostname), "nft", "-f", ruleset]);
  }

  /** Polls until the condition holds. Throws with the end of K3s' log when K3s has ended or the time is up. */
  public async until(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!(await isSo())) {
      for (const [hostname, id] of this.processes) {
        // The sandbox's first process does not reap processes, so ended ones stay as zombies.
        const { status } = await this.sandbox.attempt([
          "grep",
          "-q",
          "^State:[[:space:]]*[^Z[:space:]]",
          `/proc/${id}/status`,
        ]);
        if (status !== 0) throw new Error(`K3s of ${hostname} ended:\n${await this.log(hostname)}`);
      }
      if (Date.now() > end) {
        const server = initServer(this.cluster)?.hostname as string;
        throw new Error(`Not within ${seconds} s: ${what}. K3s of ${server}:\n${await this.log(server)}`);
      }
      await sleep(1000);
    }
  }

  private log(hostname: string): Promise<string> {
    return this.sandbox.run(["tail", "-n", "40", this.logOf(hostname)]);
  }

  private readonly logOf = (hostname: string): string => join(this.sandbox.folder, `${hostname}.log`);

  private links(): string[] {
    const { nodes, network } = this.cluster;
    const length = parseNetwork(network.nodeCidr)?.prefixLength;
    return [
      "ip netns add switch",
      "ip -n switch link add br0 type bridge",
      "ip -n switch link set br0 up",
      ...nodes.flatMap(
        ({ hostname: host, ipv4Address, macAddress, nixos: { networkInterface: nic } }, index) => [
          `ip netns add ${host}`,
          `ip link add ${nic} netns ${host} address ${macAddress} type veth peer name port${index} netns switch`,
          `ip -n switch link set port${index} master br0 up`,
          `ip -n ${host} link set lo up`,
          `ip -n ${host} address add ${ipv4Address}/${length} dev ${nic}`,
          `ip -n ${host} link set ${nic} up`,
          // This route leads nowhere. Without it, the host's own packets to a service would have no route before kube-proxy's rules apply.
          `ip -n ${host} route add default dev ${nic}`,
        ],
      ),
    ];
  }

  private async startK3s(node: Node, { k3s, images = "" }: Programs): Promise<void> {
    const tokenFile = tokenFileOf(this.cluster.k3s, node.role);
    const start = [
      ...NetnsSandbox.in(node.hostname),
      ...["env", `TOKEN_FILE=${tokenFile}`, `IMAGES=${images}`],
      ...["sh", join(__dirname, "host.sh"), node.hostname],
      ...[k3s, ...k3sArguments(this.cluster, node)],
    ];
    // The shell becomes each of these in turn, and finally K3s: its process ID stays the same.
    const inBackground = 'log=$1 token=$2; shift 2; printf %s "$token" | "$@" >"$log" 2>&1 & echo $!';
    const id = await this.sandbox.run([
      ...["sh", "-c", inBackground, "start", this.logOf(node.hostname), TOKEN],
      ...start,
    ]);
    this.processes.set(node.hostname, id.trim());
  }
}
