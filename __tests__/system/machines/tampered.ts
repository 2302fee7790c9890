import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withHeader } from "../../../src/emit/header";

/**
 * Changes an emitted file as a faulty HostFiles would have written it, with hashes that match: settings that would lock the
 * owner out are refused earlier.
 */
export function tamper(nix: string, file: string, change: (text: string) => string): void {
  const path = join(nix, file);
  const before = readFileSync(path, "utf8");
  const text = withHeader(file, change(before.split("\n").slice(2).join("\n")));
  if (text === before) throw new Error(`${file}: the change changed nothing`);
  writeFileSync(path, text);
  const list = join(nix, "cluster.json");
  const description = JSON.parse(readFileSync(list, "utf8")) as { files: Record<string, string> } & Record<
    string,
    unknown
  >;
  description.files[file] = createHash("sha256").update(text).digest("hex");
  delete description["//"];
  delete description.sha256;
  writeFileSync(list, withHeader("cluster.json", `${JSON.stringify(description, null, 2)}\n`));
}
