import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { PACKAGE_ROOT } from "../base/package-root";
import { capture, runInForeground, type Interruption } from "../base/process";
import { mustHave } from "../base/programs";
import { UserError } from "../base/user-error";
import { answersTo, type Ask, type Stated } from "../init/answers";
import type { Forge } from "../init/options";
import { projectFiles, type ProjectFile } from "../init/project";
import { keysIn, ownPublicKeys } from "../init/public-keys";
import { ExitCode } from "./exit-code";
import { interruptible } from "./interruption";
import { say } from "./terminal";

interface Options extends Stated {
  readonly yes: boolean;
  readonly sshKey: readonly string[];
  readonly ci: Forge;
  /** The version or path by which `package.json` requires this package. @default - its version */
  readonly package?: string;
  readonly install: boolean;
}

/** `init`: writes a new repository for an owner, and runs its first synth. */
export async function init(folder: string, options: Options): Promise<ExitCode> {
  if (options.install) mustHave("npm", "the install");
  const target = resolve(folder);
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new UserError("refused", `${folder} is not empty: nothing was written`);
  const publicKeys =
    options.sshKey.length > 0 ? options.sshKey.flatMap(keysIn) : await ownPublicKeys(homedir());
  if (publicKeys.length === 0)
    throw new UserError("usage", "no public SSH key found in your agent or in ~/.ssh", {
      remedy: "pass one with --ssh-key FILE, or make one with ssh-keygen -t ed25519",
    });
  const terminal =
    options.yes || !process.stdin.isTTY
      ? undefined
      : createInterface({ input: process.stdin, output: process.stdout });
  const ask: Ask | undefined =
    terminal && ((text, standard) => terminal.question(`${text}${standard && ` [${standard}]`}: `));
  const answers = await answersTo(options, ask).finally(() => terminal?.close());
  const packageSpec = options.package ?? ownVersion();
  const name = nameOf(target);
  const files = projectFiles({ name, answers, publicKeys, forge: options.ci, packageSpec });
  for (const file of files) write(target, file);
  await startHistory(target);
  say(`Written to ${folder}: ${files.map(({ path }) => path).join(", ")}`);
  if (!options.install) {
    console.log(`\nNext: cd ${folder} && npm install && npm run synth`);
    return ExitCode.Done;
  }
  await interruptible((interruption) => synthesizeFirst(target, interruption));
  console.log(`\nNext: cd ${folder}, and read README.md`);
  return ExitCode.Done;
}

function write(target: string, { path, text, secret }: ProjectFile): void {
  const file = join(target, path);
  mkdirSync(dirname(file), { recursive: true });
  if (secret) chmodSync(dirname(file), 0o700);
  writeFileSync(file, text, { mode: secret ? 0o600 : 0o666, flag: "wx" });
}

/** Makes a git repository, since a preview compares with a commit. A folder inside a repository stays part of it. */
async function startHistory(cwd: string): Promise<void> {
  try {
    const { status } = await capture("git", ["rev-parse", "--is-inside-work-tree"], { cwd });
    if (status !== 0) await capture("git", ["init", "--quiet"], { cwd });
  } catch {
    // Without git, `preview` explains that it needs one.
  }
}

/** The first commands in the new project. They stop at the first failure. */
const FIRST = [
  ["install", "--no-audit", "--no-fund", "--loglevel=error"],
  ["run", "--silent", "synth"],
  ["run", "--silent", "snapshot"],
];

async function synthesizeFirst(cwd: string, interruption: Interruption): Promise<void> {
  for (const words of FIRST) {
    const status = await runInForeground("npm", words, interruption, { cwd });
    if (status === 0) continue;
    throw new UserError("failed", `npm ${words.join(" ")} failed in ${cwd}`, {
      remedy: "the files are written; fix the problem, then run the command there again",
    });
  }
}

/** A valid npm package name. */
const nameOf = (folder: string): string =>
  basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "") || "cluster";

const ownVersion = (): string =>
  (JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string }).version;
