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

/** What comes of an install, not of a commit: the base runs with that of this tree. */
const INSTALLED = ["node_modules", ".gen"];

/** The base, as a person would name it. */
export interface Base {
  /** As it was asked for. */
  readonly ref: string;
  readonly commit: string;
}

/**
 * Copies of the project, in which its app can run and write: of the working tree, with all that git does not ignore,
 * and of the base, as a git worktree. They are gone after `remove`.
 */
export class Trees {
  /** Project folders of both. */
  public readonly working: string;
  public readonly base: string;

  private constructor(
    private readonly project: string,
    private readonly top: string,
    below: string,
    private readonly folder: string,
  ) {
    this.working = join(this.at("working"), below);
    this.base = join(this.at("base"), below);
  }

  /** @throws UserError when this is not a git repository, or git refuses */
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

  /** Where the app may put its OpenTofu JSON. */
  public output(name: string): string {
    return this.at(`${name}.out`);
  }

  /** The base as it was committed: an app that failed half-way may have written. */
  public async restoreBase(): Promise<void> {
    await git(this.at("base"), "checkout", "--quiet", "--force", "HEAD", "--", ".");
  }

  public async remove(): Promise<void> {
    await run(this.top, "worktree", "remove", "--force", this.at("base"));
    // An app that was killed may have been at work in it a moment ago.
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
      // What was deleted is still in git's list; a folder is a repository of its own.
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
 * The commit to compare with: where the working tree's branch left that ref, as for `git diff ref...`; the ref itself
 * where they have nothing in common, or git does not know, as in a shallow clone.
 *
 * @throws UserError `failed` when this is not a git repository, `usage` when git knows no such ref
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
    throw new UserError("usage", `git knows no commit '${ref}' here`, {
      remedy: "fetch it, or name another with --base",
    });
  }
  const own = stdout.trim();
  const left = await run(project, "merge-base", own, "HEAD");
  return { ref, commit: left.status === 0 ? left.stdout.trim() : own };
}

/** The text of a file as it was committed there, or `undefined`. */
export async function committed(
  project: string,
  { commit }: Base,
  file: string,
): Promise<string | undefined> {
  const { status, stdout } = await run(project, "show", `${commit}:./${file}`);
  return status === 0 ? stdout : undefined;
}

/** A hook of a checkout is not for a copy that is looked at and thrown away. */
const run = (cwd: string, ...words: string[]): Promise<Captured> =>
  capture("git", ["-c", "core.hooksPath=/dev/null", ...words], { cwd });

async function git(cwd: string, ...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(cwd, ...words);
  if (status !== 0) throw new UserError("failed", `git ${words[0]} failed: ${stderr.trim()}`);
  return stdout;
}
