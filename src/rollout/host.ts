import type { Captured, Conversation, Recorded } from "../base/process";
import type { Node } from "../config/model";
import { hostFolder, type Description } from "./description";
import type { Log } from "./log";
import type { Machine } from "./machine";
import { pipedCommand, remoteScript, type Variables } from "../render/remote-script";
import { reportOf, type Report } from "./script";
import type { CommandResult, RunOptions, Ssh, Target } from "./ssh";

/** Programs that only read. */
const READING: ReadonlySet<string> = new Set([
  "alive",
  "certificates",
  "clock",
  "diagnose",
  "drill-results",
  "encryption-status",
  "facts",
  "hardware",
  "inspect",
  "kept-token",
  "kubeconfig",
  "measure-volume",
  "reach",
  "recovery",
  "try-tokens",
  "upgrade-facts",
]);

/** A host of the cluster, and the SSH connection to it. */
export class Host implements Machine {
  public readonly builds = "/var/lib/k3s-rollout/builds";
  /** Path relative to its directory, to text; files shared with other hosts are at `../…`. */
  public readonly files: ReadonlyMap<string, string>;
  private address: string;

  public constructor(
    public readonly node: Node,
    public readonly description: Description,
    private readonly ssh: Ssh,
    public readonly log: Log,
    /** Its address until it has its own. @default - its own address */
    private firstAddress: string = node.ipv4Address,
  ) {
    this.address = firstAddress;
    this.files = hostFolder(description, node).files;
  }

  public get name(): string {
    return this.node.hostname;
  }

  public get ownAddress(): string {
    return this.node.ipv4Address;
  }

  /** Nobody has said that it is elsewhere until it has its own address. */
  public get isExpectedAtOwnAddress(): boolean {
    return this.firstAddress === this.node.ipv4Address;
  }

  /** Connects to another address until the host has its own. */
  public expectAt(address: string): void {
    this.firstAddress = address;
    this.address = address;
  }

  /** Connects to the configured address from now on. */
  public moveToOwnAddress(): void {
    this.address = this.node.ipv4Address;
  }

  /** Switches between both addresses: a host that reverts goes back to the first one at an unknown moment. */
  public tryOtherAddress(): void {
    this.address = this.address === this.firstAddress ? this.node.ipv4Address : this.firstAddress;
  }

  /** Runs a program of `remote/` on the host. @throws UserError with its message when it fails */
  public async call(
    program: string,
    variables: Variables,
    options: Partial<RunOptions> = {},
  ): Promise<Report> {
    const { report } = await this.callFully(program, variables, options);
    return report;
  }

  /** Like `call`, with the whole output. */
  public async callFully(
    program: string,
    variables: Variables,
    options: Partial<RunOptions> = {},
  ): Promise<{ report: Report; output: CommandResult }> {
    const output = await this.ssh.run(this.target, remoteScript(program, variables), {
      timeoutSeconds: 60,
      reads: READING.has(program) && options.fresh !== true,
      ...options,
    });
    return { report: reportOf(this.name, program, output), output };
  }

  public start(program: string): Conversation {
    return this.ssh.start(this.target, pipedCommand(program));
  }

  /** As `start`; the program's standard output goes into an open file, so it reports on standard error. */
  public startInto(program: string, descriptor: number): Recorded {
    return this.ssh.startInto(this.target, pipedCommand(program), descriptor);
  }

  public end(program: string, child: Conversation | Recorded, captured: Captured): Report {
    const { status, stdout, stderr } = this.ssh.end(this.target, child, captured);
    const printed = child.stdout === null ? { stdout: stderr, stderr: "" } : { stdout, stderr };
    return reportOf(this.name, program, { status, ...printed });
  }

  /** SSH host keys that it has proven to own, in this run or when they were pinned. */
  public provenKeys(): string[] {
    return [...this.ssh.keys.pinned(this.name), ...this.unpinnedKeys()];
  }

  /** Those of them that are not pinned. */
  public unpinnedKeys(): string[] {
    return this.ssh.keys.unpinned(this.name);
  }

  public pin(keys: readonly string[]): void {
    this.ssh.keys.pin(this.name, keys);
  }

  private get target(): Target {
    return { hostname: this.name, address: this.address };
  }
}
