import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { shellWord } from "../base/escape";
import { parseJson } from "../base/json";
import { endGroup } from "../base/process";
import { messageOf, UserError } from "../base/user-error";
import type { Contact } from "./first-contact";
import { lastWords } from "./openssh";
import type { CommandResult, RunOptions, Ssh, Target } from "./ssh";
import { ended } from "./stream";

const SECONDS = 60;

/** How long a disk may take to be imported. */
const LONG_SECONDS = 4 * 3600;

type How = Pick<RunOptions, "reads" | "secret">;

/** A PVE node, as root over SSH. */
export class PveNode implements Contact {
  private readonly target: Target;

  public constructor(
    public readonly ssh: Ssh,
    public readonly name: string,
    /** @default - what `~/.ssh/config` and DNS know of its name */
    address?: string,
  ) {
    this.target = { hostname: name, address };
  }

  public get ownAddress(): string {
    return this.target.address ?? this.name;
  }

  public readonly unpinnedKeys = (): string[] => this.ssh.keys.unpinned(this.name);
  public readonly provenKeys = (): string[] => [...this.ssh.keys.pinned(this.name), ...this.unpinnedKeys()];
  public readonly pin = (keys: readonly string[]): void => this.ssh.keys.pin(this.name, keys);

  /**
   * Asks Proxmox VE's API, which needs no token here.
   *
   * @param parts - segments of the path
   */
  public async get(
    parts: readonly string[],
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const options = Object.entries({ ...parameters, "output-format": "json" });
    const words = [`/${parts.join("/")}`, ...options.flatMap(([name, value]) => [`--${name}`, value])];
    // Logs have no business with other guests.
    const how = { reads: true, secret: true };
    const answer = await this.succeed(`pvesh get ${words.map(shellWord).join(" ")}`, how);
    const json = parseJson(answer);
    if (json === undefined) throw new UserError("failed", "pvesh prints no JSON", { host: this.name });
    return json;
  }

  /** @returns what the script prints. @throws UserError `failed` with the last that it says when it fails */
  public async succeed(script: string, how: How = {}): Promise<string> {
    const { status, stdout, stderr } = await this.run(script, how);
    if (status === 0) return stdout;
    const last = stderr.trim().split("\n").slice(-3).join(" ").trim();
    throw new UserError("failed", last === "" ? `exited with ${status}` : last, { host: this.name });
  }

  public run(script: string, how: How = {}): Promise<CommandResult> {
    const timeoutSeconds = how.reads === true ? SECONDS : LONG_SECONDS;
    return this.ssh.run(this.target, `export LC_ALL=C\n${script}`, { timeoutSeconds, ...how });
  }

  /**
   * Sends bytes to the standard input of a command, over a connection of its own.
   *
   * @param stop - ends it at once. What has arrived until then stays with the command
   * @throws UserError `failed` when the command fails, `connection lost`, `interrupted`
   */
  public async send(command: string, bytes: Readable, stop: AbortSignal): Promise<void> {
    const child = this.ssh.start(this.target, command);
    const kill = (): void => endGroup(child);
    stop.addEventListener("abort", kill);
    if (stop.aborted) kill();
    const sent = pipeline(bytes, child.stdin).then(
      () => undefined,
      (error: unknown) => error,
    );
    const captured = await ended(child, ["stdout", "stderr"]);
    const obstacle = await sent;
    stop.removeEventListener("abort", kill);
    const host = this.name;
    if (stop.aborted) throw new UserError("interrupted", "stopped while the image was sent", { host });
    const { status, stderr } = this.ssh.end(this.target, child, captured);
    if (status !== 0) throw new UserError("failed", lastWords(stderr) || `exited with ${status}`, { host });
    if (obstacle !== undefined) throw new UserError("failed", messageOf(obstacle), { host, cause: obstacle });
  }
}
