/**
 * `npm run reference`: writes the files generated from the settings' schemas and from the command tree. With `--check`, as in `npm run check`, it only
 * reports stale files.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import prettier from "prettier";
import { PACKAGE_ROOT } from "../base/package-root";
import { program } from "../cli/program";
import { withSettings } from "./cluster-schema";
import { commandLineDocument } from "./command-line-document";
import { readComments } from "./comments";
import { settingsDocument } from "./settings-document";

const SCHEMA = "schemas/cluster.schema.json";
const SETTINGS = "docs/reference/settings.md";
const COMMAND_LINE = "docs/reference/command-line.md";

const textOf = (path: string): string => readFileSync(join(PACKAGE_ROOT, path), "utf8");

async function formatted(path: string, text: string): Promise<string> {
  const options = await prettier.resolveConfig(join(PACKAGE_ROOT, path));
  return prettier.format(text, { ...options, filepath: path });
}

/** The new text of each stale file, by its path in the project. */
export async function staleReference(): Promise<Map<string, string>> {
  const comments = readComments(join(PACKAGE_ROOT, "src/config/settings"));
  const texts = [
    [SCHEMA, await formatted(SCHEMA, withSettings(textOf(SCHEMA), comments))],
    [SETTINGS, await formatted(SETTINGS, settingsDocument(comments))],
    [COMMAND_LINE, await formatted(COMMAND_LINE, commandLineDocument(program(() => undefined)))],
  ] as const;
  return new Map(texts.filter(([path, text]) => textOf(path) !== text));
}

async function write(): Promise<void> {
  for (const [path, text] of await staleReference()) writeFileSync(join(PACKAGE_ROOT, path), text);
}

async function check(): Promise<void> {
  const stale = await staleReference();
  if (stale.size === 0) return;
  console.error(`Not what src/config/settings and src/cli say: ${[...stale.keys()].join(", ")}`);
  console.error("\nTo write them anew: npm run reference");
  process.exitCode = 2; // changes are pending, as `check` says it of the hosts' files
}

if (require.main === module) void (process.argv.includes("--check") ? check() : write());
