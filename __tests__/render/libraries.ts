import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The results of mermaid for diagrams, or of prettier for Markdown; see es-modules.mjs. */
export const judged = (library: "mermaid" | "prettier", texts: readonly string[]): string[] =>
  answers<string>(library, texts);

/** A document as parsed by marked and by the parser of a browser. */
export interface Rendered {
  /** Names of all elements, in order. */
  readonly elements: readonly string[];
  readonly cells: readonly { readonly text: string; readonly elements: readonly string[] }[];
}

export const rendered = (texts: readonly string[]): Rendered[] => answers<Rendered>("marked", texts);

function answers<T>(library: string, texts: readonly string[]): T[] {
  const { stdout, stderr } = spawnSync(process.execPath, [join(__dirname, "es-modules.mjs"), library], {
    input: JSON.stringify(texts),
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}
