import { join } from "node:path";
import type { Cluster } from "../../src/config/model";
import { emitted, inFolderWith } from "./clusters";
import { evaluate } from "./evaluation";
import { hostFaults, merged, type Host } from "./nixos-options";

/** Configurations of a cluster's hosts by construct id, each with all of its faults. */
export type Configured = Readonly<Record<string, Host>>;

/** A cluster and the text of its files, as emitted or otherwise. */
export interface Copy {
  readonly model: Cluster;
  readonly files: ReadonlyMap<string, string>;
}

/** The configuration of every host of a folder, by directory. */
export async function configurations(
  folder: string,
  directories: readonly string[],
  release?: string,
): Promise<Record<string, Host>> {
  const hosts = Object.fromEntries(directories.map((directory) => [directory, join(folder, directory)]));
  const modules = await evaluate(hosts, release);
  return Object.fromEntries(Object.entries(modules).map(([directory, files]) => [directory, merged(files)]));
}

/** The configurations of several clusters, or of several copies of one, in one evaluation. */
export function configuredAll(copies: readonly Copy[], release?: string): Promise<Configured[]> {
  const files = copies.flatMap((copy, index) =>
    [...copy.files].map(([path, text]): [string, string] => [`${index}/${path}`, text]),
  );
  return inFolderWith(new Map(files), async (folder) => {
    const directories = copies.flatMap(({ model }, index) =>
      model.nodes.map((node) => `${index}/${node.directory}`),
    );
    const hosts = await configurations(folder, directories, release);
    return copies.map(({ model }, index) =>
      Object.fromEntries(
        model.nodes.map((node) => {
          const host = hosts[`${index}/${node.directory}`] as Host;
          // Some rules read the ruleset, so they run while it exists.
          return [node.id, { ...host, faults: hostFaults(host, node) }];
        }),
      ),
    );
  });
}

/** The configurations of one cluster, with files that were changed or added. */
export async function configured(
  model: Cluster,
  changes: Readonly<Record<string, string>> = {},
  release?: string,
): Promise<Configured> {
  const files = new Map([...emitted(model), ...Object.entries(changes)]);
  const [hosts] = await configuredAll([{ model, files }], release);
  return hosts as Configured;
}

/** Faults between hosts that may each be correct alone. */
export function clusterFaults(hosts: readonly Host[]): string[] {
  const founders = hosts.filter(({ options }) => options["services.k3s.clusterInit"] === true);
  return founders.length === 1
    ? []
    : [`services.k3s.clusterInit is true on ${founders.length} hosts, not on one`];
}
