/** The real OpenTofu with the real provider, run by the project's own commands, against a stand-in for Proxmox VE. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtProgram } from "../../../testbed/build/programs";
import { Pve } from "../../../testbed/pve/pve";
import { EVERYTHING, type Grants } from "../../../testbed/pve/token";
import type { Vm } from "../../../testbed/pve/vm";
import { providerMirror } from "../../../testbed/tofu/mirror";
import { CLI } from "../../program";
import { Project, type Outcome } from "../../project";
import { built, type Tool } from "../tools";

export const TOFU: readonly Tool[] = [
  built("tofu", "tofu"),
  built("provider", "terraform-provider-proxmox"),
  { name: "openssl", debianPackage: "openssl", works: () => spawn("openssl", ["version"]).pid !== undefined },
];

/** `qm config 9903` of a template as `main.ts` of the repository describes it. */
const TEMPLATE = {
  name: "template",
  template: "1",
  agent: "1",
  boot: "order=scsi0",
  cores: "2",
  memory: "2048",
  net0: "virtio=BC:24:11:00:00:00,bridge=vmbr0",
  ostype: "l26",
  scsi0: "Cesspool-VM:20",
  scsihw: "virtio-scsi-pci",
};

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Signals that a terminal sends to its whole job, for Ctrl-C or when it is closed. */
  readonly signalAll: (signal: NodeJS.Signals) => void;
}

/** The message of a plan without changes. */
export const NO_CHANGES = "No changes. Your infrastructure matches the configuration.";

/** Limited by the test's own time-out. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The version that `main.ts` pins. */
function pinnedVersion(project: Project): string {
  const { terraformProviders } = JSON.parse(readFileSync(project.path("cdktf.json"), "utf8")) as {
    terraformProviders: string[];
  };
  return terraformProviders[0]?.split("@")[1] ?? "";
}

/** The output of a command. @throws Error with it when the command failed */
export function printed({ status, output }: Outcome): string {
  if (status !== 0) throw new Error(output);
  return output;
}

export class Bed {
  private readonly folder = mkdtempSync(join(tmpdir(), "k3s-tofu-"));
  public readonly project = new Project(join(this.folder, "project"));
  public readonly pve = new Pve({ nodes: ["pve", "pve2"], storages: ["Cesspool-VM"] });
  private environment: Readonly<Record<string, string>>;
  private token: string;
  private synthesized?: string;

  private constructor() {
    this.pve.inventory.add(9903, "pve", TEMPLATE);
    this.token = this.pve.addToken("k3s", EVERYTHING);
    writeFileSync(join(this.folder, "pve-root-ca.pem"), this.pve.ca);
    const provider = builtProgram("provider", "terraform-provider-proxmox") ?? "";
    this.environment = {
      TERRAFORM_BINARY_NAME: builtProgram("tofu", "tofu") ?? "",
      TF_CLI_CONFIG_FILE: providerMirror(this.folder, provider, pinnedVersion(this.project)),
      TF_CLI_ARGS: "-no-color",
      TF_VAR_proxmox_node: "pve",
      SSL_CERT_FILE: join(this.folder, "pve-root-ca.pem"),
      CHECKPOINT_DISABLE: "1",
    };
  }

  public static async open(): Promise<Bed> {
    const bed = new Bed();
    await bed.pve.listen();
    return bed;
  }

  /** Starts with only the server in `main.ts`. */
  public static async ofOne(): Promise<Bed> {
    const bed = await Bed.open();
    bed.project.edit("main.ts", (text) => text.replace(/^new K3sAgentNode.*\n/gm, ""));
    return bed;
  }

  public async close(): Promise<void> {
    await this.pve.leave();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Uses another token from now on. */
  public become(name: string, grants: Grants): void {
    this.token = this.pve.addToken(name, grants);
  }

  /** Does not trust Proxmox VE's CA from now on. */
  public distrust(more: Readonly<Record<string, string>> = {}): void {
    this.environment = { ...this.environment, SSL_CERT_FILE: "", ...more };
  }

  public vm(id: number): Vm {
    const vm = this.pve.inventory.vms.get(id);
    if (vm === undefined) throw new Error(`there is no VM ${id}`);
    return vm;
  }

  /** `npm run <words>`, as an owner does. */
  public npm = (...words: string[]): Promise<Outcome> =>
    this.start("npm", ["run", "--silent", ...words]).ended;

  /** A line of a shell, as a person pastes it. */
  public shell = (line: string): Promise<Outcome> => this.start("sh", ["-c", line]).ended;

  /** Does what `npm run synth` does, without the seconds that the CLI takes: nothing where it has read the same before. */
  public async synth(): Promise<void> {
    const read = this.whatSynthReads();
    if (this.synthesized === read) return;
    printed(await this.start("node", ["src/cli/app.ts"]).ended);
    this.synthesized = read;
  }

  /** `main.ts`, and where the last synth placed the nodes. */
  private whatSynthReads(): string {
    const placed = this.project.path("nix/cluster.json");
    return this.project.text("main.ts") + (existsSync(placed) ? readFileSync(placed, "utf8") : "");
  }

  /** Does what `npm run <words>` does after its synth. */
  public tofu = (...words: string[]): Promise<Outcome> => this.startTofu(...words).ended;

  public startTofu = (...words: string[]): Running => this.start(CLI, words);

  /** Synthesizes and applies the change of `main.ts`, one VM at a time unless the words say otherwise. */
  public async tryApply(...words: string[]): Promise<Outcome> {
    await this.synth();
    return this.tofu("apply", "--yes", ...words);
  }

  /** As `tryApply`, for an apply that must succeed. @returns what was printed */
  public apply = async (...words: string[]): Promise<string> => printed(await this.tryApply(...words));

  /** The plan for the present `main.ts`, and the gate's verdict on it. */
  public async gate(...words: string[]): Promise<Outcome & { readonly plan: string }> {
    await this.synth();
    const plan = printed(await this.tofu("plan"));
    const json = printed(await this.tofu("tofu", "show", "-json", "plan.tfplan"));
    writeFileSync(this.project.path("plan.json"), json);
    return { ...(await this.judge(...words)), plan };
  }

  /** Addresses in the state. */
  public managed = async (): Promise<string> => printed(await this.tofu("tofu", "state", "list"));

  /** The gate's verdict on the last plan. */
  public judge = (...words: string[]): Promise<Outcome> =>
    this.start(CLI, ["gate", "plan.json", ...words]).ended;

  /** Replaces a text in `main.ts`. */
  public edit(from: string, to: string): void {
    this.project.edit("main.ts", (text) => text.replace(from, to));
  }

  /** The number of requests that wrote to each VM while `use` ran. */
  public async writesDuring(ids: readonly number[], work: () => Promise<unknown>): Promise<number[]> {
    const count = () => ids.map((id) => this.pve.writesTo(id).length);
    const before = count();
    await work();
    return count().map((writes, index) => writes - (before[index] ?? 0));
  }

  private start(program: string, words: readonly string[]): Running {
    const child = spawn(program, words, {
      cwd: this.project.folder,
      // In its own group, as a terminal starts programs.
      detached: true,
      env: {
        ...process.env,
        ...this.environment,
        CDKTF_OUTDIR: "cdktf.out",
        PROXMOX_VE_ENDPOINT: this.pve.endpoint,
        PROXMOX_VE_API_TOKEN: this.token,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    const ended = new Promise<Outcome>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => resolve({ status, output }));
    });
    return { child, ended, signalAll: (signal) => process.kill(-(child.pid ?? NaN), signal) };
  }
}

/** A bed that the tests of a suite share, in their order: each continues where the previous one ended. */
export function sharedBed(): () => Bed {
  let bed: Bed | undefined;
  beforeAll(async () => {
    bed = await Bed.open();
  });
  afterAll(() => bed?.close());
  return () => {
    if (bed === undefined) throw new Error("the bed is not open yet");
    return bed;
  };
}
