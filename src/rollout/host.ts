import type { Node } from "../config/model";
import { hostFolder, type Description } from "./description";
import type { Log } from "./log";
import { remoteScript, reportOf, type Report } from "./script";
import type { CommandResult, RunOptions, Ssh, Target } from "./ssh";

/** Variables of a program of `remote/`. */
type Variables = Readonly<Record<string, string | number>>;

/** Programs that change nothing. */
const READING: ReadonlySet<string> = new Set([
  "alive",
  "clock",
  "diagnose",
  "facts",
  "hardware",
  "inspect",
  "kubeconfig",
  "reach",
]);

/** A machine of the cluster, as the operator reaches it. */
export class Host {
  /** Path from its directory to text; what it shares with other hosts is at `../…`. */
  public readonly files: ReadonlyMap<string, string>;
  private address: string;

  public constructor(
    public readonly node: Node,
    public readonly description: Description,
    private readonly ssh: Ssh,
    public readonly log: Log,
    /** Where it answers until it has its own address. @default - at its own address */
    private readonly firstAddress: string = node.ipv4Address,
  ) {
    this.address = firstAddress;
    this.files = hostFolder(description, node).files;
  }

  public get name(): string {
    return this.node.hostname;
  }

  /** From now on at the address that its configuration gives it. */
  public moveToOwnAddress(): void {
    this.address = this.node.ipv4Address;
  }

  /** A host that reverts is back where it first answered, at some moment. */
  public tryOtherAddress(): void {
    this.address = this.address === this.firstAddress ? this.node.ipv4Address : this.firstAddress;
  }

  /** Runs a program of `remote/` there. @throws UserError with its own words when it fails */
  public async call(
    program: string,
    variables: Variables,
    options: Partial<RunOptions> = {},
  ): Promise<Report> {
    const { report } = await this.callFully(program, variables, options);
    return report;
  }

  /** As `call`, with everything that was printed. */
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

  /** SSH host keys that it has shown to have, in this run or when they were pinned. */
  public provenKeys(): string[] {
    return [...this.ssh.keys.pinned(this.name), ...this.unpinnedKeys()];
  }

  /** Those of them to which nobody has agreed. */
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
