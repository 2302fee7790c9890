import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HOSTS_FOLDERS } from "../config/names";
import { CLUSTER_JSON, parseClusterJson } from "../render/cluster-json";

/** A cluster whose files are in the project. */
export interface EmittedCluster {
  /** Folder of its hosts, such as `nix`. */
  readonly folder: string;
  /** Its name in the app. @default - unknown: its `cluster.json` is damaged, or of a version with one cluster in an app */
  readonly stack?: string;
}

/** The clusters that synths have emitted, by their folders, the first one before those that were added to it. */
export const emittedClusters = (project = "."): EmittedCluster[] =>
  readdirSync(project)
    .filter((name) => HOSTS_FOLDERS.test(name) && existsSync(join(project, name, CLUSTER_JSON)))
    .sort()
    .map((folder) => ({
      folder,
      stack: parseClusterJson(readFileSync(join(project, folder, CLUSTER_JSON), "utf8"))?.stack,
    }));
