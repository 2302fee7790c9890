/** Sets of which there are tens of thousands, most of them empty. */

export const NONE: ReadonlySet<never> = new Set();

/** Without a copy where one of them has everything. */
export function union<T>(sets: readonly ReadonlySet<T>[]): ReadonlySet<T> {
  const filled = sets.filter(isFilled);
  if (filled.length < 2) return filled[0] ?? NONE;
  const all = new Set<T>();
  for (const set of filled) for (const item of set) all.add(item);
  return all;
}

const isFilled = ({ size }: ReadonlySet<unknown>): boolean => size > 0;
