import { kindOf, type Snapshot } from "./snapshot";

/** What a restore of an older snapshot undoes, by keys in etcd. */
export interface Difference {
  /** They are in the newer one only, and would be lost. */
  readonly created: readonly string[];
  /** They would be as they were. */
  readonly changed: readonly string[];
  /** They would be back. */
  readonly deleted: readonly string[];
}

/** Kinds that the cluster itself writes all the time. */
const PASSING = new Set(["events", "leases", "masterleases"]);

export function difference(older: Snapshot, newer: Snapshot): Difference {
  const lasts = ([key]: readonly [string, number]): boolean => {
    const kind = kindOf(key);
    return kind !== undefined && !PASSING.has(kind);
  };
  const now = [...newer.objects].filter(lasts);
  const keysOf = (entries: readonly (readonly [string, number])[]): string[] =>
    entries.map(([key]) => key).sort();
  return {
    created: keysOf(now.filter(([key]) => !older.objects.has(key))),
    changed: keysOf(now.filter(([key, revision]) => older.objects.has(key) && revision > older.revision)),
    deleted: keysOf([...older.objects].filter(lasts).filter(([key]) => !newer.objects.has(key))),
  };
}

/** One line for each object, for a log. */
export const differenceInLines = ({ created, changed, deleted }: Difference): string =>
  [
    ...created.map((key) => `lost: ${key}`),
    ...changed.map((key) => `as before: ${key}`),
    ...deleted.map((key) => `back: ${key}`),
  ].join("\n");
