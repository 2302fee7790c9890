/** The numbers of a K3s version such as `v1.34.2+k3s1`; the last is K3s' own. */
const numbers = (version: string): number[] =>
  (/^v?(\d+)\.(\d+)\.(\d+)(?:\+k3s(\d+))?/.exec(version)?.slice(1) ?? []).map((digits) =>
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- a group that matched nothing is undefined
    Number(digits ?? 0),
  );

/** Negative if the first is older than the second, positive if it is newer, else 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Such as `1.34`; empty for what is no version. */
export const minorOf = (version: string): string => /^v?(\d+\.\d+)\./.exec(version)?.[1] ?? "";

/** Whether a server of one reads and keeps what one of the other has written. */
export const isSameMinor = (one: string, other: string): boolean => minorOf(one) === minorOf(other);
