/**
 * A PVE node behind a real SSH server of this machine: real are sshd, its shell and what it finds in Debian's PATH, and /var/tmp
 * is a folder of its own. root's own start-up files are not read. Stand-ins are the programs of this folder: qm, pvesh, and uname for the node's name. Needs root.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import fs from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

const PROGRAMS = ["qm", "pvesh", "uname"];

/** sshd starts only where it has its folder, and it must be the only one there. */
const START = `mount -t tmpfs none /run && mkdir /run/sshd && mount --bind "$1/var-tmp" /var/tmp && exec /usr/sbin/sshd -D -e -f "$1/sshd_config"`;

export class PveMachine {
  private sshd: ChildProcess | undefined;

  /** @param folder - an empty one */
  public constructor(private readonly folder: string) {
    for (const name of ["guests", "volumes", "var-tmp", "bin", "client"]) fs.mkdirSync(this.path(name));
    for (const name of PROGRAMS) this.program(name, fs.readFileSync(join(__dirname, name), "utf8"));
    this.put("name", "pve.example.org\n");
    this.put(
      "storage.json",
      JSON.stringify([
        { storage: "Cesspool-VM", content: "rootdir,images", active: 1 },
        { storage: "local", content: "iso,vztmpl", active: 1 },
      ]),
    );
    this.put("network.json", JSON.stringify([{ iface: "vmbr0", type: "bridge" }]));
    for (const key of ["host_key", "client_key"])
      spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.path(key)]);
    this.put("authorized_keys", fs.readFileSync(this.path("client_key.pub"), "utf8"));
  }

  /** PATH of the operator, whose ssh has a key that the node accepts, and finds its port. */
  public get clientPath(): string {
    return `${this.path("client")}:${process.env.PATH}`;
  }

  public path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  public put(name: string, text: string): void {
    fs.writeFileSync(this.path(name), text);
  }

  public text(name: string): string {
    return fs.existsSync(this.path(name)) ? fs.readFileSync(this.path(name), "utf8") : "";
  }

  public names(folder: string): string[] {
    return fs.readdirSync(this.path(folder)).sort();
  }

  /** Calls of qm that change something. */
  public get changes(): string[] {
    const calls = this.text("calls").split("\n").filter(Boolean);
    return calls.filter((call) => !call.startsWith("qm status "));
  }

  /** Puts a program before Debian's on the node. */
  public program(name: string, text: string): void {
    fs.writeFileSync(this.path("bin", name), text, { mode: 0o755 });
  }

  public async start(): Promise<void> {
    const port = await freePort();
    this.put(
      "sshd_config",
      `Port ${port}
ListenAddress 127.0.0.1
HostKey ${this.path("host_key")}
PidFile none
PermitRootLogin prohibit-password
AuthorizedKeysFile ${this.path("authorized_keys")}
StrictModes no
UsePAM no
# As in testbed/machines/disk.ts: OpenSSH's own choice takes 0.1 s of CPU for each connection.
KexAlgorithms curve25519-sha256
SetEnv PATH=${this.path("bin")}:/usr/sbin:/usr/bin:/sbin:/bin PVE=${this.folder} HOME=${this.folder}
`,
    );
    const words = `-F /dev/null -o Port=${port} -o IdentitiesOnly=yes -i ${this.path("client_key")}`;
    fs.writeFileSync(this.path("client", "ssh"), `#!/bin/sh\nexec /usr/bin/ssh ${words} "$@"\n`, {
      mode: 0o755,
    });
    const sshd = spawn("unshare", ["-m", "--kill-child", "sh", "-c", START, "sh", this.folder], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.sshd = sshd;
    await new Promise<void>((resolve, reject) => {
      let said = "";
      sshd.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes("Server listening")) resolve();
      });
      sshd.once("exit", () => reject(new Error(`sshd ended: ${said}`)));
    });
  }

  public stop(): void {
    this.sshd?.kill("SIGKILL");
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
