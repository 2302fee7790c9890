import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Log } from "./log";
import { ConnectionTrouble, Trouble } from "./trouble";

/** A host as the client reaches it. */
export interface Target {
  /** By which `~/.ssh/config`, known_hosts and the logs know it. */
  readonly hostname: string;
  readonly address: string;
}

export interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** After which the client is stopped. */
  readonly timeoutSeconds: number;
  /** What the host prints is a secret as a whole, and gets into no log. */
  readonly secret?: boolean;
  /** Have the client say how it authenticated, on standard error. */
  readonly verbose?: boolean;
}

/** How long a host may take to answer, and to go silent. */
const CONNECT_SECONDS = 10;
const SILENT_SECONDS = 15;

/**
 * The machine's own OpenSSH client. Every call is a TCP connection of its own: that one comes about is part of what is
 * to be known of a host, and a shared one would outlive a firewall that admits no other.
 */
export class Ssh {
  private stopped = false;
  private readonly running = new Set<() => void>();

  public constructor(
    /** Host keys, pinned at first contact. */
    private readonly knownHosts: string,
    private readonly log: Log,
  ) {}

  /**
   * Runs a shell script on the host as root. The script goes over standard input, so that nothing of it is in an
   * argument list.
   *
   * @throws ConnectionTrouble when there is no connection, or none any more
   */
  public async run(target: Target, script: string, options: RunOptions): Promise<Output> {
    if (this.stopped) throw new Trouble("stopped");
    const output = await this.client(target, script, options);
    if (options.secret !== true) this.log.write(target.hostname, worthKeeping(output));
    // 255 is the client's own; none of our scripts ends with it.
    if (output.status === 255)
      throw new ConnectionTrouble(`${target.hostname}: ${whyNot(output.stderr, target, this.knownHosts)}`);
    return output;
  }

  /** Ends all connections; no new one is made. */
  public stop(): void {
    this.stopped = true;
    for (const kill of this.running) kill();
  }

  /** Public keys, as `type base64`, that are pinned for the host. */
  public pinned(hostname: string): string[] {
    return this.pins().flatMap((line) =>
      line.startsWith(`${hostname} `) ? [line.slice(hostname.length + 1)] : [],
    );
  }

  /** Puts these keys in the place of what was pinned for the host. */
  public pin(hostname: string, keys: readonly string[]): void {
    const others = this.pins().filter((line) => !line.startsWith(`${hostname} `));
    const lines = [...others, ...keys.map((key) => `${hostname} ${key}`)];
    writeFileSync(this.knownHosts, lines.map((line) => `${line}\n`).join(""));
  }

  private pins(): string[] {
    if (!existsSync(this.knownHosts)) return [];
    return readFileSync(this.knownHosts, "utf8")
      .split(/\r?\n/)
      .filter((line) => line.trim() !== "");
  }

  private client({ hostname, address }: Target, script: string, options: RunOptions): Promise<Output> {
    const settings = {
      HostName: address,
      HostKeyAlias: hostname,
      User: "root",
      BatchMode: "yes",
      ConnectTimeout: `${CONNECT_SECONDS}`,
      ServerAliveInterval: "5",
      ServerAliveCountMax: `${SILENT_SECONDS / 5}`,
      ControlMaster: "no",
      ControlPath: "none",
      UserKnownHostsFile: this.knownHosts,
      GlobalKnownHostsFile: "/dev/null",
      StrictHostKeyChecking: "accept-new",
      HashKnownHosts: "no",
      CheckHostIP: "no",
      UpdateHostKeys: "no",
      ForwardAgent: "no",
      ClearAllForwardings: "yes",
      LogLevel: options.verbose === true ? "DEBUG1" : "ERROR",
    };
    const words = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const child = spawn("ssh", ["-T", ...words, hostname, "/bin/sh", "-s"], {
      stdio: "pipe",
      detached: true, // a Ctrl-C at the terminal is for us: what has begun is finished
    });
    // With what it started: a proxy of a jump host would hold its output open.
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended in this moment.
      }
    };
    this.running.add(kill);
    const timer = setTimeout(kill, options.timeoutSeconds * 1000);
    return new Promise((resolve, reject) => {
      const output = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (chunk) => (output.stdout += chunk));
      child.stderr.setEncoding("utf8").on("data", (chunk) => (output.stderr += chunk));
      child.stdin.on("error", () => undefined); // said by the client's end
      child.stdin.end(script);
      const end = (): void => {
        clearTimeout(timer);
        this.running.delete(kill);
      };
      child.on("error", (error) => {
        end();
        reject(new Trouble(`ssh does not start: ${error.message}. Install an OpenSSH client`));
      });
      child.on("close", (status, signal) => {
        end();
        const timedOut = signal === "SIGKILL" ? `no answer within ${options.timeoutSeconds} s` : "";
        resolve({ ...output, status: status ?? 255, stderr: output.stderr + timedOut });
      });
    });
  }
}

const NOISE =
  /^(debug1:|Authenticated to |Transferred: |Bytes per second: |@(file|live|emitted|counters|output|deletions) )/;

/** Without what the client says of its own work, and without whole files. */
const worthKeeping = ({ stdout, stderr }: Output): string =>
  `${stdout}\n${stderr}`
    .split("\n")
    .filter((line) => line.trim() !== "" && !NOISE.test(line))
    .join("\n");

/** What the client's last words mean, and what to do. */
function whyNot(stderr: string, { hostname, address }: Target, knownHosts: string): string {
  const last = stderr
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("debug1:"))
    .slice(-3)
    .join(" ");
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/.test(stderr)) {
    return (
      `the host at ${address} has another SSH host key than the one pinned in ${knownHosts}. Either it is another ` +
      `machine, or it was installed anew: then run ssh-keygen -R ${hostname} -f ${knownHosts}`
    );
  }
  if (/Permission denied/.test(stderr)) {
    return `root@${address} accepts none of your SSH keys: ssh-add the one that is in authorized_keys`;
  }
  if (/timed out|No route to host|Connection refused|no answer within|Network is unreachable/.test(stderr)) {
    return `no SSH connection to ${address}: ${last || "timed out"}`;
  }
  return `the SSH connection to ${address} broke: ${last || "closed by the host"}`;
}
