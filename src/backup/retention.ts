import type { Manifest } from "./manifest";

/** How long backups are kept. */
export interface Retention {
  /** Number of backups. */
  readonly keep: number;
  /** Days. @default - of any age */
  readonly keepDays?: number;
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * Those of a cluster's backups that are over: more than are kept, or too old. Never the newest, and none of another cluster.
 *
 * @param now - in milliseconds since 1970
 */
export function overdue<T extends { readonly manifest: Pick<Manifest, "takenAt" | "clusterUid"> }>(
  backups: readonly T[],
  clusterUid: string,
  { keep, keepDays = Infinity }: Retention,
  now: number,
): T[] {
  const time = ({ manifest }: T): number => Date.parse(manifest.takenAt);
  const own = backups.filter(({ manifest }) => manifest.clusterUid === clusterUid);
  const newestFirst = own.sort((a, b) => time(b) - time(a));
  return newestFirst.filter((each, at) => at > 0 && (at >= keep || now - time(each) > keepDays * DAY));
}
