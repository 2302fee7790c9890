import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";

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

/** Copies all but the code, which is linked to: tsx keeps what it compiled by path, and compiling takes as long as an app runs. */
export function copyProject(folder: string): void {
  copy(folder, COPIED);
  link(folder, [...CODE, ...LINKED]);
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
