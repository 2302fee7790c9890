import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Node } from "../../src/config/model";
import type { NetnsSandbox } from "../namespaces/netns-sandbox";
import type { OperatorKey } from "./operator";
import type { Paths } from "./paths";

/** The state of a machine before the first rollout. */
export interface Machine {
  /** `member` has what was emitted, `template` is an untouched clone of the template. */
  readonly state: "member" | "template";
  /** Emitted files that a member has. @default - those of the testbed */
  readonly nix?: string;
  /** Machine-id and SSH host keys. @default - its own */
  readonly identity?: "that of the template";
}

/** UUID of the root filesystem of the template, and so of its clones, whatever `main.ts` says. */
const ROOT_UUID = "dd933e34-9e75-4a1c-8597-61e6d3b7af63";

const FOLDERS = [
  ...[
    "etc/ssh",
    "etc/nixos",
    "etc/rancher",
    "var/lib/nftables",
    "var/log",
    "var/empty",
    "root/.ssh",
    "tmp",
    "boot",
  ],
  ...[
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
  ],
];

/** Makes disks of machines as an installer leaves them: with a built system as the boot default. */
export class Disks {
  public constructor(
    private readonly sandbox: NetnsSandbox,
    private readonly paths: Paths,
    private readonly key: OperatorKey,
    private readonly token: string,
    /** Folder of Debian, when the machines are containers. */
    private readonly debian?: string,
  ) {}

  public async make(node: Node, settings: Machine & { readonly nix: string }): Promise<void> {
    const { hostname } = node;
    const root = this.paths.disk(hostname);
    for (const name of FOLDERS) mkdirSync(join(root, name), { recursive: true });
    const machine = this.paths.machine(hostname);
    mkdirSync(join(machine, "power"), { recursive: true });
    rmSync(join(machine, "cluster"), { force: true });
    symlinkSync(this.paths.clusterOf(hostname), join(machine, "cluster"));
    for (const [path, text] of Object.entries(this.texts)) this.put(hostname, path, text);
    this.put(hostname, "etc/machine-name", hostname);
    await this.giveIdentity(hostname, settings);
    if (settings.state === "member") this.makeMember(node, settings.nix);
    else this.put(hostname, "etc/nixos/configuration.nix", templateConfiguration(this.key));
    await this.sandbox.run([
      "unshare",
      "-m",
      "sh",
      "-e",
      join(this.paths.programs, "install.sh"),
      root,
      this.paths.programs,
      this.paths.clusterOf(hostname),
      this.debian ?? "",
    ]);
  }

  /** A container has its own users and PAM. */
  private get texts(): Readonly<Record<string, string>> {
    if (this.debian === undefined) return { ...ALONE, ...TEXTS };
    const sshd = TEXTS["etc/ssh/sshd_config"]
      .replace("UsePAM no", "UsePAM yes")
      .replace(/^MaxStartups.*\n/m, "");
    return { ...TEXTS, "etc/ssh/sshd_config": sshd };
  }

  private put(hostname: string, path: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.paths.disk(hostname), path), text, { mode });
  }

  /** A clone of a template that was not cleaned shares its machine-id and SSH host keys with all others. */
  private async giveIdentity(hostname: string, { identity }: Machine): Promise<void> {
    const own = join(this.paths.disk(hostname), "etc/ssh/ssh_host_ed25519_key");
    const make = (file: string): string => `ssh-keygen -q -t ed25519 -N '' -C '' -f ${file}`;
    if (identity === undefined) {
      this.put(hostname, "etc/machine-id", `${Buffer.from(hostname.padEnd(16, "-")).toString("hex")}\n`);
      await this.sandbox.shell(make(own));
    } else {
      const shared = join(this.paths.folder, "template_key");
      this.put(hostname, "etc/machine-id", `${"f".repeat(32)}\n`);
      await this.sandbox.shell(
        `flock ${this.paths.folder} sh -c "[ -e ${shared}.pub ] || ${make(shared)}"; cp ${shared} ${own}; cp ${shared}.pub ${own}.pub`,
      );
    }
  }

  private makeMember({ hostname, directory, role }: Node, nix: string): void {
    const root = this.paths.disk(hostname);
    cpSync(join(nix, directory), join(root, "etc/nixos"), { recursive: true });
    for (const name of ["var/lib/k3s-secrets", "var/lib/rancher/k3s/agent"])
      mkdirSync(join(root, name), { recursive: true });
    if (role === "server") mkdirSync(join(root, "var/lib/rancher/k3s/server/db/etcd"), { recursive: true });
    this.put(hostname, "var/lib/k3s-secrets/token", `${this.token}\n`, 0o400);
  }
}

/** Files of a machine that is not a container. */
const ALONE = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nsshd:x:102:65534::/run/sshd:/usr/sbin/nologin\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
};

const TEXTS = {
  "etc/protocols": "icmp 1\ntcp 6\nudp 17\nipv6-icmp 58\n", // for nft
  "etc/NIXOS": "",
  "etc/root-uuid": ROOT_UUID,
  "etc/set-environment": `export PATH=/run/current-system/sw/bin:/programs:/usr/sbin:/usr/bin:/sbin:/bin
unset NODE_EXTRA_CA_CERTS
# How long each step of a rollout takes at least, set by the bench; not each of the programs that it runs.
if [ -n "\${SSH_CONNECTION:-}" ] && [ -z "\${STEP:-}" ] && [ -e /faults/step-seconds ]; then
  read -r STEP _ </proc/uptime
  export STEP="\${STEP%.*}\${STEP#*.}"
  trap finish-step EXIT
fi
`,
  // Debian's OpenSSH would agree on sntrup761, which takes the operator 0.1 s of CPU for each connection, and newer ones on ML-KEM,
  // which takes a tenth of that.
  "etc/ssh/sshd_config": `Port 22
KexAlgorithms curve25519-sha256
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
MaxStartups 100:30:200
AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u .ssh/authorized_keys
`,
};

const templateConfiguration = ({ publicKey }: OperatorKey): string => `{
  networking.hostName = "nixos";
  services.openssh.enable = true;
  users.users.root.openssh.authorizedKeys.keys = [
    "${publicKey}"
  ];
}
`;
