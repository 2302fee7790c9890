import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NetnsSandbox } from "../../../testbed/namespaces/netns-sandbox";
import { unshareAsRoot } from "../../../testbed/namespaces/unshare";
import type { ApiVip, Cluster, Node } from "../../../src/config/model";
import { configured } from "../configured";
import { emitted } from "../clusters";
import type { Host } from "../nixos-options";
import { ethernet, vrrp } from "../lab/frames";
import { Senders } from "../lab/sender";
import { keepalivedConf } from "./keepalived-conf";

/** A look at who holds the address. */
export interface Look {
  /** Milliseconds since the first look. */
  readonly at: number;
  readonly holders: readonly string[];
}

/** The nodes of a cluster on a switch, with their emitted firewalls, and with the real keepalived on its servers. */
export class VipBed {
  private constructor(
    public readonly sandbox: NetnsSandbox,
    private readonly cluster: Cluster,
    private readonly hosts: Readonly<Record<string, Host>>,
  ) {
    this.senders = new Senders(sandbox);
  }

  /** How much of the log of a host's keepalived is old. */
  private readonly read = new Map<string, number>();
  private readonly started = new Set<string>();
  private readonly senders: Senders;

  public static async start(cluster: Cluster): Promise<VipBed> {
    const hosts = await configured(cluster);
    const sandbox = await NetnsSandbox.start([join(__dirname, "api.ts")], unshareAsRoot() ?? ["false"]);
    const bed = new VipBed(sandbox, cluster, hosts);
    try {
      await sandbox.shell(FOLDERS);
      await sandbox.shell(CERTIFICATES);
      await sandbox.shell(
        ["ip netns add switch", "ip -n switch link add br0 type bridge", "ip -n switch link set br0 up"].join(
          "\n",
        ),
      );
      for (const node of cluster.nodes) {
        await sandbox.shell(linkOf(node));
        await bed.load(node.hostname);
      }
      for (const name of bed.servers) {
        await bed.setApi(name, "ready");
        await bed.startApi(name);
        await bed.startKeepalived(name);
      }
      return bed;
    } catch (error) {
      await sandbox.stop();
      throw error;
    }
  }

  public stop(): Promise<void> {
    return this.sandbox.stop();
  }

  public get servers(): string[] {
    return this.cluster.nodes.filter(({ role }) => role === "server").map(({ hostname }) => hostname);
  }

  public get address(): string {
    return this.cluster.apiVip?.address as string;
  }

  /** @param ruleset - @default - as emitted */
  public async load(hostname: string, ruleset = this.ruleset(hostname)): Promise<void> {
    await this.sandbox.run([...NetnsSandbox.in(hostname), "nft", "-f", "-"], ruleset);
  }

  public async unload(hostname: string): Promise<void> {
    await this.load(hostname, "table inet k3s_host\ndelete table inet k3s_host\n");
  }

  public ruleset(hostname: string): string {
    const node = this.nodeOf(hostname);
    return emitted(this.cluster).get(`${node.directory}/nftables.nft`) as string;
  }

  /** As its unit starts it. */
  public async startKeepalived(hostname: string): Promise<void> {
    const host = this.hosts[this.nodeOf(hostname).id] as Host;
    const conf = `/run/vip/${hostname}.conf`;
    await this.sandbox.shell(host.options["systemd.services.keepalived.preStart"] as string);
    await this.sandbox.run(["tee", conf], keepalivedConf(host));
    // As after a boot. A process that was killed here counts as running, since nothing collects its exit status.
    await this.sandbox.shell(`rm -f /run/vip/${hostname}.pid /run/vip/${hostname}-vrrp.pid`);
    const files = `-f ${conf} -p /run/vip/${hostname}.pid -r /run/vip/${hostname}-vrrp.pid`;
    const command = `keepalived ${files} --vrrp --dont-fork --log-console --log-detail`;
    await this.sandbox.shell(inBackground(hostname, command, "keepalived"));
    this.read.delete(hostname); // a new log
    this.started.add(hostname);
  }

  public async startApi(hostname: string): Promise<void> {
    if (this.started.has(hostname)) await this.mark(hostname);
    const program = join(this.sandbox.folder, "api.js");
    const command = `${process.execPath} ${program} /run/vip ${stateOf(hostname)}`;
    await this.sandbox.shell(inBackground(hostname, command, "api"));
  }

  public async setApi(hostname: string, state: "ready" | "not ready" | "hangs"): Promise<void> {
    if (this.started.has(hostname)) await this.mark(hostname);
    await this.sandbox.run(["tee", stateOf(hostname)], state);
  }

  public async killApi(hostname: string): Promise<void> {
    await this.sandbox.shell(`kill -9 "$(cat /run/vip/${hostname}-api.id)"`);
  }

  /** Stops keepalived as its unit does. */
  public async stopKeepalived(hostname: string): Promise<void> {
    await this.sandbox.shell(`kill "$(cat /run/vip/${hostname}-keepalived.id)"`);
  }

  /** The host is gone without a word: its cable first, so that nothing leaves it. */
  public async killHost(hostname: string): Promise<void> {
    await this.cut(hostname);
    await this.sandbox.shell(`
      kill -9 "$(cat /run/vip/${hostname}-keepalived.id)" "$(cat /run/vip/${hostname}-vrrp.pid)" "$(cat /run/vip/${hostname}-api.id)"
      ip -n ${hostname} address del ${this.address}/32 dev ${this.nodeOf(hostname).nixos.networkInterface} || true`);
  }

  public async cut(hostname: string): Promise<void> {
    await this.sandbox.shell(`ip -n switch link set ${hostname} nomaster`);
  }

  public async heal(hostname: string): Promise<void> {
    await this.sandbox.shell(`ip -n switch link set ${hostname} master br0`);
  }

  /** An advertisement of VRRP with the address of one server to another, with the sender's own MAC address. */
  public async forge(from: string, as: string, to: string, priority: number): Promise<void> {
    const [source, target] = [this.nodeOf(as), this.nodeOf(to)];
    const [sender, { routerId, address }] = [this.nodeOf(from), this.cluster.apiVip as ApiVip];
    const ends = { source: source.ipv4Address, target: target.ipv4Address };
    const frame = ethernet(sender.macAddress, target.macAddress, vrrp(ends, { routerId, priority, address }));
    const shown = await this.sandbox.run([
      "ip",
      "-n",
      from,
      "-o",
      "link",
      "show",
      "dev",
      sender.nixos.networkInterface,
    ]);
    await this.senders.in(from).frame(shown.split(":")[0] as string, frame);
  }

  /** Takes the key of the check from the user that runs it. */
  public async hideKey(): Promise<void> {
    await this.sandbox.shell("chgrp root /run/k3s-api-vip/client.key");
  }

  public async showKey(): Promise<void> {
    await this.sandbox.shell("chgrp keepalived_script /run/k3s-api-vip/client.key");
  }

  private nodeOf(hostname: string): Node {
    return this.cluster.nodes.find((each) => each.hostname === hostname) as Node;
  }

  public async holders(): Promise<string[]> {
    const shown = await Promise.all(
      this.servers.map(async (name) => {
        const command = ["ip", "-n", name, "-4", "-o", "address", "show", "to", `${this.address}/32`];
        return (await this.sandbox.run(command)) === "" ? [] : [name];
      }),
    );
    return shown.flat();
  }

  /** Looks until the holders are as they should be, for at most some seconds. */
  public async watch(until: (holders: readonly string[]) => boolean, seconds = 20): Promise<Look[]> {
    const start = Date.now();
    const looks: Look[] = [];
    for (;;) {
      const holders = await this.holders();
      looks.push({ at: Date.now() - start, holders });
      if (until(holders)) return looks;
      if (Date.now() - start > 1000 * seconds)
        throw new Error(`${JSON.stringify(looks.at(-1))}\n${await this.logs()}`);
    }
  }

  /** Waits for words in what keepalived of the host has logged since the last mark, or since it started. */
  public async until(hostname: string, words: string, seconds = 20): Promise<void> {
    const end = Date.now() + 1000 * seconds;
    for (;;) {
      const log = await this.news(hostname);
      if (log.includes(words)) return;
      if (Date.now() > end) throw new Error(`${hostname} did not log ${words}:\n${log}`);
      await sleep(50);
    }
  }

  /** What the host's keepalived has logged since the last mark, or since it started. */
  public async news(hostname: string): Promise<string> {
    const log = await this.sandbox.run(["cat", `/run/vip/${hostname}-keepalived.log`]);
    return log.slice(this.read.get(hostname) ?? 0);
  }

  /** From here on `until` reads what the host's keepalived logs. */
  public async mark(hostname: string): Promise<void> {
    this.read.set(hostname, (await this.sandbox.run(["cat", `/run/vip/${hostname}-keepalived.log`])).length);
  }

  public async logs(): Promise<string> {
    return this.sandbox.run(["sh", "-c", "tail -n 30 /run/vip/*-keepalived.log"]);
  }
}

const stateOf = (hostname: string): string => `/run/vip/${hostname}.state`;

/** With its process ID in a file. */
const inBackground = (hostname: string, command: string, name: string): string => `
  ${NetnsSandbox.in(hostname).join(" ")} sh -c 'echo $$ >/run/vip/${hostname}-${name}.id; exec ${command}' \\
    </dev/null >/run/vip/${hostname}-${name}.log 2>&1 &`;

const linkOf = ({ hostname, ipv4Address, macAddress, nixos }: Node): string =>
  [
    `ip netns add ${hostname}`,
    `ip -n ${hostname} link set lo up`,
    `ip link add name ${nixos.networkInterface} netns ${hostname} address ${macAddress} type veth peer name ${hostname} netns switch`,
    `ip -n switch link set ${hostname} master br0`,
    `ip -n switch link set ${hostname} up`,
    `ip -n ${hostname} link set ${nixos.networkInterface} up`,
    `ip -n ${hostname} address add ${ipv4Address}/24 dev ${nixos.networkInterface}`,
  ].join("\n");

/** What NixOS and K3s make on a server. The sandbox has its own mounts. */
const FOLDERS = `
mkdir /run/vip /run/etc
cp /etc/passwd /etc/group /run/etc
echo 'keepalived_script:x:61234:61234::/:/bin/false' >>/run/etc/passwd
echo 'keepalived_script:x:61234:' >>/run/etc/group
mount --bind /run/etc/passwd /etc/passwd
mount --bind /run/etc/group /etc/group
mount -t tmpfs none /var/lib
mkdir -p -m 700 /var/lib/rancher/k3s/server/tls
`;

/** Two certificate authorities, a certificate for 127.0.0.1 and one of kube-proxy's, whose key only root can read, as in K3s. */
const CERTIFICATES = `
cd /run/vip
new_ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" -keyout "$1.key" -out "$1.crt" 2>/dev/null
}
issue() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  printf '%s\\n' "$4" >extensions
  openssl x509 -req -days 2 -in "$1.csr" -CA "$3.crt" -CAkey "$3.key" -CAcreateserial -extfile extensions -out "$1.crt" 2>/dev/null
}
new_ca server-ca
new_ca client-ca
issue serving k3s server-ca subjectAltName=IP:127.0.0.1
issue client-kube-proxy system:kube-proxy client-ca extendedKeyUsage=clientAuth
tls=/var/lib/rancher/k3s/server/tls
install -m 0644 server-ca.crt client-kube-proxy.crt "$tls"
install -m 0600 client-kube-proxy.key "$tls"
`;
