/** A snapshot that K3s has taken, by its file name. */
export interface NamedSnapshot {
  readonly name: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly taken: number;
  readonly isCompressed: boolean;
}

/** What it was asked for, the node, the time, and whether it is compressed (k3s, pkg/etcd/snapshot.go, `snapshot`). */
const NAME = /^[A-Za-z0-9][\w.-]{0,200}-([1-9]\d{8,9})(\.zip)?$/;

/** @returns `undefined` for a name that K3s would not give */
export function namedSnapshot(name: string): NamedSnapshot | undefined {
  const [, seconds, suffix] = NAME.exec(name) ?? [];
  if (seconds === undefined) return undefined;
  return { name, taken: Number(seconds) * 1000, isCompressed: suffix !== undefined };
}

/** The one of these nodes that took it. A node's name may end with another's. */
export const takenOn = ({ name }: NamedSnapshot, nodes: readonly string[]): string | undefined =>
  nodes
    .filter((node) => name.replace(/-\d+(\.zip)?$/, "").endsWith(`-${node}`))
    .sort((a, b) => b.length - a.length)[0];
