/** The real OpenTofu with the real provider, run by the project's own commands, against a stand-in for Proxmox VE. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtProgram } from "../../../testbed/build/programs";
import { Pve } from "../../../testbed/pve/pve";
import { EVERYTHING, type Grants } from "../../../testbed/pve/token";
import type { Vm } from "../../../testbed/pve/vm";
import { providerMirror } from "../../../testbed/tofu/mirror";
import { CLI, TSX } from "../../fixture";
import { Project, type Outcome } from "../../project";
import { built, type Tool } from "../tools";

export const TOFU: readonly Tool[] = [
  built("tofu", "tofu"),
  built("provider", "terraform-provider-proxmox"),
  { name: "openssl", debianPackage: "openssl", works: () => spawn("openssl", ["version"]).pid !== undefined },
];

/** `qm config 9903` of a template as `main.ts` of the repository says it is. */
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
  /** What a terminal sends to all that runs in it, for Ctrl-C or when it is closed. */
  readonly signalAll: (signal: NodeJS.Signals) => void;
}

/** What a plan says that has nothing to do. */
export const NO_CHANGES = "No changes. Your infrastructure matches the configuration.";

/** Bounded by the test's own time. */
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

/** What a command printed. @throws Error with it when the command failed */
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

  /** With no more than the server in `main.ts`. */
  public static async ofOne(): Promise<Bed> {
    const bed = await Bed.open();
    bed.project.edit("main.ts", (text) => text.replace(/^new K3sAgentNode.*\n/gm, ""));
    return bed;
  }

  public async close(): Promise<void> {
    await this.pve.leave();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What follows is done with another token. */
  public become(name: string, grants: Grants): void {
    this.token = this.pve.addToken(name, grants);
  }

  /** What follows is done without knowing Proxmox VE's CA. */
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

  /** What `npm run synth` does, without the CLI's seconds. */
  public async synth(): Promise<void> {
    printed(await this.start(TSX, ["src/cli/app.ts"]).ended);
  }

  /** What `npm run <words>` does after its synth. */
  public tofu = (...words: string[]): Promise<Outcome> => this.startTofu(...words).ended;

  public startTofu = (...words: string[]): Running => this.start(CLI, words);

  /** The change of `main.ts`, synthesized and applied, one VM at a time unless the words say otherwise. */
  public async tryApply(...words: string[]): Promise<Outcome> {
    await this.synth();
    return this.tofu("apply", "--yes", ...words);
  }

  /** As `tryApply`, of what has to succeed. @returns what was printed */
  public apply = async (...words: string[]): Promise<string> => printed(await this.tryApply(...words));

  /** The plan of what `main.ts` says now, and what the gate says of it. */
  public async gate(...words: string[]): Promise<Outcome & { readonly plan: string }> {
    await this.synth();
    const plan = printed(await this.tofu("plan"));
    const json = printed(await this.tofu("tofu", "show", "-json", "plan.tfplan"));
    writeFileSync(this.project.path("plan.json"), json);
    return { ...(await this.judge(...words)), plan };
  }

  /** Addresses in the state. */
  public managed = async (): Promise<string> => printed(await this.tofu("tofu", "state", "list"));

  /** What the gate says of the last plan. */
  public judge = (...words: string[]): Promise<Outcome> =>
    this.start(CLI, ["gate", "plan.json", ...words]).ended;

  /** `main.ts` with another text in place of one that is there. */
  public edit(from: string, to: string): void {
    this.project.edit("main.ts", (text) => text.replace(from, to));
  }

  /** How many requests have written to each VM while something was done. */
  public async writesDuring(ids: readonly number[], work: () => Promise<unknown>): Promise<number[]> {
    const count = () => ids.map((id) => this.pve.writesTo(id).length);
    const before = count();
    await work();
    return count().map((writes, index) => writes - (before[index] ?? 0));
  }

  private start(program: string, words: readonly string[]): Running {
    const child = spawn(program, words, {
      cwd: this.project.folder,
      // A group of its own, as a terminal gives it.
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

/** A bed that the tests of a suite share, in their order: each goes on where the one before it ended. */
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
