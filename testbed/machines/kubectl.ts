/**
 * Stand-in for `k3s kubectl` on a server: answers from the folder that holds the cluster's state, while K3s runs there
 * and more than half of the servers send heartbeats. Its messages and exit codes are those of the real one, which runs in
 * `testbed/kubernetes`. K3s' process answers for it, since a Node for each call would take a quarter of the tests' time.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CLUSTER, presentState, stateIn, uidOf, type State, type StoredObject } from "./cluster-state";

/** Time without a heartbeat after which a node is not Ready; 40 seconds in a real cluster. */
const GRACE_MS = 1500;

interface Node {
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> };
  spec: { unschedulable?: boolean; podCIDR?: string };
  status: { conditions?: object[] };
}

interface Pod {
  metadata: {
    name: string;
    namespace: string;
    ownerReferences: { kind: string; name: string; controller: boolean }[];
    labels: Record<string, string>;
  };
  spec: { nodeName: string; volumes: { emptyDir?: object; persistentVolumeClaim?: { claimName: string } }[] };
  /** Set by a test: a disruption budget protects it. */
  held?: boolean;
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;

function write(path: string, value: object): void {
  writeFileSync(`${path}.kubectl`, JSON.stringify(value));
  renameSync(`${path}.kubectl`, path);
}

export interface Call {
  readonly words: readonly string[];
  /** Standard input. */
  readonly input: string;
  readonly kubeconfig?: string | undefined;
}

export interface Answer {
  readonly status: 0 | 1;
  readonly stdout: string;
  readonly stderr: string;
}

/** It ends with exit status 1, after this output. */
class Failure extends Error {
  public constructor(
    message: string,
    public readonly stdout = "",
  ) {
    super(message);
  }
}

function fail(message: string): never {
  throw new Failure(message);
}

const heard = (name: string): number => {
  const path = `${CLUSTER}/leases/${name}`;
  return existsSync(path) ? statSync(path).mtimeMs : 0;
};

const isReady = ({ metadata }: Node): boolean => Date.now() - heard(metadata.name) < GRACE_MS;

const isServer = ({ metadata }: Node): boolean => "node-role.kubernetes.io/control-plane" in metadata.labels;

/** Of etcd: a server that was not reset with the others is none, though its Node is in the snapshot. */
const isMember = ({ metadata }: Node): boolean => existsSync(`${CLUSTER}/members/${metadata.name}`);

const names = (folder: string): string[] =>
  readdirSync(`${CLUSTER}/${folder}`).filter((file) => file.endsWith(".json"));

const nodes = (): Node[] => names("nodes").map((file) => read<Node>(`${CLUSTER}/nodes/${file}`));

const pods = (): Pod[] => names("pods").map((file) => read<Pod>(`${CLUSTER}/pods/${file}`));

function checkApi(): void {
  // Agents have no kubeconfig, and kubectl then uses its own default.
  if (!existsSync("/etc/rancher/k3s/k3s.yaml"))
    fail("The connection to the server localhost:8080 was refused - did you specify the right host or port?");
  const refused =
    "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?";
  const unit = "/run/units/k3s.service";
  const running = existsSync(`${unit}/state`) && readFileSync(`${unit}/state`, "utf8").trim() === "active";
  // The API also answers while the start still waits for readiness.
  if (!running && !existsSync(`${unit}/ready`)) fail(refused);
  // As a real one does for seconds after each start.
  if (existsSync("/faults/api-not-ready"))
    fail("Error from server (ServiceUnavailable): apiserver not ready");
  const servers = nodes().filter((node) => isServer(node) && isMember(node));
  if (servers.filter(isReady).length * 2 <= servers.length)
    fail("Error from server: etcdserver: request timed out");
}

const shown = (node: Node): Node => ({
  ...node,
  status: { ...node.status, conditions: [{ type: "Ready", status: isReady(node) ? "True" : "Unknown" }] },
});

const list = (items: object[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });

function change(name: string, edit: (node: Node) => void): void {
  const path = `${CLUSTER}/nodes/${name}.json`;
  if (!existsSync(path)) fail(`Error from server (NotFound): nodes "${name}" not found`);
  const node = read<Node>(path);
  edit(node);
  write(path, node);
}

const option = (words: readonly string[], name: string): string | undefined =>
  words.find((word) => word.startsWith(`--${name}=`))?.slice(`--${name}=`.length);

/** Of a server that a restore has started aside; empty where it has restored nothing. */
const stateAside = (kubeconfig: string): State =>
  stateIn(`${dirname(kubeconfig)}/server/db/etcd/member/snap/db`) ?? {
    uid: "00000000-0000-4000-8000-000000000000",
    objects: [],
  };

/** Objects by the templates that `remote/objects.sh` uses, and no others. */
function getByTemplate(kinds: string, template: string, kubeconfig: string | undefined): string {
  const { uid, objects } = kubeconfig === undefined ? presentState() : stateAside(kubeconfig);
  if (template.includes(".metadata.uid")) return uid;
  const plurals = kinds.split(",");
  const asked = objects.filter(({ kind }) => plurals.includes(`${kind.toLowerCase()}s`));
  const line = ({ kind, namespace, name, revision, content }: StoredObject): string => {
    if (template.includes(".apiVersion")) return `v1 ${kind}`;
    if (template.includes(".data")) return `${namespace}/${name} ${revision} ${JSON.stringify({ content })}`;
    return `${kind} ${namespace} ${name} ${revision}`;
  };
  return asked.map(line).join("\n");
}

/** @param raw - a path of the API */
function get(raw: string | undefined, kind: string, name: string): string {
  if (raw === "/readyz") return "ok";
  if (raw === "/apis/k3s.cattle.io/v1/etcdsnapshotfiles")
    return list(names("snapshots").map((file) => read<object>(`${CLUSTER}/snapshots/${file}`)));
  if (raw === "/metrics") return metrics();
  if (kind === "nodes") return list(nodes().map(shown));
  if (kind === "leases") {
    return list(
      nodes()
        .filter(({ metadata }) => heard(metadata.name) > 0)
        .map(({ metadata: { name } }) => ({
          metadata: { name },
          spec: { renewTime: readFileSync(`${CLUSTER}/leases/${name}`, "utf8") },
        })),
    );
  }
  if (kind === "lease") return existsSync(leasePath(name)) ? readFileSync(leasePath(name), "utf8") : "";
  if (kind === "namespace") return JSON.stringify({ metadata: { name, uid: uidOf() } });
  if (kind === "persistentvolumes")
    return list(names("volumes").map((file) => read<object>(`${CLUSTER}/volumes/${file}`)));
  if (kind === "pods") return pods().map(row).join("\n");
  fail(`error: the server doesn't have a resource type "${kind}"`);
}

/** A part of what an API server tells Prometheus, with what a test has set. */
function metrics(): string {
  const path = `${CLUSTER}/deprecated-apis`;
  const asked = existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  const labels = asked.map((line) => line.split(" "));
  return [
    "# TYPE apiserver_requested_deprecated_apis gauge",
    ...labels.map(
      ([group, version, resource, removed]) =>
        `apiserver_requested_deprecated_apis{group="${group}",removed_release="${removed}",resource="${resource}",subresource="",version="${version}"} 1`,
    ),
    'apiserver_request_total{code="200",resource="pods",verb="GET",version="v1"} 5',
  ].join("\n");
}

/** Leases that do not belong to kubelets. */
const leasePath = (name: string): string => `${CLUSTER}/leases.${name}`;

interface Lease {
  metadata: { name: string; resourceVersion?: string; annotations?: object };
  spec: object;
}

function createLease(input: string): void {
  const lease = JSON.parse(input) as Lease;
  const { name } = lease.metadata;
  if (existsSync(leasePath(name)))
    fail(`Error from server (AlreadyExists): leases.coordination.k8s.io "${name}" already exists`);
  write(leasePath(name), { ...lease, metadata: { ...lease.metadata, resourceVersion: "1" } });
}

function patchLease(name: string, patch: Lease): void {
  const lease = read<Lease>(leasePath(name));
  const { resourceVersion } = lease.metadata;
  if (resourceVersion !== patch.metadata.resourceVersion)
    fail(`Error from server (Conflict): Operation cannot be fulfilled on leases "${name}"`);
  const version = { resourceVersion: `${Number(resourceVersion) + 1}` };
  const metadata = { ...lease.metadata, ...patch.metadata, ...version };
  write(leasePath(name), { ...lease, metadata, spec: { ...lease.spec, ...patch.spec } });
}

/** An object of a manifest. */
interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; resourceVersion?: string; managedFields?: object[] };
  data?: Record<string, string>;
}

/** Those of standard input, which are written as JSON here. */
const manifestsIn = (input: string): Manifest[] =>
  input
    .split(/^---$/m)
    .filter((text) => text.trim() !== "")
    .map((text) => JSON.parse(text) as Manifest);

const manifestPath = ({ kind, metadata: { name, namespace = "default" } }: Manifest): string =>
  `${CLUSTER}/manifests.${kind}.${namespace}.${name}`;

const applied = (manifest: Manifest): Manifest[] =>
  existsSync(manifestPath(manifest)) ? [read<Manifest>(manifestPath(manifest))] : [];

/** Server-side, with one field manager: each object becomes what the manifest says. */
function apply(words: readonly string[], input: string): string {
  // The words of an API that repeats what it refuses, as it does of a value of another type.
  if (existsSync("/faults/api-repeats")) fail(`Error from server (BadRequest): ${input}`);
  const dry = option(words, "dry-run") === "server";
  const manager = option(words, "field-manager");
  const results = manifestsIn(input).map((manifest): Manifest => {
    const managedFields = [{ manager, operation: "Apply", fieldsV1: manifest }];
    const [before] = applied(manifest);
    const { resourceVersion = "0" } = before?.metadata ?? {};
    const namespace = manifest.metadata.namespace ?? "default";
    const metadata = { ...manifest.metadata, namespace, resourceVersion, managedFields };
    const after = { ...manifest, metadata };
    if (dry || JSON.stringify(before) === JSON.stringify(after)) return after;
    event(`apply ${manifest.kind} ${manifest.metadata.name}`);
    metadata.resourceVersion = `${Number(resourceVersion) + 1}`;
    write(manifestPath(manifest), after);
    return after;
  });
  return list(results);
}

/** What a rollout asks for by a template before it applies manifests. @returns `undefined` for any other question */
function aboutManifests(kind: string, name: string, template: string): string | undefined {
  if (kind === "namespaces" && template === NAMES) return "default\nkube-system";
  if (kind !== "configmap" || template !== "jsonpath={.data.objects}") return undefined;
  const inventory = { kind: "ConfigMap", metadata: { name, namespace: "kube-system" } };
  return applied(inventory)[0]?.data?.objects ?? "";
}

const NAMES = 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}';

const controllerOf = ({ metadata }: Pod): string => metadata.ownerReferences[0]?.kind ?? "";

const nameOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;

/** A row of the only table that a rollout requests. */
const row = (pod: Pod): string =>
  [
    nameOf(pod),
    pod.spec.nodeName,
    controllerOf(pod),
    "",
    pod.spec.volumes.flatMap(({ emptyDir }) => (emptyDir === undefined ? [] : ["{}"])).join(" "),
    pod.metadata.ownerReferences[0]?.name,
    pod.metadata.labels["pod-template-hash"],
    pod.spec.volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []).join(" "),
    "",
  ].join("\t");

/** Rows of `src/rollout/running.ts`, in which each node has 1 GiB and each pod requests 64 MiB. */
function ofSimulation(kind: string, template: string): string[][] | undefined {
  if (kind === "poddisruptionbudgets" || kind === "persistentvolumes") return [];
  if (kind === "nodes" && template.includes(".allocatable"))
    return nodes().map((node) => [
      node.metadata.name,
      JSON.stringify(node.metadata.labels),
      "",
      node.spec.unschedulable === true ? "true" : "",
      isReady(node) ? "True" : "Unknown",
      "1Gi",
    ]);
  if (kind === "pods" && template.includes(".tolerations"))
    return pods().map((pod) => [row(pod), "", "True", "", "64Mi", "", "", "", "", "", ""]);
  return undefined;
}

/** What it does not evict is held by a disruption budget, which it waits for until its time is over. */
async function drain(name: string, words: readonly string[]): Promise<string> {
  const lines: string[] = [];
  change(name, (node) => {
    lines.push(`node/${name} ${node.spec.unschedulable === true ? "already " : ""}cordoned`);
    node.spec.unschedulable = true;
  });
  const own = pods().filter((pod) => pod.spec.nodeName === name && controllerOf(pod) !== "DaemonSet");
  const bare = own.filter((pod) => controllerOf(pod) === "");
  if (bare.length > 0 && !words.includes("--force")) {
    const names = bare.map(nameOf).join(", ");
    return failDraining(name, lines, [
      `cannot delete cannot delete Pods that declare no controller (use --force to override): ${names}`,
    ]);
  }
  const held = own.filter((pod) => pod.held === true);
  for (const pod of own) {
    lines.push(`evicting pod ${nameOf(pod)}`);
    if (held.includes(pod)) continue;
    rmSync(`${CLUSTER}/pods/${pod.metadata.name}.json`);
    lines.push(`pod/${pod.metadata.name} evicted`);
  }
  if (held.length === 0) return [...lines, `node/${name} drained`].join("\n");
  const evicting = held.map(
    ({ metadata }) => `error when evicting pods/"${metadata.name}" -n "${metadata.namespace}"`,
  );
  const timeout = option(words, "timeout") ?? "0s";
  await new Promise((resolve) => setTimeout(resolve, Number.parseInt(timeout) * 1000));
  const budget = "Cannot evict pod as it would violate the pod's disruption budget.";
  return failDraining(
    name,
    lines,
    evicting.map((each) => `${each}: global timeout reached: ${timeout}`),
    evicting.map((each) => `${each} (will retry after 5s): ${budget}`),
  );
}

function failDraining(
  name: string,
  lines: readonly string[],
  errors: readonly string[],
  warnings: readonly string[] = [],
): never {
  const all = errors.length === 1 ? errors[0] : `[${errors.join(", ")}]`;
  const unable = `error: unable to drain node "${name}" due to error: ${all}, continuing command...`;
  const pending = ["There are pending nodes to be drained:", ` ${name}`, ...errors];
  throw new Failure([...warnings, unable, ...pending].join("\n"), lines.map((line) => `${line}\n`).join(""));
}

function event(words: string): void {
  const machine = readFileSync("/etc/machine-name", "utf8").trim();
  writeFileSync(`${CLUSTER}/events`, `${machine} kubectl ${words}\n`, { flag: "a" });
}

function schedule(verb: "cordon" | "uncordon", name: string): string {
  event(`${verb} ${name}`);
  const wanted = verb === "cordon";
  let already = "";
  change(name, (node) => {
    if ((node.spec.unschedulable ?? false) === wanted) already = "already ";
    node.spec.unschedulable = wanted;
  });
  return `node/${name} ${already}${verb}ed`;
}

function annotate(name: string, assignment: string): string {
  const [key = "", value] = assignment.replace(/-$/, "").split("=");
  change(name, ({ metadata }) => {
    if (value === undefined) delete metadata.annotations[key];
    else metadata.annotations[key] = value;
  });
  return `node/${name} annotated`;
}

function remove(kind: string, name: string): string {
  event(`delete ${kind} ${name}`);
  if (kind === "secret") {
    rmSync(`${CLUSTER}/secrets/${name}`, { force: true });
    return "";
  }
  rmSync(`${CLUSTER}/nodes/${name}.json`, { force: true });
  rmSync(`${CLUSTER}/members/${name}`, { force: true });
  // K3s removes it as soon as the Node is deleted.
  rmSync(`${CLUSTER}/secrets/${name}.node-password.k3s`, { force: true });
  return `node "${name}" deleted`;
}

/** @returns what it prints */
async function run({ words, input, kubeconfig }: Call): Promise<string> {
  const [verb = "", first = "", second = "", third = ""] = words.filter((word) => !word.startsWith("-"));
  if (kubeconfig === undefined) checkApi();
  switch (verb) {
    case "api-resources":
      return ["configmaps", "namespaces", "nodes", "secrets"].join("\n");
    case "get": {
      if (words.includes("-f")) return list(manifestsIn(input).flatMap(applied));
      const template = words.find((word) => word.startsWith("jsonpath="));
      const asked = template === undefined ? undefined : aboutManifests(first, second, template);
      if (asked !== undefined) return asked;
      const rows = template === undefined ? undefined : ofSimulation(first, template);
      if (rows !== undefined) return rows.map((cells) => cells.join("\t")).join("\n");
      if (template !== undefined && first !== "pods")
        return getByTemplate(`${first}${first === "namespace" ? "s" : ""}`, template, kubeconfig);
      return get(option(words, "raw"), first, second);
    }
    case "apply":
      return apply(words, input);
    case "cordon":
    case "uncordon":
      return schedule(verb, first);
    case "annotate":
      return annotate(second, third);
    case "create":
      createLease(input);
      return "";
    case "patch":
      patchLease(second, JSON.parse(words.at(words.indexOf("-p") + 1) ?? ""));
      return "";
    case "drain":
      event(`drain ${first}`);
      return drain(first, words);
    case "delete":
      return remove(first, second);
    default:
      return fail(`error: unknown command "${verb}"`);
  }
}

export async function kubectl(call: Call): Promise<Answer> {
  try {
    const text = await run(call);
    return { status: 0, stdout: text === "" ? "" : `${text}\n`, stderr: "" };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { status: 1, stdout: error.stdout, stderr: `${error.message}\n` };
  }
}
