import { join } from "node:path";
import { readHostFolder } from "../emit/host-folder";
import { HOSTS_FOLDER } from "../emit/place";
import type { Emitted } from "./emitted";
import type { Nodes } from "./nodes";

/** Changed files of a kept host. */
export interface HostChange {
  readonly hostname: string;
  /** Paths relative to the host's directory; files shared with other hosts are at `../…`. */
  readonly files: readonly string[];
}

/** Compares the files themselves, to include changes of the constructs, and `local.nix` with the files to which it refers. */
export const compareHosts = (before: Emitted, after: Emitted, { kept }: Nodes): HostChange[] =>
  kept.flatMap((pair) => {
    const [old, now] = [filesOf(before, pair.before.directory), filesOf(after, pair.after.directory)];
    const names = new Set([...old.keys(), ...now.keys()]);
    const files = [...names].filter((name) => old.get(name) !== now.get(name)).sort();
    return files.length === 0 ? [] : [{ hostname: pair.after.hostname, files }];
  });

/** The files that a rollout delivers to the host. */
const filesOf = ({ tree }: Emitted, directory: string): ReadonlyMap<string, string> =>
  readHostFolder(join(tree, HOSTS_FOLDER), directory).files;

export const reloads = ({ files }: HostChange): boolean => files.includes("nftables.nft");

export const restartsK3s = ({ files }: HostChange): boolean =>
  files.some((name) => /^k3s-(server|agent)\.nix$/.test(name));
