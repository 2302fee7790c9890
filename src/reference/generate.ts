/** `npm run reference`: writes what follows from the settings' schemas. `npm run check` looks whether it is written. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import prettier from "prettier";
import { withSettings } from "./cluster-schema";
import { readComments } from "./comments";
import { settingsDocument } from "./settings-document";

const ROOT = join(__dirname, "..", "..");
const SCHEMA = "schemas/cluster.schema.json";
const DOCUMENT = "docs/settings.md";

const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

async function formatted(path: string, text: string): Promise<string> {
  const options = await prettier.resolveConfig(join(ROOT, path));
  return prettier.format(text, { ...options, filepath: path });
}

/** What is not as the schemas have it: path in the project, to the text that it should have. */
export async function staleReference(): Promise<Map<string, string>> {
  const comments = readComments(join(ROOT, "src/config/settings"));
  const texts = [
    [SCHEMA, await formatted(SCHEMA, withSettings(textOf(SCHEMA), comments))],
    [DOCUMENT, await formatted(DOCUMENT, settingsDocument(comments))],
  ] as const;
  return new Map(texts.filter(([path, text]) => textOf(path) !== text));
}

async function write(): Promise<void> {
  for (const [path, text] of await staleReference()) writeFileSync(join(ROOT, path), text);
}

if (require.main === module) void write();
