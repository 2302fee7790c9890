import fs from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * Why a path relative to the working directory cannot be written: the end of a sentence, `undefined` if it can. A link
 * could replace a file outside of the project. Messages show the path in shell commands, so it must not need quoting.
 */
export function pathProblem(path: string): string | undefined {
  if (!/^(?!\/)([A-Za-z0-9._-]+\/?)+$/.test(path))
    return ", as a relative path of letters, digits, . _ and -";
  const project = fs.realpathSync(".");
  const there = resolve(project, path);
  if (there !== project && !there.startsWith(`${project}/`)) return " and not outside of it";
  return realPath(there) === there ? undefined : " and not behind a link";
}

/** The path with links resolved; `undefined` for a dangling link. */
function realPath(path: string): string | undefined {
  if (fs.lstatSync(path, { throwIfNoEntry: false })) {
    return fs.existsSync(path) ? fs.realpathSync(path) : undefined;
  }
  const parent = realPath(dirname(path));
  return parent && join(parent, path.slice(dirname(path).length));
}
