import fs from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * Where the hosts' files are emitted, seen from the project's folder. It is the same in every project, and not a setting:
 * a rollout, a preview of a commit whose app does not run, `.gitattributes` and CI find the files without running the app.
 */
export const HOSTS_FOLDER = "nix";

/**
 * Why a path from the working folder is none of a file or folder of this project that can be written: the rest of a
 * sentence, and `undefined` for a right one. Through a link a file outside would be replaced. The path stands in commands
 * for people, so it keeps to what a shell takes as it is.
 */
export function outsideOfProject(path: string): string | undefined {
  if (!/^(?!\/)([A-Za-z0-9._-]+\/?)+$/.test(path)) return " by a relative path of letters, digits, . _ and -";
  const project = fs.realpathSync(".");
  const there = resolve(project, path);
  if (there !== project && !there.startsWith(`${project}/`)) return " and not outside of it";
  return realPath(there) === there ? undefined : " and not behind a link";
}

/** The path that is written by that one; `undefined` behind a link that leads nowhere. */
function realPath(path: string): string | undefined {
  if (fs.lstatSync(path, { throwIfNoEntry: false })) {
    return fs.existsSync(path) ? fs.realpathSync(path) : undefined;
  }
  const parent = realPath(dirname(path));
  return parent && join(parent, path.slice(dirname(path).length));
}
