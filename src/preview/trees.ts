import { spawnSync } from "node:child_process";
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
  private readonly folder: string;
  private readonly top: string;

  /** @throws UserError when this is not a git repository, or git refuses */
  public constructor(
    private readonly project: string,
    base: Base,
  ) {
    this.top = git(project, "rev-parse", "--show-toplevel").trim();
    const below = git(project, "rev-parse", "--show-prefix").trim();
    this.folder = mkdtempSync(join(realpathSync(tmpdir()), "k3s-preview-"));
    try {
      // Forgets worktrees of previews that were killed.
      git(this.top, "worktree", "prune");
      git(this.top, "worktree", "add", "--quiet", "--detach", this.at("base"), base.commit);
      this.copyWorkingTree();
    } catch (error) {
      this.remove();
      throw error;
    }
    this.base = join(this.at("base"), below);
    this.working = join(this.at("working"), below);
    for (const tree of [this.base, this.working]) this.install(tree);
  }

  /** Where the app may put its OpenTofu JSON. */
  public output(name: string): string {
    return this.at(`${name}.out`);
  }

  /** The base as it was committed: an app that failed half-way may have written. */
  public restoreBase(): void {
    git(this.at("base"), "checkout", "--quiet", "--force", "HEAD", "--", ".");
  }

  public remove(): void {
    spawnSync("git", ["worktree", "remove", "--force", this.at("base")], { cwd: this.top });
    // An app that was killed may have been at work in it a moment ago.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  private at(name: string): string {
    return join(this.folder, name);
  }

  private copyWorkingTree(): void {
    const listed = git(this.top, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
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
 */
export function findBase(project: string, ref: string): Base {
  const { status, stdout } = run(
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
  const left = run(project, "merge-base", own, "HEAD");
  return { ref, commit: left.status === 0 ? left.stdout.trim() : own };
}

/** The text of a file as it was committed there, or `undefined`. */
export function committed(project: string, { commit }: Base, file: string): string | undefined {
  const { status, stdout } = run(project, "show", `${commit}:./${file}`);
  return status === 0 ? stdout : undefined;
}

function run(cwd: string, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  // A hook of a checkout is not for a copy that is looked at and thrown away.
  const { status, stdout, stderr, error } = spawnSync("git", ["-c", "core.hooksPath=/dev/null", ...words], {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error) throw new UserError("failed", `git does not start: ${error.message}`);
  return { status, stdout, stderr };
}

function git(cwd: string, ...words: string[]): string {
  const { status, stdout, stderr } = run(cwd, ...words);
  if (status !== 0) throw new UserError("failed", `git ${words[0]} failed: ${stderr.trim()}`);
  return stdout;
}
