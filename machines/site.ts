/**
 * Machines with a real SSH server each, and an operator's, on one switch. Network, firewall, SSH, files, processes and
 * locks are the kernel's and Debian's; NixOS' and K3s' own programs are stand-ins (`programs/`), whose first lines say how
 * the real ones behave.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { transformSync } from "@swc/core";
import type { Node } from "../cluster/model";
import { ownSystemAsRoot } from "../namespaces/own-system";
import type { Ran } from "../namespaces/supervisor";
import { World } from "../namespaces/world";
import { flannel, network } from "./network";

const REPOSITORY = join(__dirname, "..");
const PROGRAMS = join(__dirname, "programs");

/** UUID of the root filesystem of the template, and so of its clones, whatever `main.ts` says. */
const ROOT_UUID = "dd933e34-9e75-4a1c-8597-61e6d3b7af63";

/** What a machine is before anybody rolls out anything. */
export interface Machine {
  /** `member` has what was emitted, `template` is a clone of the template that nobody has touched. */
  readonly state: "member" | "template";
  /** Emitted files that a member has. @default - those of the site */
  readonly nix?: string;
  /** @default - those of each machine alone */
  readonly identity?: "that of the template";
  /** @default - switched on */
  readonly off?: boolean;
}

export interface SiteSettings {
  /** Emitted files, such as `…/nix`. */
  readonly nix: string;
  /** By hostname. Others are members. */
  readonly machines?: Readonly<Record<string, Machine>>;
}

export class Site {
  private constructor(
    private readonly world: World,
    public readonly nodes: readonly Node[],
  ) {}

  /** The operator's public key has to be among those that were emitted: see {@link Site.key}. */
  public static async start(
    { nix, machines = {} }: SiteSettings,
    key: OperatorKey,
    token: string,
  ): Promise<Site> {
    const { nodes } = JSON.parse(readFileSync(join(nix, "cluster.json"), "utf8")) as { nodes: Node[] };
    const world = await World.start([], ownSystemAsRoot() ?? ["false"]);
    const site = new Site(world, nodes);
    try {
      await world.shell(["mount -t proc proc /proc", ...network(nodes), ...flannel(nodes)].join("\n"));
      await site.prepare(key);
      await Promise.all(
        nodes.map(async (node) => {
          await site.make(node, { nix, ...(machines[node.hostname] ?? { state: "member" }) }, key, token);
          if (machines[node.hostname]?.off !== true) await site.powerOn(node.hostname);
        }),
      );
      await site.settled(
        nodes.filter(
          ({ hostname }) =>
            (machines[hostname]?.state ?? "member") === "member" && machines[hostname]?.off !== true,
        ),
      );
      return site;
    } catch (error) {
      await site.stop();
      throw error;
    }
  }

  /** Runs a program of the operator's to its end. */
  public operator(
    argv: readonly string[],
    cwd: string,
    environment: Record<string, string> = {},
  ): Promise<Ran> {
    return this.world.attempt([
      "sh",
      "-c",
      'cd "$1" && shift && exec "$@"',
      "sh",
      cwd,
      ...this.operatorCommand(argv, environment),
    ]);
  }

  /** The rollout program, compiled once for all. */
  public rollout(
    words: readonly string[],
    cwd: string,
    environment: Record<string, string> = {},
  ): Promise<Ran> {
    return this.operator(
      [process.execPath, join(this.folder, "app", "rollout", "main.js"), ...words],
      cwd,
      environment,
    );
  }

  /** As `rollout`; when an event comes, something is done to it or to a machine. */
  public async interrupted(
    words: readonly string[],
    cwd: string,
    interruption: Interruption,
  ): Promise<Interrupted> {
    const { when, after = 0, signal, drop } = interruption;
    const program = [process.execPath, join(this.folder, "app", "rollout", "main.js"), ...words, "--json"];
    const command = drop === undefined ? undefined : [...this.enter(drop), "sh", "-c", DROP];
    const order = JSON.stringify({ argv: program, when, after, signal, command });
    const { stdout } = await this.operator([process.execPath, join(this.programs, "watch"), order], cwd);
    return JSON.parse(stdout) as Interrupted;
  }

  /** Runs a script on a machine, as somebody at its console would. */
  public async on(hostname: string, script: string): Promise<string> {
    return (await this.attempt(hostname, script)).stdout;
  }

  public attempt(hostname: string, script: string): Promise<Ran> {
    return this.world.attempt([...this.enter(hostname), "sh", "-e"], `. /etc/set-environment\n${script}\n`);
  }

  public async powerOn(hostname: string): Promise<void> {
    const start = 'setsid sh "$1/machine.sh" "$2" "$3" "$4" </dev/null >/dev/null 2>&1 &';
    await this.world.run([
      "sh",
      "-c",
      start,
      "sh",
      this.programs,
      this.machine(hostname),
      hostname,
      process.execPath,
    ]);
    await this.until(
      `${hostname} answers`,
      async () => (await this.attempt(hostname, "pgrep -x sshd >/dev/null")).status === 0,
    );
  }

  /** At once, as by the host's reset. */
  public async powerOff(hostname: string): Promise<void> {
    await this.world.shell(`kill -KILL $(cat ${this.machine(hostname)}/pid) 2>/dev/null || true; sleep 0.1`);
  }

  public isOn(hostname: string): boolean {
    return existsSync(join(this.machine(hostname), "pid"));
  }

  /** Ends all SSH sessions of a machine; new ones come about. */
  public async dropSessions(hostname: string): Promise<void> {
    await this.attempt(hostname, DROP);
  }

  /** Sets a fault that the stand-ins on a machine look for. */
  public setFault(hostname: string, fault: string, value = ""): void {
    writeFileSync(join(this.machine(hostname), "root", "faults", fault), value);
  }

  public clearFault(hostname: string, fault: string): void {
    rmSync(join(this.machine(hostname), "root", "faults", fault), { force: true });
  }

  /** A pod, as the stand-in for kubectl knows it. */
  public addPod(name: string, node: string, more: { held?: boolean; emptyDir?: boolean } = {}): void {
    const pod = {
      metadata: { name, namespace: "default", ownerReferences: [{ kind: "ReplicaSet" }] },
      spec: { nodeName: node, volumes: more.emptyDir === true ? [{ emptyDir: {} }] : [] },
      held: more.held ?? false,
    };
    writeFileSync(join(this.cluster, "pods", `${name}.json`), JSON.stringify(pod));
  }

  /** Looks into all processes for a text until a file appears. */
  public async sample(text: string, end: string): Promise<{ samples: number; found: string[] }> {
    // By its environment the text would be found in the sampler's parents.
    const { stdout } = await this.world.attempt(
      [
        "sh",
        "-c",
        'read -r text && exec "$0" "$1" "$text" "$2"',
        process.execPath,
        join(this.programs, "sampler"),
        end,
      ],
      `${text}\n`,
    );
    return JSON.parse(stdout);
  }

  public removePod(name: string): void {
    rmSync(join(this.cluster, "pods", `${name}.json`), { force: true });
  }

  public kubeNode(
    hostname: string,
  ): { spec: { unschedulable?: boolean }; metadata: { annotations: object } } | undefined {
    const path = join(this.cluster, "nodes", `${hostname}.json`);
    return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  }

  public secrets(): string[] {
    return readdirSync(join(this.cluster, "secrets")).sort();
  }

  /** What happened on all machines, in order. */
  public events(): string[] {
    return readFileSync(join(this.cluster, "events"), "utf8").split("\n").filter(Boolean);
  }

  public forgetEvents(): void {
    writeFileSync(join(this.cluster, "events"), "");
  }

  public console(hostname: string): string {
    return readFileSync(join(this.machine(hostname), "console"), "utf8");
  }

  /** A file of a machine, from outside. */
  public path(hostname: string, ...segments: string[]): string {
    return join(this.machine(hostname), "root", ...segments);
  }

  public get folder(): string {
    return this.world.folder;
  }

  /** Waits for what has to come about within seconds. */
  public async until(what: string, condition: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
    for (const end = Date.now() + seconds * 1000; !(await condition());) {
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  public stop(): Promise<void> {
    return this.world.stop();
  }

  /** What follows runs on the machine. */
  private enter(hostname: string): string[] {
    const init = 'init=$(pgrep -P "$(cat "$1/pid")" | head -n 1) && shift';
    const enter = `${init} && exec nsenter -t "$init" -m -u -n -p -r -w "$@"`;
    return ["sh", "-c", enter, "sh", this.machine(hostname)];
  }

  private get programs(): string {
    return join(this.folder, "machines", "programs");
  }

  private get cluster(): string {
    return join(this.folder, "machines", "cluster");
  }

  private machine(hostname: string): string {
    return join(this.folder, "machines", hostname);
  }

  private operatorCommand(argv: readonly string[], environment: Record<string, string>): string[] {
    const words = Object.entries({ HOME: join(this.folder, "operator"), ...environment }).map(
      ([key, value]) => `${key}=${value}`,
    );
    const path = `PATH=${join(this.folder, "operator", "bin")}:${process.env.PATH}`;
    return [...World.in("operator"), "env", path, ...words, ...argv];
  }

  /** Programs, the cluster's state, and the operator. */
  private async prepare(key: OperatorKey): Promise<void> {
    cpSync(PROGRAMS, this.programs, { recursive: true });
    for (const program of ["k3s-process", "kubectl", "watch", "sampler"]) {
      const file = join(this.programs, `${program}.ts`);
      writeFileSync(join(this.programs, program), `#!/node\n${javaScript(file)}`, { mode: 0o755 });
      rmSync(file);
    }
    for (const folder of ["nodes", "leases", "pods", "secrets"])
      mkdirSync(join(this.cluster, folder), { recursive: true });
    writeFileSync(join(this.cluster, "events"), "");
    const tls = `-keyout ${this.programs}/tls.key -out ${this.programs}/tls.crt`;
    await this.world.shell(
      `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=k3s ${tls} 2>/dev/null`,
    );
    const bin = join(this.folder, "operator", "bin");
    mkdirSync(bin, { recursive: true });
    // OpenSSH finds its settings by the user's home in passwd, which is not this one.
    writeFileSync(
      join(bin, "ssh"),
      `#!/bin/sh\nexec /usr/bin/ssh -F /dev/null -o IdentitiesOnly=yes -i "\${OPERATOR_KEY:-${key.file}}" "$@"\n`,
      { mode: 0o755 },
    );
    // The check of freshness is a test of its own; here the project has no main.ts.
    writeFileSync(join(bin, "npm"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    for (const folder of ["rollout", "cluster", "files"]) compile(folder, join(this.folder, "app"));
    cpSync(join(REPOSITORY, "rollout", "remote"), join(this.folder, "app", "rollout", "remote"), {
      recursive: true,
    });
    symlinkSync(join(REPOSITORY, "node_modules"), join(this.folder, "app", "node_modules"));
  }

  /** The disk of a machine. */
  private async make(
    node: Node,
    machine: Machine & { nix: string },
    key: OperatorKey,
    token: string,
  ): Promise<void> {
    const folder = this.machine(node.hostname);
    const root = join(folder, "root");
    const folders = [
      "etc/ssh",
      "etc/nixos",
      "etc/rancher",
      "var/lib/nftables",
      "var/log",
      "var/empty",
      "root/.ssh",
      "tmp",
      "boot",
    ];
    const mounts = [
      "proc",
      "sys",
      "run",
      "dev",
      "programs",
      "cluster",
      "power",
      "faults",
      "nix/store",
      "nix/var/nix/profiles",
    ];
    for (const name of [...folders, ...mounts]) mkdirSync(join(root, name), { recursive: true });
    mkdirSync(join(folder, "power"), { recursive: true });
    const put = (path: string, text: string, mode = 0o644): void =>
      writeFileSync(join(root, path), text, { mode });
    put("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nsshd:x:102:65534::/run/sshd:/usr/sbin/nologin\n");
    put("etc/group", "root:x:0:\nnogroup:x:65534:\n");
    put("etc/protocols", "icmp 1\ntcp 6\nudp 17\nipv6-icmp 58\n"); // for nft
    put("etc/NIXOS", "");
    put("etc/machine-name", node.hostname);
    put("etc/root-uuid", ROOT_UUID);
    put(
      "etc/set-environment",
      [
        "export PATH=/run/current-system/sw/bin:/programs:/usr/sbin:/usr/bin:/sbin:/bin",
        "unset NODE_EXTRA_CA_CERTS",
        // What each step of a rollout takes, where a bench says so.
        'if [ -n "${SSH_CONNECTION:-}" ] && [ -e /faults/step-seconds ]; then sleep "$(cat /faults/step-seconds)"; fi',
        "",
      ].join("\n"),
    );
    const shared = machine.identity === "that of the template";
    const machineId = shared ? "f".repeat(32) : Buffer.from(node.hostname.padEnd(16, "-")).toString("hex");
    put("etc/machine-id", `${machineId}\n`);
    put("etc/ssh/sshd_config", SSHD);
    const keyFile = shared ? join(this.folder, "template_key") : join(root, "etc/ssh/ssh_host_ed25519_key");
    await this.world.shell(
      `[ -e ${keyFile} ] || flock ${this.folder} ssh-keygen -q -t ed25519 -N '' -C '' -f ${keyFile}` +
        (shared
          ? ` || true; cp ${keyFile} ${root}/etc/ssh/ssh_host_ed25519_key; cp ${keyFile}.pub ${root}/etc/ssh/ssh_host_ed25519_key.pub`
          : ""),
    );
    if (machine.state === "member") {
      cpSync(join(machine.nix, node.directory), join(root, "etc/nixos"), { recursive: true });
      mkdirSync(join(root, "var/lib/k3s-secrets"), { recursive: true });
      put("var/lib/k3s-secrets/token", `${token}\n`, 0o400);
    } else {
      put("etc/nixos/configuration.nix", templateConfiguration(key));
    }
    // As the installer left it: built, and the boot default.
    const install =
      'cd /tmp && PATH=/programs:$PATH && nixos-rebuild build --no-flake -I nixos-config=/etc/nixos/configuration.nix && nix-env -p /nix/var/nix/profiles/system --set "$(readlink -f result)" && ln -sfn "$(readlink -f result)" /boot/default';
    await this.world.run([
      "unshare",
      "-m",
      "sh",
      "-e",
      "-c",
      INSTALL,
      "sh",
      root,
      this.programs,
      this.cluster,
      install,
    ]);
    if (machine.state === "member") mkdirSync(join(root, "var/lib/rancher/k3s/agent"), { recursive: true });
    if (machine.state === "member" && node.role === "server")
      mkdirSync(join(root, "var/lib/rancher/k3s/server/db/etcd"), { recursive: true });
  }

  /** Until the members are heard of. */
  private async settled(members: readonly Node[]): Promise<void> {
    const leases = (): string[] => readdirSync(join(this.cluster, "leases"));
    await this.until(
      "members have joined",
      () => members.every(({ hostname }) => leases().includes(hostname)),
      30,
    );
    this.forgetEvents();
  }
}

/** When an event comes, after so many seconds: a signal for the program, or the end of a machine's SSH sessions. */
export interface Interruption {
  readonly when: { readonly host: string; readonly step: string; readonly outcome: "started" | "done" };
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

/** The operator's SSH key, made for one test. */
export interface OperatorKey {
  readonly file: string;
  readonly publicKey: string;
}

const SSHD = `
Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
MaxStartups 100:30:200
AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u .ssh/authorized_keys
`;

const templateConfiguration = ({ publicKey }: OperatorKey): string => `{
  networking.hostName = "nixos";
  services.openssh.enable = true;
  users.users.root.openssh.authorizedKeys.keys = [
    "${publicKey}"
  ];
}
`;

/** Enters a machine's disk before it was ever booted. */
const INSTALL = `
for folder in usr bin sbin lib lib64; do
  if [ -L "/$folder" ]; then ln -sfn "$(readlink "/$folder")" "$1/$folder"
  elif [ -d "/$folder" ]; then mkdir -p "$1/$folder" && mount --rbind "/$folder" "$1/$folder"; fi
done
mount --bind "$2" "$1/programs"
mount --bind "$3" "$1/cluster"
exec chroot "$1" /bin/sh -e -c "$4"
`;

function javaScript(file: string): string {
  const jsc = { target: "es2022", parser: { syntax: "typescript" } } as const;
  return transformSync(readFileSync(file, "utf8"), { jsc, module: { type: "commonjs" } }).code;
}

/** A folder of the repository as bare Node runs it: a compiler in each run would take longer than the rest. */
function compile(folder: string, out: string): void {
  for (const name of readdirSync(join(REPOSITORY, folder)).filter((file) => file.endsWith(".ts"))) {
    const target = join(out, folder, name.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, javaScript(join(REPOSITORY, folder, name)));
  }
}
