import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json";
import { hashOf } from "./hash";
import { keep, keptPath } from "./kept";

const REPOSITORY = join(__dirname, "../..");

/** An owner's `tsconfig.json`, without a reference to this repository. */
const TSCONFIG = { compilerOptions: { module: "node16", target: "es2022", strict: true, types: [] } };

/** What the package is built from, in addition to the `files` that it contains unchanged. */
const SOURCES = [
  ".gen",
  "LICENSE",
  "README.md",
  "constructs",
  "package.json",
  "packaging",
  "src",
  "templates",
  "tsconfig.json",
];

const run = (cwd: string, program: string, ...words: string[]): string =>
  execFileSync(program, words, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/**
 * Builds and packs the package from a copy of this repository: several may build or pack at the same time.
 *
 * @param folder - for the tarball
 * @param change - changes the copy before it is built, into another version
 * @returns the tarball's path
 */
export function packPackage(folder: string, change?: (copy: string) => void): string {
  const copy = copySources(folder);
  change?.(copy);
  const kept = keptPath("packed", `${hashOf(copy)}.tgz`);
  keep(kept, (making) => pack(copy, making));
  const { version } = JSON.parse(readFileSync(join(copy, "package.json"), "utf8")) as { version: string };
  const tarball = join(folder, `${packageJson.name}-${version}.tgz`);
  copyFileSync(kept, tarball);
  rmSync(copy, { recursive: true });
  return tarball;
}

function copySources(folder: string): string {
  const copy = mkdtempSync(join(folder, "repository-"));
  const files = packageJson.files.map((file) => file.replace(/\/\*.*/, "")).filter((file) => file !== "dist");
  for (const name of [...SOURCES, ...files]) {
    cpSync(join(REPOSITORY, name), join(copy, name), { recursive: true });
  }
  return copy;
}

/** @returns the tarball's path */
function pack(copy: string, folder: string): string {
  symlinkSync(join(REPOSITORY, "node_modules"), join(copy, "node_modules"));
  run(copy, "npm", "run", "--silent", "build");
  // Without scripts: `prepare` would generate the bindings again.
  const packed = run(copy, "npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return join(folder, filename);
}

/**
 * Installs the packed package into a folder, with links to the packages of this repository. It does not use a
 * registry.
 *
 * @returns the package's folder
 */
export function installPackage(folder: string): string {
  const { name } = packageJson;
  const tarball = packPackage(folder);
  run(folder, "tar", "-xzf", tarball);
  rmSync(tarball);
  const modules = join(folder, "node_modules");
  link(join(REPOSITORY, "node_modules"), modules, [name, ".bin"]);
  link(join(REPOSITORY, "node_modules/.bin"), join(modules, ".bin"), [name]);
  renameSync(join(folder, "package"), join(modules, name));
  symlinkSync(`../${name}/dist/cli.js`, join(modules, ".bin", name));
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
  return join(modules, name);
}

/** Everything in a folder except one entry. */
function link(from: string, to: string, but: readonly string[]): void {
  mkdirSync(to);
  for (const entry of readdirSync(from)) {
    if (!but.includes(entry)) symlinkSync(join(from, entry), join(to, entry));
  }
}
