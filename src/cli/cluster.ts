import { UserError } from "../base/user-error";
import { HOSTS_FOLDER } from "../config/names";
import { emittedClusters, type EmittedCluster } from "../emit/clusters";

export interface ClusterOptions {
  /** @default - the only one */
  readonly cluster?: string;
}

/**
 * The cluster that a command is about, of those of the last synth.
 *
 * @returns the folder of a first cluster where there is none yet, and no name was given: whatever reads it says so
 * @throws UserError `usage` when there is none of that name, or no name chooses between several
 */
export function chosenCluster({ cluster: name }: ClusterOptions, project = "."): EmittedCluster {
  const all = emittedClusters(project);
  if (name === undefined && all.length < 2) return all[0] ?? { folder: HOSTS_FOLDER };
  const found = all.find(({ stack }) => stack !== undefined && stack === name);
  if (found !== undefined) return found;
  const unnamed = all.filter(({ stack }) => stack === undefined).map(({ folder }) => folder);
  if (all.length === 0 || unnamed.length > 0) {
    const what =
      unnamed.length > 0
        ? `${unnamed.join(" and ")} does not say its cluster's name`
        : "There is no cluster yet";
    throw new UserError("invalid", what, { remedy: "run npm run synth" });
  }
  const names = all.map(({ stack }) => stack).join(", ");
  if (name === undefined)
    throw new UserError("usage", `Choose a cluster: --cluster NAME with one of ${names}`);
  throw new UserError("usage", `The last synth wrote no cluster ${name}, but ${names}`, {
    remedy: "if main.ts has it, run npm run synth",
  });
}

/**
 * The name of a cluster that command lines need.
 *
 * @param name - @default - a word that stands for the name of any
 * @returns `undefined` where there is one cluster
 */
export const nameAmongSeveral = (name = "NAME", project = "."): string | undefined =>
  emittedClusters(project).length > 1 ? name : undefined;
