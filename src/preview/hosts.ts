import { join } from "node:path";
import { readHostFolder } from "../emit/host-folder";
import { HOSTS_FOLDER } from "../emit/place";
import type { Emitted } from "./emitted";
import type { Nodes } from "./nodes";

/** What of a host that stays is another. */
export interface HostChange {
  readonly hostname: string;
  /** Its files that differ, by their paths from its directory; what it shares with other hosts is at `../…`. */
  readonly files: readonly string[];
}

/** By the files themselves: what a change of the constructs does, and the host's own `local.nix` with all that it names, are among them. */
export const compareHosts = (before: Emitted, after: Emitted, { kept }: Nodes): HostChange[] =>
  kept.flatMap((pair) => {
    const [old, now] = [filesOf(before, pair.before.directory), filesOf(after, pair.after.directory)];
    const names = new Set([...old.keys(), ...now.keys()]);
    const files = [...names].filter((name) => old.get(name) !== now.get(name)).sort();
    return files.length === 0 ? [] : [{ hostname: pair.after.hostname, files }];
  });

/** What a rollout brings to the host. */
const filesOf = ({ tree }: Emitted, directory: string): ReadonlyMap<string, string> =>
  readHostFolder(join(tree, HOSTS_FOLDER), directory).files;

export const reloads = ({ files }: HostChange): boolean => files.includes("nftables.nft");

export const restartsK3s = ({ files }: HostChange): boolean =>
  files.some((name) => /^k3s-(server|agent)\.nix$/.test(name));
