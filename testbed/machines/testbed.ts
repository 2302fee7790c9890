/**
 * Machines with a real SSH server each, and the operator's machine, on one switch. Network, firewall, SSH, files, processes and
 * locks are the kernel's and Debian's; NixOS' and K3s' own programs are stand-ins (`programs/`), whose first lines say how
 * the real ones behave.
 */
import { randomUUID } from "node:crypto";
import { buildSync } from "esbuild";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Node } from "../../src/config/model";
import { unshareAsRoot } from "../namespaces/unshare";
import type { Ran } from "../namespaces/supervisor";
import { NetnsSandbox } from "../namespaces/netns-sandbox";
import { Disks, type Machine } from "./disk";
import { flannel, network } from "./network";
import { equipOperator, type OperatorKey } from "./operator";
import { Paths } from "./paths";

/** What machines need in order to be containers; see testbed/nspawn. */
interface Container {
  /** Folder of Debian. */
  readonly base: string;
  /** Shims for what Debian lacks. */
  readonly programs: string;
}

export interface TestbedSettings {
  /** Emitted files, such as `…/nix`. */
  readonly nix: string;
  /** Emitted files of another cluster, whose machines are on the same switch and no containers. @default - there is one cluster */
  readonly further?: string;
  /** Makes the machines containers with their own systemd. @default - the stand-ins for it */
  readonly container?: Container;
  /** By hostname. Others are members. */
  readonly machines?: Readonly<Record<string, Machine>>;
}

export class Testbed {
  private constructor(
    private readonly sandbox: NetnsSandbox,
    private readonly paths: Paths,
    public readonly nodes: readonly Node[],
    private readonly container: Container | undefined,
    private readonly disks: Disks,
  ) {}

  /** The operator's public key must be among the emitted ones. */
  public static async start(
    { nix, further, machines = {}, container }: TestbedSettings,
    key: OperatorKey,
    token: string,
  ): Promise<Testbed> {
    const [own, others] = [nodesIn(nix), further === undefined ? [] : nodesIn(further)];
    const nodes = [...own, ...others];
    const sandbox = await NetnsSandbox.start([], unshareAsRoot() ?? ["false"]);
    const paths = new Paths(
      sandbox.folder,
      others.map(({ hostname }) => hostname),
    );
    const disks = new Disks(sandbox, paths, key, token, container?.base);
    const testbed = new Testbed(sandbox, paths, nodes, container, disks);
    try {
      await sandbox.shell(
        ["mount -t proc proc /proc", ...network(nodes), ...flannel(own), ...flannel(others)].join("\n"),
      );
      await testbed.prepare();
      await equipOperator(paths, key);
      await Promise.all(
        nodes.map(async (node) => {
          const emitted = others.includes(node) ? further : nix;
          await disks.make(node, {
            nix: emitted ?? nix,
            ...(machines[node.hostname] ?? { state: "member" }),
          });
          await testbed.powerOn(node.hostname);
        }),
      );
      await testbed.settled(
        nodes.filter(({ hostname }) => (machines[hostname]?.state ?? "member") === "member"),
      );
      return testbed;
    } catch (error) {
      await testbed.stop();
      throw error;
    }
  }

  /** Runs a program of the operator's to its end. */
  public operator(
    argv: readonly string[],
    cwd: string,
    environment: Record<string, string> = {},
  ): Promise<Ran> {
    return this.sandbox.attempt([
      "sh",
      "-c",
      'cd "$1" && shift && exec "$@"',
      "sh",
      cwd,
      ...this.operatorCommand(argv, environment),
    ]);
  }

  /** Runs the compiled rollout program. */
  public rollout(
    words: readonly string[],
    cwd: string,
    environment: Record<string, string> = {},
  ): Promise<Ran> {
    return this.run(["rollout", ...words], cwd, environment);
  }

  /** Runs the program, as its operator does. */
  public run(words: readonly string[], cwd: string, environment: Record<string, string> = {}): Promise<Ran> {
    return this.operator([process.execPath, this.paths.program, ...words], cwd, environment);
  }

  /** As `rollout`, with an interruption of the program or a machine after an event. */
  public async interrupted(
    words: readonly string[],
    cwd: string,
    interruption: Interruption,
  ): Promise<Interrupted> {
    const { when, times = 1, after = 0, signal, drop } = interruption;
    const program = [process.execPath, this.paths.program, "rollout", ...words, "--json"];
    const command = drop === undefined ? undefined : this.dropCommand(drop);
    const order = JSON.stringify({ argv: program, when, times, after, signal, command });
    const { stdout } = await this.operator(
      [process.execPath, join(this.paths.programs, "watch"), order],
      cwd,
    );
    return JSON.parse(stdout) as Interrupted;
  }

  /** Kills the programs that the operator runs. */
  public killPrograms(): Promise<Ran> {
    return this.sandbox.attempt(["pkill", "-KILL", "-f", `^${process.execPath} ${this.paths.program} `]);
  }

  /** Ends the SSH sessions on a machine. */
  public dropSessions(hostname: string): Promise<Ran> {
    return this.sandbox.attempt(this.dropCommand(hostname));
  }

  /** Runs a script on a machine, as from its console. */
  public async on(hostname: string, script: string): Promise<string> {
    return (await this.attempt(hostname, script)).stdout;
  }

  public attempt(hostname: string, script: string): Promise<Ran> {
    return this.sandbox.attempt([...this.enter(hostname), "sh", "-e"], `. /etc/set-environment\n${script}\n`);
  }

  public async powerOn(hostname: string): Promise<void> {
    const start = 'setsid sh "$1" "$2" "$3" "$4" "$5" </dev/null >/dev/null 2>&1 &';
    await this.sandbox.run([
      "sh",
      "-c",
      start,
      "sh",
      join(this.paths.programs, this.container === undefined ? "machine.sh" : "container.sh"),
      this.paths.machine(hostname),
      hostname,
      process.execPath,
      this.container?.base ?? "",
    ]);
    await this.until(
      `${hostname} answers`,
      async () => (await this.attempt(hostname, "pgrep -x sshd >/dev/null")).status === 0,
    );
  }

  /** Immediately, like a reset. */
  public async powerOff(hostname: string): Promise<void> {
    await this.sandbox.shell(
      // Including its first process, which in a container survives.
      `pid=$(cat ${this.paths.machine(hostname)}/pid); kill -KILL $(pgrep -P $pid) $pid 2>/dev/null || true; sleep 0.3`,
    );
  }

  /** The loss of all machines, and new clones of the template for them, which have never run K3s. */
  public async loseAll(nix: string): Promise<void> {
    const { cluster } = this.paths;
    for (const { hostname } of this.nodes) await this.powerOff(hostname);
    for (const folder of CLUSTER_FOLDERS) {
      rmSync(join(cluster, folder), { recursive: true });
      mkdirSync(join(cluster, folder));
    }
    for (const file of ["id", "token", "revisions.json"]) rmSync(join(cluster, file), { force: true });
    writeFileSync(join(cluster, "uid"), randomUUID());
    await Promise.all(
      this.nodes.map(async (node) => {
        rmSync(this.paths.disk(node.hostname), { recursive: true });
        await this.disks.make(node, { nix, state: "template" });
        await this.powerOn(node.hostname);
      }),
    );
  }

  public isOn(hostname: string): boolean {
    return existsSync(join(this.paths.machine(hostname), "pid"));
  }

  /** Sets a fault that the stand-ins on a machine look for. */
  public setFault(hostname: string, fault: string, value = ""): void {
    writeFileSync(join(this.paths.disk(hostname), "faults", fault), value);
  }

  public clearFault(hostname: string, fault: string): void {
    rmSync(join(this.paths.disk(hostname), "faults", fault), { force: true });
  }

  /** Adds a pod for the stand-in for kubectl; it belongs to a ReplicaSet unless it is bare. */
  public addPod(
    name: string,
    node: string,
    more: { held?: boolean; emptyDir?: boolean; bare?: boolean; claim?: string } = {},
  ): void {
    const owner = { kind: "ReplicaSet", name: `${name}-7d4b9c`, controller: true };
    const volumes = [
      ...(more.emptyDir === true ? [{ emptyDir: {} }] : []),
      ...(more.claim === undefined ? [] : [{ persistentVolumeClaim: { claimName: more.claim } }]),
    ];
    const pod = {
      metadata: {
        name,
        namespace: "default",
        ownerReferences: more.bare === true ? [] : [owner],
        labels: { "pod-template-hash": "7d4b9c" },
      },
      spec: { nodeName: node, volumes },
      held: more.held ?? false,
    };
    writeFileSync(join(this.paths.cluster, "pods", `${name}.json`), JSON.stringify(pod));
  }

  /** Searches all processes for a text until a file appears. */
  public async sample(text: string, end: string): Promise<{ samples: number; found: string[] }> {
    // In the environment the text would be found in the parents of the sampler.
    const { stdout } = await this.sandbox.attempt(
      [
        "sh",
        "-c",
        'read -r text && exec "$0" "$1" "$text" "$2"',
        process.execPath,
        join(this.paths.programs, "sampler"),
        end,
      ],
      `${text}\n`,
    );
    return JSON.parse(stdout);
  }

  /** Adds a volume of K3s' local-path provisioner, with its claim in the namespace default; not its folder. */
  public addVolume(
    claim: string,
    node: string,
    source: object = { hostPath: { path: `/var/lib/rancher/k3s/storage/pvc-${claim}` } },
  ): void {
    const terms = [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] }];
    const volume = {
      metadata: { name: `pvc-${claim}` },
      spec: {
        claimRef: { namespace: "default", name: claim },
        ...source,
        nodeAffinity: { required: { nodeSelectorTerms: terms } },
      },
    };
    writeFileSync(join(this.paths.cluster, "volumes", `${claim}.json`), JSON.stringify(volume));
  }

  /** Adds the object that K3s keeps of a snapshot. @param node - `s3` for one in S3 */
  public addSnapshot(node: string, hoursAgo: number, failure?: string): void {
    const time = new Date(Date.now() - hoursAgo * 3_600_000).toISOString();
    const snapshot = {
      metadata: { name: `${node}-${hoursAgo}`, creationTimestamp: time },
      spec: {
        nodeName: node,
        snapshotName: "etcd-snapshot",
        ...(node === "s3" ? { s3: { bucket: "etcd" } } : {}),
      },
      status:
        failure === undefined
          ? { creationTime: time, readyToUse: true }
          : { error: { time, message: failure }, readyToUse: false },
    };
    writeFileSync(
      join(this.paths.cluster, "snapshots", `${node}-${hoursAgo}.json`),
      JSON.stringify(snapshot),
    );
  }

  /** A ConfigMap in the namespace default; without a text it is deleted. */
  public setConfigMap(name: string, text?: string): void {
    const path = join(this.paths.cluster, "configmaps", `${name}.json`);
    if (text === undefined) rmSync(path);
    else writeFileSync(path, text);
  }

  public configMaps(): string[] {
    return readdirSync(join(this.paths.cluster, "configmaps")).sort();
  }

  public removePod(name: string): void {
    rmSync(join(this.paths.cluster, "pods", `${name}.json`), { force: true });
  }

  public kubeNode(
    hostname: string,
  ): { spec: { unschedulable?: boolean }; metadata: { annotations: object } } | undefined {
    const path = join(this.paths.cluster, "nodes", `${hostname}.json`);
    return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  }

  public secrets(): string[] {
    return readdirSync(join(this.paths.cluster, "secrets")).sort();
  }

  /** The events of all machines of a cluster, in order. @param of - one of them. @default - of the first cluster */
  public events(of = ""): string[] {
    return readFileSync(join(this.paths.clusterOf(of), "events"), "utf8")
      .split("\n")
      .filter(Boolean);
  }

  public forgetEvents(): void {
    for (const cluster of this.clusters) writeFileSync(join(cluster, "events"), "");
  }

  /** The command-line program of the operator's machine, for Node. */
  public get program(): string {
    return this.paths.program;
  }

  /** Of the cluster's state, which all machines share. */
  public get clusterFolder(): string {
    return this.paths.cluster;
  }

  public get folder(): string {
    return this.sandbox.folder;
  }

  /** Waits until the condition holds. */
  public async until(what: string, condition: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (let asked = Date.now(); !(await condition()); asked = Date.now()) {
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
      // A condition that starts programs takes the machine's time from what it waits for.
      const pause = Math.max(50, Date.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  public async stop(): Promise<void> {
    if (this.container !== undefined) {
      await this.sandbox.attempt([
        "sh",
        "-c",
        `pkill -KILL systemd-nspawn; sleep 0.5; ${removeCgroups(this.sandbox.folder)}`,
      ]);
    }
    await this.sandbox.stop();
  }

  /** States of the clusters. */
  private get clusters(): ReadonlySet<string> {
    return new Set(this.nodes.map(({ hostname }) => this.paths.clusterOf(hostname)));
  }

  /** Command that runs what follows on the machine. */
  private enter(hostname: string): string[] {
    const init = 'init=$(pgrep -P "$(cat "$1/pid")" | head -n 1) && shift';
    const enter = `${init} && exec nsenter -t "$init" -m -u -n -p -r -w "$@"`;
    return ["sh", "-c", enter, "sh", this.paths.machine(hostname)];
  }

  private dropCommand(hostname: string): string[] {
    return [...this.enter(hostname), "sh", "-c", DROP];
  }

  private operatorCommand(argv: readonly string[], environment: Record<string, string>): string[] {
    const words = Object.entries({ HOME: this.paths.operator, ...environment }).map(
      ([key, value]) => `${key}=${value}`,
    );
    const path = `PATH=${join(this.paths.operator, "bin")}:${process.env.PATH}`;
    return [...NetnsSandbox.in("operator"), "env", path, ...words, ...argv];
  }

  /** Creates the stand-ins, and an empty cluster. */
  private async prepare(): Promise<void> {
    const { programs } = this.paths;
    cpSync(join(__dirname, "programs"), programs, { recursive: true });
    for (const program of [
      "k3s-process",
      "k3s-server",
      "cluster-snapshot",
      "kubectl-alone",
      "watch",
      "sampler",
      "slow-link",
    ]) {
      writeFileSync(join(programs, program), `#!/node\n${bundled(program)}`, { mode: 0o755 });
      rmSync(join(programs, `${program}.ts`));
    }
    if (this.container !== undefined) await this.prepareContainers(this.container);
    for (const cluster of this.clusters)
      for (const folder of CLUSTER_FOLDERS) mkdirSync(join(cluster, folder), { recursive: true });
    this.forgetEvents();
    const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    const files = `-keyout ${programs}/tls.key -out ${programs}/tls.crt`;
    // One certificate for all that K3s' authorities would be, and for its API. They are valid for ten years.
    const names = "-days 3650 -subj /CN=k3s-server-ca -addext subjectAltName=IP:127.0.0.1";
    await this.sandbox.shell(`openssl req -x509 ${names} ${key} ${files} 2>/dev/null`);
    // What K3s would issue, for a year.
    const issue = (number: number): string =>
      `openssl req -x509 -key issued.key -days 365 -subj /CN=issued-${number} -out issued-${number}.crt`;
    await this.sandbox.shell(
      [
        `cd ${programs}`,
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out issued.key 2>/dev/null",
        ...Array.from({ length: 6 }, (_, number) => issue(number)),
      ].join("\n"),
    );
  }

  /** Removes the stand-ins for systemd. Each container gets a cgroup in a hierarchy without the limits of this machine. */
  private async prepareContainers({ programs }: Container): Promise<void> {
    for (const name of SYSTEMD) rmSync(join(this.paths.programs, name));
    cpSync(programs, this.paths.programs, { recursive: true });
    await this.sandbox.shell(
      "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; " + removeCgroups(this.sandbox.folder),
    );
  }

  /** Waits until all members send heartbeats. */
  private async settled(members: readonly Node[]): Promise<void> {
    const leases = (): string[] =>
      [...this.clusters].flatMap((cluster) => readdirSync(join(cluster, "leases")));
    await this.until(
      "members have joined",
      () => members.every(({ hostname }) => leases().includes(hostname)),
      30,
    );
    this.forgetEvents();
  }
}

/** Of emitted files. */
const nodesIn = (nix: string): Node[] =>
  (JSON.parse(readFileSync(join(nix, "cluster.json"), "utf8")) as { nodes: Node[] }).nodes;

/** A stand-in in TypeScript, with what it imports, as one program. */
const bundled = (program: string): string =>
  buildSync({
    entryPoints: [join(__dirname, "programs", `${program}.ts`)],
    bundle: true,
    platform: "node",
    format: "cjs",
    write: false,
  }).outputFiles[0]?.text ?? "";

/** Of the cluster's state. */
const CLUSTER_FOLDERS = [
  ...["nodes", "leases", "pods", "secrets", "volumes", "snapshots", "configmaps"],
  ...["members", "admits", "encrypts"],
];

/** Stand-ins for systemd's programs. */
const SYSTEMD = ["systemctl", "systemd-run", "run-unit", "journalctl", "systemd-machine-id-setup"];

/**
 * Removes the cgroups of containers of the sandbox in that folder, and of sandboxes that were killed. Those of running
 * sandboxes stay, since they are empty while their machines reboot.
 */
const removeCgroups = (folder: string): string => `
for group in /sys/fs/cgroup/k3s-nspawn/*; do
  sandbox=$(basename "$group" | cut -d- -f1,2)
  if [ "$sandbox" = ${basename(folder)} ] || [ ! -e "${dirname(folder)}/$sandbox" ]; then
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
  fi
done`;

/**
 * After an event has come `times` times, 1 by default, and `after` seconds, 0 by default: a signal to the program, or the end
 * of a machine's SSH sessions.
 */
export interface Interruption {
  readonly when: { readonly host: string; readonly step: string; readonly outcome: "started" | "done" };
  readonly times?: number;
  readonly after?: number;
  readonly signal?: NodeJS.Signals;
  readonly drop?: string;
}

export interface Interrupted {
  readonly status: number | string;
  /** Whether the event came. */
  readonly acted: boolean;
  readonly said: string;
}

/** Ends all SSH sessions and leaves the server. */
const DROP = "pkill -KILL -f 'sshd: root' || true";
