import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { capture, type Captured } from "../base/process";
import { messageOf, UserError } from "../base/user-error";

/** A file with a secret, in words. */
interface Secret {
  /** Such as `the join token`. */
  readonly contains: string;
  /** What a person knows it as. @default - its path */
  readonly named?: string;
  /** What to do once git has it, beside taking it out. */
  readonly ifPushed: string;
}

/**
 * Refuses a file that git tracks, or that the next `git add` would add, or for which git gives no answer. Outside a repository
 * nothing can be committed.
 *
 * @param path - of a file that is there
 * @throws UserError `invalid`
 */
export async function refuseCommitted(
  path: string,
  { contains, ifPushed, named = path }: Secret,
): Promise<void> {
  const file = realpathSync(path);
  const repository = repositoryOf(dirname(file));
  if (repository === undefined) return;
  const words = ["--literal-pathspecs", "ls-files", "-t", "--cached", "--others", "--exclude-standard"];
  // GIT_DIR and the like would point git to another repository.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const asked = await capture("git", [...words, "--", basename(file)], {
    cwd: dirname(file),
    env: Object.fromEntries(own),
  }).catch(messageOf);
  if (typeof asked === "string" || asked.status !== 0) {
    throw new UserError(
      "invalid",
      `${named}, which contains ${contains}, is in the repository ${repository}, and git does not tell whether it would commit ` +
        `it (${whyFailed(asked)}): move it out of the project, or fix git`,
    );
  }
  const { stdout } = asked;
  if (stdout === "") return;
  // git marks an untracked file with a question mark.
  throw new UserError(
    "invalid",
    stdout.startsWith("?")
      ? `${named}, which contains ${contains}, is not ignored by git: move it out of the project, or add it to .gitignore`
      : `${named}, which contains ${contains}, is in git: git rm --cached it, move it out of the project, and if it was ` +
          `ever pushed, ${ifPushed}`,
  );
}

/** Why a program failed: it does not start, or its first line of output. */
export function whyFailed(asked: Captured | string): string {
  if (typeof asked === "string") return asked;
  const [first] = asked.stderr.trim().split("\n", 1);
  return first === undefined || first === "" ? `it exited with ${asked.status}` : first;
}

function repositoryOf(folder: string): string | undefined {
  if (existsSync(join(folder, ".git"))) return folder;
  return dirname(folder) === folder ? undefined : repositoryOf(dirname(folder));
}
