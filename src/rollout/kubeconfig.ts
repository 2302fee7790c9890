import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { npmRun } from "../base/command-line";
import { UserError } from "../base/user-error";
import { certificateDays } from "../config/rollout";
import { daysLeft, expiries, leftInWords } from "./certificates";
import type { Description } from "./description";
import type { Host } from "./host";

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

/** The server's kubeconfig, with that name and the cluster's API endpoint. It gives full access to the cluster. */
export async function fetchKubeconfig(server: Host, name: string): Promise<Kubeconfig> {
  const report = await server.call("kubeconfig", {}, { secret: true });
  const text = report.text("kubeconfig");
  if (text === "")
    throw new UserError("failed", `${server.name} has no /etc/rancher/k3s/k3s.yaml`, {
      remedy: "has K3s started?",
    });
  const { cluster, user } = certificatesOf(server.name, text);
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { ...cluster, server: server.description.apiEndpoint } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
}

type Certificates = Readonly<Record<"cluster" | "user", Readonly<Record<string, string>>>>;

const CERTIFICATE = ["CERTIFICATE"];

/** Fields to take, and the PEM blocks that each may contain. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  "cluster.certificate-authority-data": CERTIFICATE,
  "user.client-certificate-data": CERTIFICATE,
  "user.client-key-data": ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"],
};

/** K3s writes it for its own machine; the cluster's endpoint replaces it. */
const LEFT = "cluster.server";

/**
 * The certificates of a kubeconfig as K3s writes it. A server may be compromised, and kubectl runs programs that a kubeconfig
 * names (`user.exec`). So a field that K3s does not write is refused, not silently dropped.
 *
 * @throws UserError with the name of each unexpected field; values are not shown
 */
export function certificatesOf(server: string, text: string): Certificates {
  const parts = partsOf(text);
  if (parts === undefined)
    throw new UserError("refused", `the kubeconfig of ${server} is not one that K3s writes`);
  const found = new Map<string, unknown>(
    Object.entries(parts).flatMap(([part, fields]) =>
      Object.entries(fields).map(([field, value]) => [`${part}.${field}`, value] as const),
    ),
  );
  const faults = [
    ...[...found.keys()]
      .filter((field) => field !== LEFT && TAKEN[field] === undefined)
      .map((field) => `${field} is not a field that K3s writes`),
    ...Object.entries(TAKEN)
      .filter(([field, blocks]) => !isPem(found.get(field), blocks))
      .map(([field, blocks]) => `${field} is not a ${blocks[0]} in PEM and base64`),
  ];
  if (faults.length > 0) {
    const what = `the kubeconfig of ${server} was refused, and nothing was written`;
    throw new UserError(
      "refused",
      `${what}: ${faults.join("; ")}. Look at /etc/rancher/k3s/k3s.yaml there: who changed it?`,
    );
  }
  const taken = (part: string): Record<string, string> =>
    Object.fromEntries(
      [...found]
        .filter(([field]) => TAKEN[field] !== undefined && field.startsWith(`${part}.`))
        .map(([field, value]) => [field.slice(part.length + 1), value as string]),
    );
  return { cluster: taken("cluster"), user: taken("user") };
}

/** The only cluster and the only user; `undefined` unless the kubeconfig has exactly one of each. */
function partsOf(text: string): Readonly<Record<"cluster" | "user", object>> | undefined {
  let config: Partial<Kubeconfig> | null;
  try {
    config = parse(text) as Partial<Kubeconfig> | null;
  } catch {
    return undefined;
  }
  const [cluster, ...clusters] = listed(config?.clusters);
  const [user, ...users] = listed(config?.users);
  if (clusters.length + users.length > 0 || !isObject(cluster?.cluster) || !isObject(user?.user))
    return undefined;
  return { cluster: cluster.cluster, user: user.user };
}

const listed = <T>(list: readonly T[] | undefined): readonly T[] =>
  Array.isArray(list) ? (list as T[]) : [];

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Whether it is base64 of PEM that contains only blocks with those names. */
function isPem(value: unknown, blocks: readonly string[]): boolean {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return false;
  const block = `-----BEGIN (${blocks.join("|")})-----\n[A-Za-z0-9+/=\n]+-----END \\1-----\n*`;
  const text = Buffer.from(value, "base64").toString("latin1").replaceAll("\r\n", "\n");
  return new RegExp(`^${block}`).test(text) && text.replaceAll(new RegExp(block, "g"), "") === "";
}

/** The file that kubectl writes to: the first non-empty one of $KUBECONFIG, or the one in the home directory. */
export const defaultPath = (kubeconfig = process.env.KUBECONFIG): string =>
  kubeconfig?.split(":").find(Boolean) ?? join(homedir(), ".kube", "config");

export const asYaml = (config: Kubeconfig): string => stringify(config);

/** Merges it into the file, replaces entries with its name, and makes it the current context. */
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
  chmodSync(`${path}.new`, 0o600); // also for a file that a killed run left
  renameSync(`${path}.new`, path);
}

/**
 * Renews the entries of that name in the operator's file, and leaves the current context.
 *
 * @returns whether it did: not where the three entries are not those of `mergeInto`, or trust another certificate authority
 */
export function renewIn(path: string, config: Kubeconfig): boolean {
  const old = parse(readFileSync(path, "utf8")) as Kubeconfig;
  const authority = ({ clusters }: Kubeconfig): unknown =>
    clusters.find(({ name }) => name === config["current-context"])?.cluster["certificate-authority-data"];
  const written = old.contexts.find(({ name }) => name === config["current-context"])?.context;
  if (authority(old) !== authority(config) || !isDeepStrictEqual(written, config.contexts[0]?.context))
    return false;
  mergeInto(path, { ...config, "current-context": old["current-context"] });
  return true;
}

type Entry = Readonly<Record<string, unknown>>;

/** The operator's access to the cluster, and how long its certificate is valid. */
export interface OwnKubeconfig {
  readonly path: string;
  /** Name of its context. */
  readonly name: string;
  /** Whole days that its certificate has left; negative after the end. */
  readonly days: number;
}

/**
 * The context with the cluster's API endpoint in the operator's kubeconfig whose certificate is in that file, as the command
 * `kubeconfig` writes it. `undefined` if there is none, or the file cannot be read: it belongs to the operator.
 */
export function ownKubeconfig(
  { apiEndpoint }: Pick<Description, "apiEndpoint">,
  path = defaultPath(),
  now = new Date(),
): OwnKubeconfig | undefined {
  let config: Partial<Kubeconfig> | null;
  try {
    config = parse(readFileSync(path, "utf8")) as Partial<Kubeconfig> | null;
  } catch {
    return undefined;
  }
  const [clusters, contexts, users] = [config?.clusters, config?.contexts, config?.users].map((list) =>
    listed<unknown>(list).filter(isObject),
  ) as [Entry[], Entry[], Entry[]];
  const within = (entry: Entry | undefined, part: string, field: string): unknown =>
    (entry?.[part] as Entry | undefined | null)?.[field];
  const cluster = clusters.find((each) => within(each, "cluster", "server") === apiEndpoint);
  const context = contexts.find(
    (each) => cluster !== undefined && within(each, "context", "cluster") === cluster.name,
  );
  const user = users.find(({ name }) => name === within(context, "context", "user"));
  const data = within(user, "user", "client-certificate-data");
  if (typeof context?.name !== "string" || typeof data !== "string") return undefined;
  const [expires] = expiries(Buffer.from(data, "base64").toString("latin1"));
  return expires === undefined ? undefined : { path, name: context.name, days: daysLeft(expires, now) };
}

/** A kubeconfig is a copy: no restart of a server renews it. */
export function kubeconfigFaults(
  description: Pick<Description, "rollout"> | undefined,
  kubeconfig: OwnKubeconfig | undefined,
): string[] {
  if (description === undefined || kubeconfig === undefined) return [];
  const { path, name, days } = kubeconfig;
  if (days >= certificateDays(description)) return [];
  const words = `the certificate of context ${name} in ${path} ${leftInWords(days)}`;
  return [`${words}: ${npmRun(`rollout -- kubeconfig --name ${name}`)}, once the servers' own are newer`];
}
