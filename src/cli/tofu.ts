import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { UserError } from "../base/user-error";
import { ExitCode } from "./exit-code";
import { runInForeground, STOP_SIGNALS } from "./foreground";

/** OpenTofu in the folder of the synthesized stack: `tofu`, or what TERRAFORM_BINARY_NAME says. */
const BINARY = process.env.TERRAFORM_BINARY_NAME ?? "tofu";
/** What `npm run plan` leaves in the stack's folder. An apply has a file of its own. */
const PLAN_FILE = "plan.tfplan";

interface Options {
  readonly stack?: string;
}

interface ApplyOptions extends Options {
  readonly yes: boolean;
  readonly parallelism: string;
}

/** Folder of the stack, as the last synth left it. */
function stackFolder(name: string | undefined): string {
  const manifest = join("cdktf.out", "manifest.json");
  if (!existsSync(manifest))
    throw new UserError("invalid", `${manifest} is missing`, { remedy: "run npm run synth first" });
  const { stacks } = JSON.parse(readFileSync(manifest, "utf8")) as {
    stacks: Record<string, { workingDirectory: string }>;
  };
  const names = Object.keys(stacks);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const stack = chosen === undefined ? undefined : stacks[chosen];
  if (stack === undefined)
    throw new UserError("usage", `state which stack: --stack=NAME with one of ${names.join(", ")}`);
  return join("cdktf.out", stack.workingDirectory);
}

/** Of a shell whose `exec` found no program, or one that it may not run. */
const DOES_NOT_START = [126, 127];

/** Runs OpenTofu in sight of the person and returns its exit code. */
async function tofu(folder: string, words: readonly string[]): Promise<number> {
  const status = await runInForeground(BINARY, words, { cwd: folder });
  if (DOES_NOT_START.includes(status))
    throw new UserError("failed", `${BINARY} does not start`, { remedy: "install OpenTofu 1.10 or later" });
  return status;
}

/** Checksums of the provider. They are kept beside `main.ts`, since the CLI deletes the folder of a renamed stack. */
const LOCK_FILE = ".terraform.lock.hcl";

/** As `tofu`, with the lock file brought to the stack's folder and back. */
async function locked(folder: string, words: readonly string[]): Promise<number> {
  if (existsSync(LOCK_FILE)) copyFileSync(LOCK_FILE, join(folder, LOCK_FILE));
  const status = await tofu(folder, words);
  if (status === 0 && existsSync(join(folder, LOCK_FILE))) copyFileSync(join(folder, LOCK_FILE), LOCK_FILE);
  return status;
}

function must(status: number): void {
  if (status !== 0) throw new UserError("failed", `${BINARY} failed`);
}

/** @returns whether there is anything to apply */
async function planInto(folder: string, file: string, words: readonly string[]): Promise<boolean> {
  must(await locked(folder, ["init", "-input=false"]));
  const status = await tofu(folder, ["plan", "-input=false", "-detailed-exitcode", `-out=${file}`, ...words]);
  if (status !== 2) must(status);
  return status === 2;
}

interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly change: { readonly actions: string[]; readonly before: { name?: string; vm_id?: number } | null };
}

/** What the saved plan destroys or replaces, in words. */
function destructions(folder: string, file: string): string[] {
  const { status, stdout } = spawnSync(BINARY, ["show", "-json", file], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  must(status ?? 1);
  const { resource_changes = [] } = JSON.parse(stdout) as { resource_changes?: ResourceChange[] };
  return resource_changes
    .filter(({ change }) => change.actions.includes("delete"))
    .map(({ address, type, change: { before } }) =>
      type === "proxmox_virtual_environment_vm"
        ? `${before?.name}, VM ${before?.vm_id}, will be DESTROYED (${address})`
        : `${address} will be DESTROYED`,
    );
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UserError("usage", "nobody can be asked here: state --yes to apply without a question");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const close = (): void => terminal.close();
  for (const signal of STOP_SIGNALS) process.once(signal, close);
  const answer = await new Promise<string>((resolve) => {
    // Ctrl-C, Ctrl-D and a signal close the terminal and answer nothing.
    terminal.once("close", () => resolve("no"));
    terminal.question("\nApply this plan? Only 'yes' is taken for yes: ", resolve);
  });
  terminal.close();
  for (const signal of STOP_SIGNALS) process.off(signal, close);
  return answer === "yes";
}

const hashOf = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

async function applyFrom(
  file: string,
  folder: string,
  words: readonly string[],
  { yes, parallelism }: ApplyOptions,
): Promise<void> {
  if (!(await planInto(folder, file, words))) return;
  const shown = hashOf(file);
  for (const line of destructions(folder, file)) console.log(line);
  if (!yes && !(await confirmed())) throw new UserError("cancelled", "nothing was applied");
  if (hashOf(file) !== shown)
    throw new UserError("refused", `${file} is not the plan that was shown: nothing was applied`);
  must(await tofu(folder, ["apply", "-input=false", `-parallelism=${parallelism}`, file]));
}

/** `plan`: plans, and leaves the plan in the stack's folder. */
export async function plan(words: readonly string[], { stack }: Options): Promise<ExitCode> {
  await planInto(stackFolder(stack), PLAN_FILE, words);
  return ExitCode.Done;
}

/** `apply`: plans, shows the plan, asks, and applies exactly that one. */
export async function apply(words: readonly string[], options: ApplyOptions): Promise<ExitCode> {
  const { parallelism, stack } = options;
  const folder = stackFolder(stack);
  if (!/^[1-9]\d*$/.test(parallelism))
    throw new UserError("usage", `-parallelism should be a whole number from 1, got '${parallelism}'`);
  // Nobody else's: a plan made elsewhere while this one waits for its answer would be applied unseen.
  const own = mkdtempSync(join(tmpdir(), "k3s-apply-"));
  try {
    await applyFrom(join(own, PLAN_FILE), folder, words, options);
    return ExitCode.Done;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** `tofu`: any other command of OpenTofu. */
export async function other(words: readonly string[], { stack }: Options): Promise<ExitCode> {
  must(await locked(stackFolder(stack), words));
  return ExitCode.Done;
}
