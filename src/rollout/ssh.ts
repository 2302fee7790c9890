import { shellWord } from "../base/escape";
import { converse, endGroup, record, type Captured, type Conversation, type Recorded } from "../base/process";
import { hasCode, UserError } from "../base/user-error";
import { Connection, type Answer } from "./connection";
import { pause } from "./deadline";
import type { HostKeys } from "./host-keys";
import type { Log } from "./log";
import { acceptedKey, isAuthenticated, lastWords, openingFailure, withoutOwnWork } from "./openssh";

/** How the client reaches a host. */
export interface Target {
  /** Its name in `~/.ssh/config`, known_hosts and the logs. */
  readonly hostname: string;
  /** @default - what `~/.ssh/config` and DNS know of its name */
  readonly address?: string;
}

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Fingerprint of the operator's key that the host accepted; empty if unknown. */
  readonly operatorKey: string;
}

export interface RunOptions {
  /** Time after which the client is stopped. */
  readonly timeoutSeconds: number;
  /** The whole output is secret, and is not logged. */
  readonly secret?: boolean;
  /** Use a new TCP connection, as evidence that one can be made: an existing one survives a firewall that admits no other. */
  readonly fresh?: boolean;
  /** Hears each line of standard output as it arrives. */
  readonly onLine?: (line: string) => void;
  /** It changes nothing, so it is retried once when the connection breaks. */
  readonly reads?: boolean;
}

/** Timeout of connecting. */
const CONNECT_SECONDS = 10;
/** How long a connection may be silent: a login that PAM delays is not dead. Shorter when the connection is evidence. */
const SILENT_SECONDS = 60;
const FRESH_SILENT_SECONDS = 15;
/** How long an idle connection is kept for the next call. */
const IDLE_SECONDS = 30;
/** An idle connection that was active within HEARD_SECONDS is used without a check; else the check may take ANSWER_SECONDS. */
const HEARD_SECONDS = 2;
const ANSWER_SECONDS = 5;

/** A shell that reads scripts. */
const SHELL = ["/bin/sh", "-s"];

/** Exit status of the client after a failure of its own (ssh(1)). */
const CLIENT_FAILED = 255;

interface IdleConnection {
  readonly connection: Connection;
  readonly address: string | undefined;
  readonly timer: NodeJS.Timeout;
}

/**
 * Runs scripts through the machine's own OpenSSH client. It reuses connections, unless a call asks for a new one. It does not use
 * `ControlMaster`, which would share a connection even then.
 */
export class Ssh {
  private stopped = false;
  private readonly open = new Set<Connection>();
  private readonly streams = new Set<Conversation | Recorded>();
  /** Idle connections by host, the newest last; as many as there were concurrent calls. */
  private readonly idle = new Map<string, IdleConnection[]>();

  public constructor(
    public readonly keys: HostKeys,
    private readonly log: Log,
  ) {}

  /**
   * Runs a shell script on the host as root. The script is sent over standard input, so that no argument list shows any of it.
   *
   * @throws UserError `unreachable` when no connection can be made, `connection lost` when it breaks
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

  /**
   * Starts a shell command on the host, over a connection of its own, whose pipes carry bytes. `end` has to hear of its end.
   *
   * @param command - arguments show it to everybody on both machines, so it contains no secret
   */
  public start(target: Target, command: string): Conversation {
    if (this.stopped) throw new UserError("cancelled", "stopped");
    const child = converse("ssh", this.words(target, [command], { level: "VERBOSE" }));
    this.streams.add(child);
    return child;
  }

  /** As `start`; the command's standard output goes into an open file. */
  public startInto(target: Target, command: string, descriptor: number): Recorded {
    if (this.stopped) throw new UserError("cancelled", "stopped");
    const child = record("ssh", this.words(target, [command], { level: "VERBOSE" }), descriptor);
    this.streams.add(child);
    return child;
  }

  /**
   * @returns what the command printed, without the client's own words
   * @throws UserError `unreachable` when no connection could be made, `connection lost` when it broke
   */
  public end(
    { hostname: host, address = host }: Target,
    child: Conversation | Recorded,
    captured: Captured,
  ): Captured {
    this.streams.delete(child);
    const { status, stdout, stderr } = captured;
    this.log.write(host, worthKeeping(captured));
    if (status !== CLIENT_FAILED) return { status, stdout, stderr: withoutOwnWork(stderr) };
    throw isAuthenticated(stderr)
      ? brokenConnection(host, address, lastWords(stderr))
      : this.openingError(host, address, stderr);
  }

  /** Closes all connections, and makes no new ones. */
  public stop(): void {
    this.stopped = true;
    for (const connection of this.open) connection.close();
    for (const child of this.streams) endGroup(child);
    for (const { timer } of [...this.idle.values()].flat()) clearTimeout(timer);
  }

  private async once(target: Target, script: string, options: RunOptions): Promise<CommandResult> {
    if (this.stopped) throw new UserError("cancelled", "stopped");
    const connection = await this.connection(target, options);
    const answer = await connection.run(script, options.timeoutSeconds, options.onLine);
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
    const kept = fresh === true ? undefined : await this.takeIdle(target);
    if (kept !== undefined) return kept;
    if (this.stopped) throw new UserError("cancelled", "stopped");
    const connection = new Connection("ssh", this.words(target, SHELL, { fresh }), (error) => {
      this.log.write(target.hostname, `ssh does not start: ${error.message}`);
    });
    this.open.add(connection);
    return connection;
  }

  /** Takes an idle connection. If the newest is dead, so are the older ones. */
  private async takeIdle({ hostname, address }: Target): Promise<Connection | undefined> {
    const kept = this.idle.get(hostname)?.pop();
    if (kept === undefined) return undefined;
    clearTimeout(kept.timer);
    if (kept.address === address && (await isAlive(kept.connection))) return kept.connection;
    this.drop(hostname, kept);
    this.dropAll(hostname);
    return undefined;
  }

  /** Keeps a connection for the next call. A new one replaces older ones, which may date from before a reboot. */
  private keep({ hostname, address }: Target, connection: Connection, { fresh }: RunOptions): void {
    if (fresh === true) this.dropAll(hostname);
    const kept: IdleConnection = {
      connection,
      address,
      timer: setTimeout(() => this.drop(hostname, kept), IDLE_SECONDS * 1000),
    };
    if (this.stopped) this.drop(hostname, kept);
    else this.idle.set(hostname, [...(this.idle.get(hostname) ?? []), kept]);
  }

  private dropAll(hostname: string): void {
    for (const kept of this.idle.get(hostname) ?? []) this.drop(hostname, kept);
  }

  private drop(hostname: string, { connection, timer }: IdleConnection): void {
    clearTimeout(timer);
    const others = (this.idle.get(hostname) ?? []).filter((kept) => kept.connection !== connection);
    this.idle.set(hostname, others);
    this.open.delete(connection);
    connection.close();
  }

  /** @param command - for the remote shell */
  private words(
    { hostname, address }: Target,
    command: readonly string[],
    { fresh = false, level = "DEBUG1" }: { readonly fresh?: boolean; readonly level?: string },
  ): string[] {
    const settings = {
      ...(address === undefined ? {} : { HostName: address }),
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
      // Only the debug output shows which of the operator's keys was accepted. It also shows a command, in all its lines.
      LogLevel: level,
    };
    const words = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    return ["-T", ...words, "--", hostname, ...command];
  }

  private errorOf(
    { hostname: host, address = host }: Target,
    connection: Connection,
    { ending, stderr }: Answer,
    { timeoutSeconds }: RunOptions,
  ): UserError {
    if (ending === "too much") {
      return new UserError("unreachable", "it sent more than 16 MiB in one answer, and was disconnected", {
        host,
        remedy: "look at it at its console",
      });
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
          `root@${address} can log in, but the session does not start: ${last || "closed by the host"}. ` +
            "Look at it at its console: systemctl status user@0.service systemd-logind",
          { host },
        );
      case "host key":
        return new UserError(
          "unreachable",
          `the host at ${address} has another SSH host key than the one pinned in ${this.keys.pinnedFile}. Either it is ` +
            `another machine, or it was reinstalled: then run ssh-keygen -R ${host} -f ${shellWord(this.keys.pinnedFile)}`,
          { host },
        );
      case "no key accepted":
        return new UserError("unreachable", `root@${address} accepts none of your SSH keys`, {
          host,
          remedy: "run ssh-add with the key that is in authorized_keys",
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

/** Whether its shell answers. The next script may change the host, so it must not be sent over a dead connection. */
async function isAlive(connection: Connection): Promise<boolean> {
  if (!connection.isOpen) return false;
  if (connection.silentSeconds < HEARD_SECONDS) return true;
  return (await connection.run(":", ANSWER_SECONDS)).ending === "complete";
}

/** Reported values that are not logged: progress, whole files, lists of store paths, hashes of tokens, and what kubectl prints. */
const NOISE =
  /^@(building|file|live|emitted|counters|output|stderr|deletions|path|missing|token|kept_token) /;

export const worthKeeping = ({ stdout, stderr }: Pick<Answer, "stdout" | "stderr">): string =>
  `${stdout}\n${stderr}`
    .split("\n")
    .filter((line) => line.trim() !== "" && !NOISE.test(line))
    .join("\n");
