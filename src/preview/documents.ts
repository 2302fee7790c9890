import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HOSTS_FOLDER } from "../emit/place";
import type { Emitted } from "./emitted";

/** Paths in the project of Markdown documents whose emitted text differs. */
export function compareDocuments(before: Emitted, after: Emitted): string[] {
  const emitted = [before, after].flatMap(({ cluster }) =>
    Object.keys(cluster?.files ?? {})
      .filter((path) => path.endsWith(".md"))
      .map((path) => join(HOSTS_FOLDER, path)),
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
