import fs from "node:fs";
import { join } from "node:path";

/** The owner's Nix module for all hosts, in the folder of the hosts. */
const COMMON = "common.nix";

/** What every host imports: paths relative to the folder of all hosts; and files that no Nix path can name. */
export interface SharedModules {
  readonly paths: readonly string[];
  readonly unnameable: readonly string[];
}

/**
 * `common.nix`, and every Nix file directly in the folder of modules, if they are there.
 *
 * @param folder - folder of the hosts
 * @param modules - name of the folder of modules in it
 */
export function sharedModules(folder: string, modules: string): SharedModules {
  const names = [
    ...(fs.existsSync(join(folder, COMMON)) ? [COMMON] : []),
    ...filesIn(join(folder, modules)).map((name) => `${modules}/${name}`),
  ];
  return { paths: names.filter(isNixPath), unnameable: names.filter((name) => !isNixPath(name)) };
}

/** Hidden files come from editors. */
const filesIn = (folder: string): string[] =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder)
        .filter((name) => name.endsWith(".nix") && !name.startsWith("."))
        .sort()
    : [];

/** What Nix reads as a path without quotes (src/libexpr/lexer.l, PATH_CHAR). */
const isNixPath = (path: string): boolean => /^[A-Za-z0-9._+/-]+$/.test(path);
