import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const REPOSITORY = join(__dirname, "../..");

/** An owner's `tsconfig.json`: nothing in it knows where this repository is. */
const TSCONFIG = { compilerOptions: { module: "node16", target: "es2022", strict: true, types: [] } };

/**
 * Builds and packs the package, and installs it into a folder beside what this repository has installed, which is linked.
 * No registry is asked.
 *
 * @returns the package's folder
 */
export function installPackage(folder: string): string {
  const run = (cwd: string, program: string, ...words: string[]): string =>
    execFileSync(program, words, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  run(REPOSITORY, "npm", "run", "--silent", "build");
  // Without scripts: `prepare` would generate the bindings anew.
  const packed = run(REPOSITORY, "npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder);
  const [{ name, filename }] = JSON.parse(packed) as [{ name: string; filename: string }];
  run(folder, "tar", "-xzf", filename);
  rmSync(join(folder, filename));
  const modules = join(folder, "node_modules");
  link(join(REPOSITORY, "node_modules"), modules, [name, ".bin"]);
  link(join(REPOSITORY, "node_modules/.bin"), join(modules, ".bin"), [name]);
  renameSync(join(folder, "package"), join(modules, name));
  symlinkSync(`../${name}/dist/cli.js`, join(modules, ".bin", name));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
  return join(modules, name);
}

/** Everything in a folder but that. */
function link(from: string, to: string, but: readonly string[]): void {
  mkdirSync(to);
  for (const entry of readdirSync(from)) {
    if (!but.includes(entry)) symlinkSync(join(from, entry), join(to, entry));
  }
}
