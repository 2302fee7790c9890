/**
 * K3s' own keys in etcd, encrypted with the join token, under a name that is made of the token (k3s, pkg/cluster/storage.go and
 * encrypt.go). K3s restores a snapshot only with that token, and takes any where there is no such data.
 */
import { createHash } from "node:crypto";
import { passwordOf } from "../config/secrets";
import type { Snapshot } from "./snapshot";

const PREFIX = "/bootstrap/";

/** @returns whether the snapshot is encrypted with that token; `undefined` when it holds nothing that would tell */
export function isTokenOf({ objects }: Snapshot, token: string): boolean | undefined {
  const names = [...objects.keys()].filter((key) => key.startsWith(PREFIX));
  if (names.length === 0) return undefined;
  const hash = createHash("sha256").update(passwordOf(token)).digest("hex");
  return names.includes(`${PREFIX}${hash.slice(0, 12)}`);
}
