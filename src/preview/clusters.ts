import { code } from "../base/markdown";
import { emittedClusters } from "../emit/clusters";
import { readCluster, type Emitted } from "./emitted";
import { compare, summary, type Preview } from "./preview";

/** Both sides of one cluster. */
export interface ClusterPair {
  /** Name in the app, or the folder where an older version did not record it. */
  readonly name: string;
  /** @default - the cluster is new */
  readonly before?: Emitted;
  /** @default - the app does not have it any more */
  readonly after?: Emitted;
}

/**
 * The clusters of two versions of an app, matched by name, or else by folder, which stays when a stack is renamed. One pair of both as
 * they are where no version has several.
 */
export function pairClusters(before: Emitted, after: Emitted): ClusterPair[] {
  const [former, now] = [clustersOf(before), clustersOf(after)];
  if (former.length < 2 && now.length < 2) return [{ name: nameOf(after), before, after }];
  const claimed = new Set<Emitted>();
  const named = now.map((each) => former.find((other) => nameOf(other) === nameOf(each)));
  for (const each of named) if (each !== undefined) claimed.add(each);
  const pairs = now.map((each, index) => {
    const other = named[index] ?? former.find((one) => one.folder === each.folder && !claimed.has(one));
    if (other !== undefined) claimed.add(other);
    return { name: nameOf(each), before: other, after: each };
  });
  const removed = former.filter((each) => !claimed.has(each));
  return [...pairs, ...removed.map((each) => ({ name: nameOf(each), before: each }))];
}

/** What becomes of a cluster. */
export function comparePair({ name, before, after }: ClusterPair): Preview {
  const present = after ?? before;
  if (present === undefined) throw new Error("a pair has a side");
  const nothing = { ...present, stacks: [], cluster: undefined };
  if (after !== undefined) return compare(before ?? nothing, after);
  const unchanged = compare(nothing, nothing);
  return {
    ...unchanged,
    dangers: [
      `The cluster ${code(name)} is no longer in \`main.ts\`: its VMs keep running, and no plan will know them`,
    ],
    nodes: { ...unchanged.nodes, removed: (before?.cluster?.nodes ?? []).map(summary) },
  };
}

const nameOf = ({ cluster, folder }: Emitted): string => cluster?.stack ?? folder;

/** The output for each cluster, with the first's what belongs to none. */
function clustersOf(emitted: Emitted): Emitted[] {
  if (emitted.cluster === undefined) return [];
  const all = emittedClusters(emitted.tree);
  return all.map(({ folder, stack }, index) => {
    const others = all.filter((each) => each.folder !== folder).map((each) => each.stack);
    return {
      ...emitted,
      folder,
      cluster: readCluster(emitted.tree, folder),
      stacks: emitted.stacks.filter(({ name }) => (index === 0 ? !others.includes(name) : name === stack)),
    };
  });
}
