import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** What mermaid says of diagrams, or prettier of Markdown: see es-modules.mjs. */
export function judged(library: "mermaid" | "prettier", texts: readonly string[]): string[] {
  const { stdout, stderr } = spawnSync(process.execPath, [join(__dirname, "es-modules.mjs"), library], {
    input: JSON.stringify(texts),
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}
