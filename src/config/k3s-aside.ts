/** A server of K3s that is started aside of the cluster, on what was restored of a snapshot. */

/** What it may take. */
export const ASIDE_LIMITS = {
  /** That has to be free: a server took half of it. */
  memoryMib: 1024,
  /** For the restore: K3s took 12 s for a small cluster, and etcd writes its data once. */
  resetSeconds: 600,
  /** Until it is Ready: it took 13 s on two busy cores. */
  startSeconds: 300,
} as const;

/** What a restore and all that is asked then may take, without waiting for a disk. */
export const TRY_SECONDS = ASIDE_LIMITS.resetSeconds + 2 * ASIDE_LIMITS.startSeconds;

/** A flag of `k3s server`. */
export interface K3sOption {
  readonly name: string;
  /** It, and its value where that is a word of its own. */
  readonly words: readonly string[];
}

export function k3sOptions(flags: readonly string[]): K3sOption[] {
  const options: K3sOption[] = [];
  for (const word of flags) {
    const last = options.at(-1);
    const [, name] = /^--?([a-z0-9-]+)(?:=|$)/.exec(word) ?? [];
    if (name !== undefined && !awaitsFlag(last)) options.push({ name, words: [word] });
    else if (last !== undefined) options[options.length - 1] = { ...last, words: [...last.words, word] };
  }
  return options;
}

/** Whether the next word is its value, although it looks like a flag: K3s hands it on to another program (`--etcd-arg --wal-dir=/a`). */
const awaitsFlag = (option: K3sOption | undefined): boolean =>
  option?.words.length === 1 && /^--?[a-z0-9-]+-arg$/.test(option.words[0] ?? "");

/** What it must not share with the host's own, or gets from the restore. */
const OWN = [
  "token",
  "token-file",
  // Another start of the restored data sets the agents' password by it anew (k3s, pkg/daemons/control/deps/deps.go, genUsers).
  /^agent-token/,
  "data-dir",
  /^write-kubeconfig/,
  "cluster-reset",
  "cluster-reset-restore-path",
  // With them a path is taken for a name in the bucket (k3s, pkg/etcd/s3/s3.go).
  /^etcd-s3/,
  /^etcd-(snapshot-|disable-snapshots)/,
  // A file of the host's own K3s.
  "log",
  // It runs tailscale, which speaks with the host's own over a socket.
  /^vpn-auth/,
];

/** Files of the host's own API and etcd: it would write there, or not start where it may not. */
const OWN_FILES = /^(--kube-apiserver-arg=)?(--)?audit-log-|^(--etcd-arg=)?(--)?(wal-dir|log-outputs)=/;

/** Whether etcd has its write-ahead log outside of K3s' data. */
export const hasOwnWal = ({ words }: K3sOption): boolean =>
  /^(--etcd-arg=)?(--)?wal-dir=/.test(words.at(-1) ?? "");

/** The flags of a server for the one aside, which runs no pods and takes no snapshots. */
export const flagsAside = (flags: readonly string[]): string[] => [
  ...k3sOptions(flags)
    .filter(({ name }) => !OWN.some((own) => (own instanceof RegExp ? own.test(name) : own === name)))
    .filter(({ words }) => !OWN_FILES.test(words.at(-1) ?? ""))
    .flatMap(({ words }) => words),
  "--disable-agent",
  "--etcd-disable-snapshots",
];

/** Of the agent, which does not run aside, and of volumes. */
const UNREAD =
  /^(container-runtime-endpoint|default-local-storage-path|flannel-(cni-)?conf|image-credential-provider-|image-service-endpoint|kube-proxy-arg|kubelet-arg|nonroot-devices|private-registry|resolv-conf)/;

/** Files that a server aside reads, each with the flag that names it. */
export const filesAside = (flags: readonly string[]): { readonly flag: string; readonly path: string }[] =>
  k3sOptions(flagsAside(flags)).flatMap(({ name, words }) => {
    const [, path] = /(?:^|=)(\/[^=]*)$/.exec(words.at(-1) ?? "") ?? [];
    return path === undefined || UNREAD.test(name) ? [] : [{ flag: words.join(" "), path }];
  });
