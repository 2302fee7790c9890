import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture, runInForeground, type Interruption } from "../base/process";
import { INSTALL, mustHave, openTofu } from "../base/programs";
import { UserError } from "../base/user-error";
import { manifestIn, OUTPUT, synthesizedStacks } from "../emit/manifest";
import type { ClusterOptions } from "./cluster";
import { askForConsent } from "./consent";
import { ExitCode } from "./exit-code";
import { interruptible } from "./interruption";

const BINARY = openTofu();
/** The saved plan that `npm run plan` leaves in the stack's folder. An apply uses its own file. */
const PLAN_FILE = "plan.tfplan";

interface ApplyOptions extends ClusterOptions {
  readonly yes: boolean;
  readonly parallelism: string;
}

/** Folder of the stack in the output of the last synth. */
function stackFolder(name: string | undefined): string {
  const manifest = manifestIn(OUTPUT);
  if (!existsSync(manifest))
    throw new UserError("invalid", `${manifest} is missing`, { remedy: "run npm run synth first" });
  const stacks = new Map(synthesizedStacks(OUTPUT).map((stack) => [stack.name, stack]));
  const names = [...stacks.keys()];
  const stack = stacks.get(name ?? (names.length === 1 ? (names[0] ?? "") : ""));
  if (stack === undefined)
    throw new UserError("usage", `choose a cluster: --cluster=NAME with one of ${names.join(", ")}`);
  return join(OUTPUT, stack.workingDirectory);
}

/** Exit statuses of a shell that cannot execute, or cannot find, a program. */
const DOES_NOT_START = [126, 127];

/** The provider's checksums. They are kept next to `main.ts` because the CLI deletes the folder of a renamed stack. */
const LOCK_FILE = ".terraform.lock.hcl";

interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly change: { readonly actions: string[]; readonly before: { name?: string; vm_id?: number } | null };
}

/** OpenTofu in the folder of a stack. Every method throws a UserError `failed` when OpenTofu fails. */
class Tofu {
  public constructor(
    private readonly folder: string,
    private readonly interruption: Interruption,
  ) {}

  /** Runs in the foreground, with the lock file copied to the stack's folder and back. */
  public async withLockFile(...words: readonly string[]): Promise<void> {
    const there = join(this.folder, LOCK_FILE);
    if (existsSync(LOCK_FILE)) copyFileSync(LOCK_FILE, there);
    this.must(await this.run(words));
    if (existsSync(there)) copyFileSync(there, LOCK_FILE);
  }

  /** @returns whether the plan has changes */
  public async planInto(file: string, words: readonly string[]): Promise<boolean> {
    await this.withLockFile("init", "-input=false");
    const status = await this.run(["plan", "-input=false", "-detailed-exitcode", `-out=${file}`, ...words]);
    if (status !== 2) this.must(status);
    return status === 2;
  }

  /** One line for everything that the saved plan destroys or replaces. */
  public async destructions(file: string): Promise<string[]> {
    const { status, stdout } = await capture(BINARY, ["show", "-json", file], {
      cwd: this.folder,
      signal: this.interruption.stop,
    });
    this.must(status);
    const { resource_changes = [] } = JSON.parse(stdout) as { resource_changes?: ResourceChange[] };
    return resource_changes
      .filter(({ change }) => change.actions.includes("delete"))
      .map(({ address, type, change: { before } }) =>
        type === "proxmox_virtual_environment_vm"
          ? `${before?.name}, VM ${before?.vm_id}, will be DESTROYED (${address})`
          : `${address} will be DESTROYED`,
      );
  }

  public async apply(file: string, parallelism: string): Promise<void> {
    this.must(await this.run(["apply", "-input=false", `-parallelism=${parallelism}`, file]));
  }

  /** @returns its exit code */
  private async run(words: readonly string[]): Promise<number> {
    const status = await runInForeground(BINARY, words, this.interruption, { cwd: this.folder });
    if (DOES_NOT_START.includes(status))
      throw new UserError("failed", `${BINARY} does not start`, { remedy: INSTALL.openTofu });
    return status;
  }

  private must(status: number): void {
    if (status === 0) return;
    if (this.interruption.stop.aborted) throw new UserError("interrupted", `${BINARY} was interrupted`);
    throw new UserError("failed", `${BINARY} failed`);
  }
}

const hashOf = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

async function applyFrom(
  file: string,
  words: readonly string[],
  tofu: Tofu,
  { yes, parallelism, stop }: ApplyOptions & { readonly stop: AbortSignal },
): Promise<void> {
  if (!(await tofu.planInto(file, words))) return;
  const shown = hashOf(file);
  for (const line of await tofu.destructions(file)) console.log(line);
  await askForConsent("Apply this plan?", { yes, stop });
  if (hashOf(file) !== shown)
    throw new UserError("refused", `${file} is not the plan that was shown: nothing was applied`);
  await tofu.apply(file, parallelism);
}

/** `plan`: plans, and saves the plan in the stack's folder. */
export function plan(
  words: readonly string[],
  { cluster, detailedExitcode }: ClusterOptions & { readonly detailedExitcode: boolean },
): Promise<ExitCode> {
  mustHave("openTofu", "a plan");
  return interruptible(async (interruption) => {
    const isPending = await new Tofu(stackFolder(cluster), interruption).planInto(PLAN_FILE, words);
    return isPending && detailedExitcode ? ExitCode.Pending : ExitCode.Done;
  });
}

/** `apply`: plans, shows the plan, asks, and applies exactly that one. */
export async function apply(words: readonly string[], options: ApplyOptions): Promise<ExitCode> {
  mustHave("openTofu", "an apply");
  const { parallelism, cluster } = options;
  const folder = stackFolder(cluster);
  if (!/^[1-9]\d*$/.test(parallelism))
    throw new UserError("usage", `-parallelism should be a whole number from 1, got '${parallelism}'`);
  return interruptible(async (interruption) => {
    // A private file: a plan saved by another command while this one waits for its answer would be applied unseen.
    const own = mkdtempSync(join(tmpdir(), "k3s-apply-"));
    try {
      const { stop } = interruption;
      await applyFrom(join(own, PLAN_FILE), words, new Tofu(folder, interruption), { ...options, stop });
      return ExitCode.Done;
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });
}

/** `tofu`: any other command of OpenTofu. */
export function other(words: readonly string[], { cluster }: ClusterOptions): Promise<ExitCode> {
  mustHave("openTofu", "this command");
  return interruptible(async (interruption) => {
    await new Tofu(stackFolder(cluster), interruption).withLockFile(...words);
    return ExitCode.Done;
  });
}
