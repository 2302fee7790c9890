import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Emitted } from "./emitted";

/** Paths in the project of Markdown documents whose emitted text differs. */
export function compareDocuments(before: Emitted, after: Emitted): string[] {
  const emitted = [before, after].flatMap(({ cluster, folder }) =>
    Object.keys(cluster?.files ?? {})
      .filter((path) => path.endsWith(".md"))
      .map((path) => join(folder, path)),
  );
  const regions = [before, after].flatMap(({ cluster }) => cluster?.documents ?? []);
  return [...new Set([...emitted, ...regions])].filter(
    (path) => textOf(before, path) !== textOf(after, path),
  );
}

const textOf = ({ tree }: Emitted, path: string): string => {
  const file = join(tree, path);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};
