import type { Description } from "./emitted";
import type { NodePair, Nodes } from "./nodes";

/** What of a host that stays is emitted otherwise. */
export interface HostChange {
  readonly hostname: string;
  /** Names of its files that differ. */
  readonly files: readonly string[];
}

/** By the hashes in `cluster.json`: also what a change of the constructs themselves does. */
export function compareHosts(before: Description, after: Description, { kept }: Nodes): HostChange[] {
  const [old, now] = [filesByDirectory(before), filesByDirectory(after)];
  return kept.flatMap((pair) => {
    const [one, other] = [old.get(pair.before.directory), now.get(pair.after.directory)];
    const names = new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])]);
    const files = [...names].filter((name) => one?.get(name) !== other?.get(name)).sort();
    return files.length === 0 ? [] : [{ hostname: hostnameOf(pair), files }];
  });
}

const hostnameOf = ({ after }: NodePair): string => after.hostname;

function filesByDirectory({ files }: Description): Map<string, Map<string, string>> {
  const directories = new Map<string, Map<string, string>>();
  for (const [path, hash] of Object.entries(files)) {
    const [directory = "", name] = path.split("/");
    if (name === undefined) continue;
    const known = directories.get(directory) ?? new Map<string, string>();
    directories.set(directory, known.set(name, hash));
  }
  return directories;
}

export const reloads = ({ files }: HostChange): boolean => files.includes("nftables.nft");

export const restartsK3s = ({ files }: HostChange): boolean => files.some((name) => name.startsWith("k3s-"));
