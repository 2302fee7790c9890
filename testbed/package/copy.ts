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
  "constructs",
  "docs",
  "k8s",
  "nix",
  "schemas/cluster.schema.json",
  "src",
  "templates",
  "testbed/evidence",
];

/** What is not written to, and large. */
const LINKED = ["node_modules", ".gen", "__tests__"];

/** Copies the repository into a folder, so that commands run there as an owner runs them. */
export function copyProject(folder: string): void {
  for (const name of COPIED) cpSync(join(REPOSITORY, name), join(folder, name), { recursive: true });
  for (const name of LINKED) symlinkSync(join(REPOSITORY, name), join(folder, name));
}
