import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { FOLDER, type Emitted } from "./emitted";
import type { Nodes } from "./nodes";

/** What of a host that stays is another. */
export interface HostChange {
  readonly hostname: string;
  /** Names of its files that differ. */
  readonly files: readonly string[];
}

/** By the files themselves: what a change of the constructs does, and the host's own `local.nix`, are among them. */
export const compareHosts = (before: Emitted, after: Emitted, { kept }: Nodes): HostChange[] =>
  kept.flatMap((pair) => {
    const [old, now] = [filesOf(before, pair.before.directory), filesOf(after, pair.after.directory)];
    const names = new Set([...old.keys(), ...now.keys()]);
    const files = [...names].filter((name) => old.get(name) !== now.get(name)).sort();
    return files.length === 0 ? [] : [{ hostname: pair.after.hostname, files }];
  });

/** What a rollout brings to the host: name to text. */
function filesOf({ tree }: Emitted, directory: string): Map<string, string> {
  const folder = join(tree, FOLDER, directory);
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).filter((name) => /\.(nix|nft)$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

export const reloads = ({ files }: HostChange): boolean => files.includes("nftables.nft");

export const restartsK3s = ({ files }: HostChange): boolean => files.some((name) => name.startsWith("k3s-"));
