import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtCode } from "./built";

const REPOSITORY = join(__dirname, "../..");

const COPIED = [
  "README.md",
  "main.ts",
  "package.json",
  "package-lock.json",
  ".gitignore",
  ".prettierrc.json",
  "cdktf.json",
  "tsconfig.json",
  "authorized_keys",
  "docs",
  "k8s",
  "nix",
  "schemas/cluster.schema.json",
  "testbed/evidence",
];

const CODE = ["constructs", "src", "templates"];

/** What is not written to, and large. */
const LINKED = ["node_modules", ".gen", "__tests__"];

/** Copies the repository into a folder, so that commands run there as an owner runs them, and the code can be changed. */
export function copyRepository(folder: string): void {
  copy(folder, [...COPIED, ...CODE]);
  link(folder, LINKED);
}

/** Copies all but the code, for which the built code stands: with it, the same commands take half of the time, or less. */
export function copyProject(folder: string): void {
  copy(folder, COPIED);
  link(folder, LINKED);
  const built = builtCode();
  symlinkSync(built, join(folder, "constructs"));
  mkdirSync(join(folder, "src/cli"), { recursive: true });
  symlinkSync(join(built, "cli.js"), join(folder, "src/cli/bin.mjs"));
  symlinkSync(join(built, "app.js"), join(folder, "src/cli/app.ts"));
  // As in an owner's project: without tsx, which would read the built code, too.
  const cdktf = join(folder, "cdktf.json");
  writeFileSync(cdktf, readFileSync(cdktf, "utf8").replace('"npx tsx ', '"node '));
}

/** Copies what an owner edits or an app writes, and links to the rest: for an app that runs in this process. */
export function linkProject(folder: string): void {
  copy(folder, ["main.ts", "cdktf.json", "authorized_keys", "k8s", "nix"]);
  link(folder, ["constructs", ...LINKED]);
}

function copy(folder: string, names: readonly string[]): void {
  for (const name of names) cpSync(join(REPOSITORY, name), join(folder, name), { recursive: true });
}

function link(folder: string, names: readonly string[]): void {
  for (const name of names) symlinkSync(join(REPOSITORY, name), join(folder, name));
}
