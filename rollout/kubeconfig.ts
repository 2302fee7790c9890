import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import type { Host } from "./host";
import { Trouble } from "./trouble";

interface Named {
  readonly name: string;
}

interface Kubeconfig {
  readonly apiVersion: string;
  readonly kind: string;
  readonly "current-context"?: string;
  readonly preferences?: object;
  readonly clusters: readonly (Named & { readonly cluster: Readonly<Record<string, unknown>> })[];
  readonly users: readonly (Named & { readonly user: object })[];
  readonly contexts: readonly (Named & { readonly context: object })[];
}

/** The server's kubeconfig, under that name, for the cluster's own address. It is a key to everything. */
export async function fetchKubeconfig(server: Host, name: string): Promise<Kubeconfig> {
  const report = await server.call("kubeconfig", {}, { secret: true });
  const text = report.text("kubeconfig");
  if (text === "") throw new Trouble(`${server.name} has no /etc/rancher/k3s/k3s.yaml: has K3s started?`);
  const { clusters, users } = parse(text) as Kubeconfig;
  const cluster = clusters[0]?.cluster;
  const user = users[0]?.user;
  if (cluster === undefined || user === undefined)
    throw new Trouble(`the kubeconfig of ${server.name} is not one that K3s writes`);
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { ...cluster, server: server.description.apiEndpoint } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
}

/** Where kubectl writes: the first file of $KUBECONFIG, in which there may be empty places, or the one in the home. */
export const defaultPath = (kubeconfig = process.env.KUBECONFIG): string =>
  kubeconfig?.split(":").find(Boolean) ?? join(homedir(), ".kube", "config");

export const asYaml = (config: Kubeconfig): string => stringify(config);

/** Puts it among what the file has, in the place of entries of its name, and makes it current. */
export function mergeInto(path: string, config: Kubeconfig): void {
  const old = existsSync(path) ? (parse(readFileSync(path, "utf8")) as Partial<Kubeconfig> | null) : null;
  const merged = <T extends Named>(others: readonly T[] | undefined, own: readonly T[]): T[] => [
    ...(others ?? []).filter((other) => !own.some(({ name }) => name === other.name)),
    ...own,
  ];
  const text = asYaml({
    ...old,
    ...config,
    clusters: merged(old?.clusters, config.clusters),
    users: merged(old?.users, config.users),
    contexts: merged(old?.contexts, config.contexts),
  });
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600); // also where one was left by a run that was killed
  renameSync(`${path}.new`, path);
}
