/**
 * `npm run plan`, `npm run apply` and `npm run tofu -- <arguments>`: OpenTofu in the folder of the synthesized stack.
 *
 * The binary is `tofu`, or what TERRAFORM_BINARY_NAME says.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { runInForeground, STOP_SIGNALS } from "./foreground";

const USAGE = `npm run plan  [-- <arguments of tofu plan>]
npm run apply [-- --yes] [-- -parallelism=N] [-- <arguments of tofu plan>]
npm run tofu  -- <arguments of tofu>

--yes             do not ask before applying
-parallelism=N    VMs that are made or changed at once; 1 unless stated, since clones of one template made in
                  parallel run into Proxmox VE's lock on its storage. Planning is parallel in any case.
--stack=NAME      which stack, where the app has several`;

const BINARY = process.env.TERRAFORM_BINARY_NAME ?? "tofu";
/** What `npm run plan` leaves in the stack's folder. An apply has a file of its own. */
const PLAN_FILE = "plan.tfplan";

/** A reason to stop that a person can act upon. */
class Stop extends Error {}

interface Options {
  readonly yes: boolean;
  readonly parallelism: string;
  readonly stack?: string;
  /** Everything else, for OpenTofu. */
  readonly rest: readonly string[];
}

function optionsOf(words: readonly string[]): Options {
  const value = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    yes: words.includes("--yes"),
    parallelism: value("-parallelism") ?? value("--parallelism") ?? "1",
    stack: value("--stack"),
    rest: words.filter((word) => word !== "--yes" && !/^(--?parallelism|--stack)=/.test(word)),
  };
}

/** Folder of the stack, as the last synth left it. */
function stackFolder(name: string | undefined): string {
  const manifest = join("cdktf.out", "manifest.json");
  if (!existsSync(manifest)) throw new Stop(`${manifest} is missing: run npm run synth first`);
  const { stacks } = JSON.parse(readFileSync(manifest, "utf8")) as {
    stacks: Record<string, { workingDirectory: string }>;
  };
  const names = Object.keys(stacks);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const stack = chosen === undefined ? undefined : stacks[chosen];
  if (stack === undefined) throw new Stop(`state which stack: --stack=NAME with one of ${names.join(", ")}`);
  return join("cdktf.out", stack.workingDirectory);
}

/** Of a shell whose `exec` found no program, or one that it may not run. */
const DOES_NOT_START = [126, 127];

/** Runs OpenTofu in sight of the person and returns its exit code. */
async function tofu(folder: string, words: readonly string[]): Promise<number> {
  const status = await runInForeground(BINARY, words, folder);
  if (DOES_NOT_START.includes(status))
    throw new Stop(`${BINARY} does not start. Install OpenTofu 1.10 or later.`);
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
  if (status !== 0) throw new Stop(`${BINARY} failed`);
}

/** @returns whether there is anything to apply */
async function plan(folder: string, file: string, words: readonly string[]): Promise<boolean> {
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
    throw new Stop("nobody can be asked here: state --yes to apply without a question");
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

async function apply(folder: string, options: Options): Promise<void> {
  if (!/^[1-9]\d*$/.test(options.parallelism))
    throw new Stop(`-parallelism should be a whole number from 1, got '${options.parallelism}'`);
  // Nobody else's: a plan made elsewhere while this one waits for its answer would be applied unseen.
  const own = mkdtempSync(join(tmpdir(), "k3s-apply-"));
  try {
    await applyFrom(join(own, PLAN_FILE), folder, options);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function applyFrom(file: string, folder: string, { yes, parallelism, rest }: Options): Promise<void> {
  if (!(await plan(folder, file, rest))) return;
  const shown = hashOf(file);
  for (const line of destructions(folder, file)) console.log(line);
  if (!yes && !(await confirmed())) throw new Stop("nothing was applied");
  if (hashOf(file) !== shown) throw new Stop(`${file} is not the plan that was shown: nothing was applied`);
  must(await tofu(folder, ["apply", "-input=false", `-parallelism=${parallelism}`, file]));
}

async function main([command, ...words]: readonly string[]): Promise<void> {
  if (words.some((word) => /^--?(parallelism|stack)$/.test(word)))
    throw new Stop("write -parallelism=N and --stack=NAME");
  const options = optionsOf(words);
  if (command === "plan") await plan(stackFolder(options.stack), PLAN_FILE, options.rest);
  else if (command === "apply") await apply(stackFolder(options.stack), options);
  else if (command === "run" && words.length > 0)
    must(
      await locked(
        stackFolder(options.stack),
        words.filter((word) => !word.startsWith("--stack=")),
      ),
    );
  else throw new Stop(USAGE);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Stop ? error.message : error);
  process.exitCode = 1;
});
