/**
 * A real kube-apiserver and etcd for each server of a cluster, one kube-controller-manager, and the real kubectl, in their
 * own network. Nodes are objects, which a stand-in for kubelets keeps alive.
 */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Node } from "../../src/config/model";
import { NetnsSandbox } from "../namespaces/netns-sandbox";
import type { Ran } from "../namespaces/supervisor";
import { builtProgram } from "../build/programs";

type Server = Pick<Node, "hostname" | "role" | "ipv4Address">;

/** Of the API, and the join token. */
export const TOKEN = "of-the-testbed";

/** What `testbed/build/kubernetes` builds. */
export const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"] as const;

export class ControlPlane {
  /** Why the last request to the API failed. */
  private complaint = "";

  private constructor(
    private readonly sandbox: NetnsSandbox,
    private readonly nodes: readonly Server[],
  ) {}

  /** Servers get a control plane, and all of them a Node that is Ready. */
  public static async start(nodes: readonly Server[]): Promise<ControlPlane> {
    const sandbox = await NetnsSandbox.start([join(__dirname, "kubelet.ts")]);
    const plane = new ControlPlane(sandbox, nodes);
    try {
      await plane.prepare();
      await plane.startServers();
      await plane.startController();
      sandbox.startProgram("servers", "kubelet");
      await plane.until("all nodes are Ready", () => plane.areReady(nodes));
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  public stop(): Promise<void> {
    return this.sandbox.stop();
  }

  /** Runs a script as on that host, where `k3s kubectl` asks its own API server. */
  public on(hostname: string, script: string, seconds: number): Promise<Ran> {
    const path = `PATH=${join(this.folderOf(hostname), "bin")}:${process.env.PATH}`;
    return this.sandbox.attempt(
      [...NetnsSandbox.in("servers"), "timeout", "-s", "KILL", `${seconds}`, "env", path, "sh", "-s"],
      script,
    );
  }

  /** The real kubectl, at the first server unless stated. */
  public kubectl(words: readonly string[], input?: string, server = this.servers[0]): Promise<Ran> {
    const kubeconfig = `--kubeconfig=${join(this.folderOf(server?.hostname ?? ""), "kubeconfig")}`;
    return this.sandbox.attempt(
      [...NetnsSandbox.in("servers"), pathOf("kubectl"), kubeconfig, ...words],
      input,
    );
  }

  public async create(...objects: object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    const { status, stderr } = await this.kubectl(["create", "-f", "-"], list);
    if (status !== 0) throw new Error(stderr);
  }

  /** Whether it was powered off. */
  public isDown(hostname: string): boolean {
    return existsSync(join(this.sandbox.folder, "down", hostname));
  }

  /** Ends a program of a server, as by a crash. */
  public async kill(hostname: string, program: "etcd" | "kube-apiserver"): Promise<void> {
    await this.sandbox.shell(`kill -KILL $(cat ${this.folderOf(hostname)}/${program}.pid)`);
  }

  public async until(what: string, condition: () => Promise<boolean>, seconds = 60): Promise<void> {
    for (const end = performance.now() + seconds * 1000; !(await condition());) {
      if (performance.now() > end)
        throw new Error(`not within ${seconds} s: ${what}\n${this.complaint}\n${await this.logs()}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  private get servers(): Server[] {
    return this.nodes.filter(({ role }) => role === "server");
  }

  private folderOf(hostname: string): string {
    return join(this.sandbox.folder, "hosts", hostname);
  }

  private async isReady(server: Server): Promise<boolean> {
    const { status, stderr } = await this.kubectl(["get", "--raw=/readyz"], undefined, server);
    if (status !== 0) this.complaint = stderr;
    return status === 0;
  }

  private async areReady(nodes: readonly Server[]): Promise<boolean> {
    const ready = 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}';
    const { stdout } = await this.kubectl(["get", "nodes", "-o", ready]);
    return stdout.split(" ").filter((status) => status === "True").length === nodes.length;
  }

  private async prepare(): Promise<void> {
    const { folder } = this.sandbox;
    const addresses = this.nodes.map(({ ipv4Address }) => ipv4Address);
    await this.sandbox.shell(
      [
        "mount -t tmpfs none /var/lib",
        "ip netns add servers",
        "ip -n servers link set lo up",
        ...addresses.map((address) => `ip -n servers address add ${address}/24 dev lo`),
        `openssl req -x509 -days 1 -subj /CN=testbed -addext subjectAltName=${["127.0.0.1", ...addresses].map((each) => `IP:${each}`).join(",")} ` +
          `-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ${folder}/tls.key -out ${folder}/tls.crt 2>/dev/null`,
      ].join("\n"),
    );
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(join(folder, "accounts.key"), privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(join(folder, "tokens.csv"), `${TOKEN},testbed,testbed,"system:masters"\n`);
    mkdirSync(join(folder, "down"));
    const servers = this.servers.map(({ ipv4Address }) => ipv4Address);
    const nodes = this.nodes.map(({ hostname, role, ipv4Address }) => ({
      name: hostname,
      address: ipv4Address,
      roles: role === "server" ? ["etcd", "control-plane"] : [],
    }));
    writeFileSync(join(folder, "kubelet.json"), JSON.stringify({ servers, token: TOKEN, nodes }));
    for (const node of this.nodes) this.equip(node);
  }

  /** The programs that a script finds on a host: K3s' kubectl on servers, and a systemctl that ends the stand-in for its kubelet. */
  private equip({ hostname, role, ipv4Address }: Server): void {
    const folder = this.folderOf(hostname);
    mkdirSync(join(folder, "bin"), { recursive: true });
    const put = (name: string, text: string): void =>
      writeFileSync(join(folder, name), text, { mode: 0o755 });
    const down = join(this.sandbox.folder, "down", hostname);
    put("bin/systemctl", `#!/bin/sh\ncase "$1" in stop | poweroff) touch ${down} ;; esac\n`);
    if (role !== "server") return;
    put("bin/k3s", this.k3s(hostname));
    put("kubeconfig", kubeconfig(`https://${ipv4Address}:6443`, `${this.sandbox.folder}/tls.crt`));
  }

  private k3s(hostname: string): string {
    const { folder } = this.sandbox;
    const values = {
      folder,
      hostname,
      etcd: pathOf("etcd"),
      etcdutl: builtProgram("etcdutl", "etcdutl") ?? "false",
      apiserver: pathOf("kube-apiserver"),
      kubectl: pathOf("kubectl"),
      token: TOKEN,
      kubeconfig_text: kubeconfig("https://127.0.0.1:6443", `${folder}/tls.crt`),
    };
    const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
    return `#!/bin/sh\n${lines.join("")}${readFileSync(join(__dirname, "k3s.sh"), "utf8")}`;
  }

  /**
   * Starts the first API alone, since of several that initialize an empty etcd at once all but one may exit ("another caller
   * has already initialized the resource"); K3s, whose servers join one after the other, does not have this problem.
   */
  private async startServers(): Promise<void> {
    for (const server of this.servers) await this.startEtcd(server);
    const [first, ...others] = this.servers;
    for (const servers of [first === undefined ? [] : [first], others]) {
      for (const server of servers) await this.startApi(server);
      for (const server of servers)
        await this.until(`the API of ${server.hostname} answers`, () => this.isReady(server));
    }
  }

  private async startEtcd({ hostname, ipv4Address }: Server): Promise<void> {
    const peer = (server: Server): string => `${server.hostname}=http://${server.ipv4Address}:2380`;
    await this.launch(hostname, "etcd", [
      `--name=${hostname}`,
      `--data-dir=${this.folderOf(hostname)}/etcd`,
      `--listen-peer-urls=http://${ipv4Address}:2380`,
      `--initial-advertise-peer-urls=http://${ipv4Address}:2380`,
      `--listen-client-urls=http://${ipv4Address}:2379`,
      `--advertise-client-urls=http://${ipv4Address}:2379`,
      `--initial-cluster=${this.servers.map(peer).join(",")}`,
      "--unsafe-no-fsync",
    ]);
  }

  private async startApi({ hostname, ipv4Address }: Server): Promise<void> {
    const { folder } = this.sandbox;
    await this.launch(hostname, "kube-apiserver", [
      `--etcd-servers=http://${ipv4Address}:2379`,
      `--bind-address=${ipv4Address}`,
      `--advertise-address=${ipv4Address}`,
      `--tls-cert-file=${folder}/tls.crt`,
      `--tls-private-key-file=${folder}/tls.key`,
      `--token-auth-file=${folder}/tokens.csv`,
      "--authorization-mode=Node,RBAC",
      "--service-cluster-ip-range=10.43.0.0/16",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${folder}/accounts.key`,
      `--service-account-signing-key-file=${folder}/accounts.key`,
      // Nothing creates service accounts before the first pod.
      "--disable-admission-plugins=ServiceAccount",
    ]);
  }

  private startController(): Promise<void> {
    const [first] = this.servers;
    if (first === undefined) throw new Error("a cluster has a server");
    return this.launch(first.hostname, "kube-controller-manager", [
      `--kubeconfig=${this.folderOf(first.hostname)}/kubeconfig`,
      "--leader-elect=false",
      // A claim that has waited for its volume is bound to it after a second.
      "--pvclaimbinder-sync-period=1s",
      // A node without heartbeats is NotReady after seconds.
      "--node-monitor-period=1s",
      "--node-monitor-grace-period=5s",
    ]);
  }

  private async launch(
    hostname: string,
    program: (typeof PROGRAMS)[number],
    words: readonly string[],
  ): Promise<void> {
    const place = join(this.folderOf(hostname), program);
    const start = 'place=$1; shift; "$@" >"$place.log" 2>&1 </dev/null & echo $! >"$place.pid"';
    await this.sandbox.run([
      ...NetnsSandbox.in("servers"),
      "sh",
      "-c",
      start,
      "sh",
      place,
      pathOf(program),
      ...words,
    ]);
  }

  private async logs(): Promise<string> {
    const { stdout } = await this.sandbox.attempt([
      "sh",
      "-c",
      `tail -n 5 ${this.sandbox.folder}/hosts/*/*.log`,
    ]);
    return stdout;
  }
}

function pathOf(program: (typeof PROGRAMS)[number]): string {
  const path = builtProgram("kubernetes", program);
  if (path === undefined) throw new Error(`${program} is missing: testbed/build/build.sh kubernetes`);
  return path;
}

const kubeconfig = (server: string, ca: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "default", cluster: { server, "certificate-authority": ca } }],
    users: [{ name: "default", user: { token: TOKEN } }],
    contexts: [{ name: "default", context: { cluster: "default", user: "default" } }],
    "current-context": "default",
  });
