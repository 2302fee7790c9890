import { shellWord } from "../base/escape";
import { hasCode, UserError } from "../base/user-error";
import { Connection, type Answer } from "./connection";
import { pause } from "./deadline";
import type { HostKeys } from "./host-keys";
import type { Log } from "./log";
import { acceptedKey, lastWords, openingFailure } from "./openssh";

/** A host as the client reaches it. */
export interface Target {
  /** By which `~/.ssh/config`, known_hosts and the logs know it. */
  readonly hostname: string;
  readonly address: string;
}

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Fingerprint of the operator's key that the host accepted; empty where the client told none. */
  readonly operatorKey: string;
}

export interface RunOptions {
  /** After which the client is stopped. */
  readonly timeoutSeconds: number;
  /** What the host prints is a secret as a whole, and gets into no log. */
  readonly secret?: boolean;
  /**
   * Over a new TCP connection, whose coming about is part of what is to be known of the host: one that is there would
   * outlive a firewall that admits no other.
   */
  readonly fresh?: boolean;
  /** It changes nothing, and is asked once more when the connection breaks. */
  readonly reads?: boolean;
}

/** How long a host may take to answer. */
const CONNECT_SECONDS = 10;
/** How long it may be silent: a login that PAM holds up is not dead. Where the connection is evidence, less. */
const SILENT_SECONDS = 60;
const FRESH_SILENT_SECONDS = 15;
/** How long a connection is kept for the next call. */
const IDLE_SECONDS = 30;
/** One that was heard of within so many seconds is used without a question, and how long its answer may take. */
const HEARD_SECONDS = 2;
const ANSWER_SECONDS = 5;

interface Kept {
  readonly connection: Connection;
  readonly address: string;
  readonly timer: NodeJS.Timeout;
}

/**
 * The machine's own OpenSSH client. A connection is kept for the next call to its host, unless that asks for a new one.
 * No `ControlMaster`: it would share one where a new one is asked for.
 */
export class Ssh {
  private stopped = false;
  private readonly open = new Set<Connection>();
  /** Of each host those that have nothing to do, the newest last; as many as calls were made at the same time. */
  private readonly kept = new Map<string, Kept[]>();

  public constructor(
    public readonly keys: HostKeys,
    private readonly log: Log,
  ) {}

  /**
   * Runs a shell script on the host as root. The script goes over standard input, so that nothing of it is in an
   * argument list.
   *
   * @throws UserError `unreachable` when there is no connection, `connection lost` when there is none any more
   */
  public async run(target: Target, script: string, options: RunOptions): Promise<CommandResult> {
    try {
      return await this.once(target, script, options);
    } catch (error) {
      if (options.reads !== true || !hasCode(error, "connection lost")) throw error;
      await pause(1);
      return this.once(target, script, { ...options, fresh: true });
    }
  }

  /** Ends all connections; no new one is made. */
  public stop(): void {
    this.stopped = true;
    for (const connection of this.open) connection.close();
    for (const { timer } of [...this.kept.values()].flat()) clearTimeout(timer);
  }

  private async once(target: Target, script: string, options: RunOptions): Promise<CommandResult> {
    if (this.stopped) throw new UserError("cancelled", "stopped");
    const connection = await this.connection(target, options);
    const answer = await connection.run(script, options.timeoutSeconds);
    if (options.secret !== true && answer.ending !== "too much") {
      this.log.write(target.hostname, worthKeeping(answer));
    }
    if (answer.ending === "complete") this.keep(target, connection, options);
    else {
      this.open.delete(connection);
      connection.close();
      throw this.errorOf(target, connection, answer, options);
    }
    const { status, stdout, stderr } = answer;
    return { status, stdout, stderr, operatorKey: acceptedKey(connection.opening) };
  }

  private async connection(target: Target, { fresh }: RunOptions): Promise<Connection> {
    const kept = fresh === true ? undefined : await this.keptOf(target);
    if (kept !== undefined) return kept;
    if (this.stopped) throw new UserError("cancelled", "stopped");
    const connection = new Connection(this.words(target, fresh === true), (error) => {
      this.log.write(target.hostname, `ssh does not start: ${error.message}`);
    });
    this.open.add(connection);
    return connection;
  }

  /** One that has nothing to do. Where the newest is dead, so are the older ones. */
  private async keptOf({ hostname, address }: Target): Promise<Connection | undefined> {
    const kept = this.kept.get(hostname)?.pop();
    if (kept === undefined) return undefined;
    clearTimeout(kept.timer);
    if (kept.address === address && (await isAlive(kept.connection))) return kept.connection;
    this.drop(hostname, kept);
    this.dropAll(hostname);
    return undefined;
  }

  /** A new one in the place of older ones, which may be of a time before a reboot. */
  private keep({ hostname, address }: Target, connection: Connection, { fresh }: RunOptions): void {
    if (fresh === true) this.dropAll(hostname);
    const kept: Kept = {
      connection,
      address,
      timer: setTimeout(() => this.drop(hostname, kept), IDLE_SECONDS * 1000),
    };
    if (this.stopped) this.drop(hostname, kept);
    else this.kept.set(hostname, [...(this.kept.get(hostname) ?? []), kept]);
  }

  private dropAll(hostname: string): void {
    for (const kept of this.kept.get(hostname) ?? []) this.drop(hostname, kept);
  }

  private drop(hostname: string, { connection, timer }: Kept): void {
    clearTimeout(timer);
    const others = (this.kept.get(hostname) ?? []).filter((kept) => kept.connection !== connection);
    this.kept.set(hostname, others);
    this.open.delete(connection);
    connection.close();
  }

  private words({ hostname, address }: Target, fresh: boolean): string[] {
    const settings = {
      HostName: address,
      HostKeyAlias: hostname,
      User: "root",
      BatchMode: "yes",
      ConnectTimeout: `${CONNECT_SECONDS}`,
      ServerAliveInterval: "5",
      ServerAliveCountMax: `${(fresh ? FRESH_SILENT_SECONDS : SILENT_SECONDS) / 5}`,
      ControlMaster: "no",
      ControlPath: "none",
      UserKnownHostsFile: this.keys.files.map((file) => `"${file}"`).join(" "),
      GlobalKnownHostsFile: "/dev/null",
      StrictHostKeyChecking: "accept-new",
      HashKnownHosts: "no",
      CheckHostIP: "no",
      UpdateHostKeys: "no",
      ForwardAgent: "no",
      ForwardX11: "no",
      Tunnel: "no",
      GSSAPIDelegateCredentials: "no",
      ClearAllForwardings: "yes",
      // The only place that says which of the operator's keys was accepted.
      LogLevel: "DEBUG1",
    };
    const words = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    return ["-T", ...words, "--", hostname, "/bin/sh", "-s"];
  }

  private errorOf(
    { hostname: host, address }: Target,
    connection: Connection,
    { ending, stderr }: Answer,
    { timeoutSeconds }: RunOptions,
  ): UserError {
    if (ending === "too much") {
      return new UserError(
        "unreachable",
        "it sent more than 16 MiB in answer to one question, and is not listened to any more",
        { host, remedy: "look at it at its console" },
      );
    }
    const late = ending === "late" ? `no answer within ${timeoutSeconds} s` : undefined;
    if (!connection.isReady) return this.openingError(host, address, connection.opening, late);
    if (late !== undefined) return noConnection(host, address, late);
    return brokenConnection(host, address, lastWords(stderr));
  }

  private openingError(host: string, address: string, opening: string, late?: string): UserError {
    const last = late ?? lastWords(opening);
    switch (openingFailure(opening)) {
      case "no session":
        return new UserError(
          "unreachable",
          `root@${address} is logged in, but its session does not start: ${last || "closed by the host"}. ` +
            "Look at it at its console: systemctl status user@0.service systemd-logind",
          { host },
        );
      case "host key":
        return new UserError(
          "unreachable",
          `the host at ${address} has another SSH host key than the one pinned in ${this.keys.pinnedFile}. Either it is ` +
            `another machine, or it was installed anew: then run ssh-keygen -R ${host} -f ${shellWord(this.keys.pinnedFile)}`,
          { host },
        );
      case "no key accepted":
        return new UserError("unreachable", `root@${address} accepts none of your SSH keys`, {
          host,
          remedy: "ssh-add the one that is in authorized_keys",
        });
      case "no way":
        return noConnection(host, address, last);
      case "other":
        return late === undefined ? brokenConnection(host, address, last) : noConnection(host, address, late);
    }
  }
}

const noConnection = (host: string, address: string, why: string): UserError =>
  new UserError("unreachable", `no SSH connection to ${address}: ${why}`, { host });

const brokenConnection = (host: string, address: string, why: string): UserError =>
  new UserError("connection lost", `the SSH connection to ${address} broke: ${why || "closed by the host"}`, {
    host,
  });

/** Whether its shell answers. What is asked of it later changes hosts, and nobody asks that into the void. */
async function isAlive(connection: Connection): Promise<boolean> {
  if (!connection.isOpen) return false;
  if (connection.silentSeconds < HEARD_SECONDS) return true;
  return (await connection.run(":", ANSWER_SECONDS)).ending === "complete";
}

/** Whole files, and what tells of a token. */
const NOISE = /^@(file|live|emitted|counters|output|deletions|token|kept_token) /;

const worthKeeping = ({ stdout, stderr }: Answer): string =>
  `${stdout}\n${stderr}`
    .split("\n")
    .filter((line) => line.trim() !== "" && !NOISE.test(line))
    .join("\n");
