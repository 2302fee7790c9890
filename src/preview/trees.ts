import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { capture, type Captured } from "../base/process";
import { UserError } from "../base/user-error";

const MODULES = "node_modules";

/** Folders that an install creates and commits do not contain: the base uses those of the working tree. */
const INSTALLED = [MODULES, ".gen"];

/** The commit to compare with. */
export interface Base {
  /** As requested. */
  readonly ref: string;
  readonly commit: string;
}

/**
 * Copies of the project in which its app can run and write: the working tree, with everything that git does not ignore,
 * and the base, as a git worktree. `remove` deletes them.
 */
export class Trees {
  /** Project folders of both. */
  public readonly working: string;
  public readonly base: string;

  private constructor(
    public readonly project: string,
    private readonly top: string,
    below: string,
    private readonly folder: string,
  ) {
    this.working = join(this.at("working"), below);
    this.base = join(this.at("base"), below);
  }

  /** @throws UserError if this is not a git repository, or git fails */
  public static async of(project: string, base: Base): Promise<Trees> {
    const top = (await git(project, "rev-parse", "--show-toplevel")).trim();
    const below = (await git(project, "rev-parse", "--show-prefix")).trim();
    const folder = mkdtempSync(join(realpathSync(tmpdir()), "k3s-preview-"));
    const trees = new Trees(project, top, below, folder);
    try {
      await trees.fill(base);
      return trees;
    } catch (error) {
      await trees.remove();
      throw error;
    }
  }

  /** Folder for the app's OpenTofu JSON. */
  public output(name: string): string {
    return this.at(`${name}.out`);
  }

  /** Resets the base to its commit, since an app that failed half-way may have written to it. */
  public async restoreBase(): Promise<void> {
    await git(this.at("base"), "checkout", "--quiet", "--force", "HEAD", "--", ".");
  }

  /** Has the base use another `node_modules` than the working tree's. */
  public linkBaseModules(modules: string): void {
    const link = join(this.base, MODULES);
    rmSync(link, { recursive: true, force: true });
    symlinkSync(modules, link);
  }

  public async remove(): Promise<void> {
    await run(this.top, "worktree", "remove", "--force", this.at("base"));
    // A killed app may still have been writing to it.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  private async fill({ commit }: Base): Promise<void> {
    // Forgets worktrees of previews that were killed.
    await git(this.top, "worktree", "prune");
    await git(this.top, "worktree", "add", "--quiet", "--detach", this.at("base"), commit);
    await this.copyWorkingTree();
    for (const tree of [this.base, this.working]) this.install(tree);
  }

  private at(name: string): string {
    return join(this.folder, name);
  }

  private async copyWorkingTree(): Promise<void> {
    const listed = await git(this.top, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
    for (const path of new Set(listed.split("\0").filter(Boolean))) {
      const from = join(this.top, path);
      const stat = lstatSync(from, { throwIfNoEntry: false });
      // git also lists deleted files. A folder is a nested repository.
      if (stat === undefined || stat.isDirectory()) continue;
      const to = join(this.at("working"), path);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(from, to, { verbatimSymlinks: true });
    }
  }

  private install(tree: string): void {
    mkdirSync(tree, { recursive: true });
    for (const name of INSTALLED) {
      const there = join(this.project, name);
      if (existsSync(there) && !existsSync(join(tree, name))) symlinkSync(there, join(tree, name));
    }
  }
}

/**
 * The commit to compare with: the merge base of the ref and HEAD, as for `git diff ref...`, or the ref itself if they
 * have none or git cannot know it, as in a shallow clone.
 *
 * @throws UserError `failed` if this is not a git repository, `usage` if git has no such ref
 */
export async function findBase(project: string, ref: string): Promise<Base> {
  await git(project, "rev-parse", "--git-dir");
  const { status, stdout } = await run(
    project,
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${ref}^{commit}`,
  );
  if (status !== 0) {
    throw new UserError("usage", `git has no commit '${ref}' here`, {
      remedy: "fetch it, or choose another with --base",
    });
  }
  const own = stdout.trim();
  const left = await run(project, "merge-base", own, "HEAD");
  return { ref, commit: left.status === 0 ? left.stdout.trim() : own };
}

/** Runs git without checkout hooks, which are not meant for temporary copies. */
const run = (cwd: string, ...words: string[]): Promise<Captured> =>
  capture("git", ["-c", "core.hooksPath=/dev/null", ...words], { cwd });

async function git(cwd: string, ...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(cwd, ...words);
  if (status !== 0) throw new UserError("failed", `git ${words[0]} failed: ${stderr.trim()}`);
  return stdout;
}
