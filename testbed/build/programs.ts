import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const BUILD = join(__dirname, "build.sh");

/** Folders in which programs of a module are looked for: where `build.sh` puts them, then PATH. */
function folders(module: string): readonly string[] {
  const { status, stdout, stderr } = spawnSync(BUILD, ["--folder", module], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${BUILD} --folder ${module}: ${stderr}`);
  return [stdout.trim(), ...(process.env.PATH ?? "").split(delimiter)];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Path of a program that `build.sh` builds from the module of that name, or that is on PATH.
 *
 * @param module folder next to this file
 * @returns `undefined` when it is neither built nor on PATH
 */
export function builtProgram(module: string, name: string): string | undefined {
  return folders(module)
    .map((folder) => join(folder, name))
    .find(isProgram);
}
