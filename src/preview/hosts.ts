import { join } from "node:path";
import { readHostFolder } from "../emit/host-folder";
import { REGISTRIES } from "../render/k3s";
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
const filesOf = ({ tree, folder }: Emitted, directory: string): ReadonlyMap<string, string> =>
  readHostFolder(join(tree, folder), directory).files;

const RULESET = "nftables.nft";
const OF_K3S = ["k3s-server.nix", "k3s-agent.nix", REGISTRIES];

export const reloads = ({ files }: HostChange): boolean => files.includes(RULESET);

export const restartsK3s = ({ files }: HostChange): boolean => files.some((name) => OF_K3S.includes(name));

/** Whether files differ of which this program does not know what they change. */
export const changesSystem = ({ files }: HostChange): boolean =>
  files.some((name) => name !== RULESET && !OF_K3S.includes(name));
