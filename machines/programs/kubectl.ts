/**
 * Stand-in for `k3s kubectl` on a server: answers from the folder that holds the cluster's state, while K3s runs there
 * and more than half of the servers are heard of.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

const CLUSTER = "/cluster";
/** A node that was not heard of for so long is not Ready; 40 seconds in a real cluster. */
const GRACE_MS = 1500;

interface Node {
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> };
  spec: { unschedulable?: boolean; podCIDR?: string };
  status: { conditions?: object[] };
}

interface Pod {
  metadata: { name: string; namespace: string; ownerReferences?: { kind: string }[] };
  spec: { nodeName: string; volumes?: object[] };
  /** Of the test: a disruption budget holds it. */
  held?: boolean;
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;

function write(path: string, value: object): void {
  writeFileSync(`${path}.kubectl`, JSON.stringify(value));
  renameSync(`${path}.kubectl`, path);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

const heard = (name: string): number => {
  const path = `${CLUSTER}/leases/${name}`;
  return existsSync(path) ? statSync(path).mtimeMs : 0;
};

const isReady = ({ metadata }: Node): boolean => Date.now() - heard(metadata.name) < GRACE_MS;

const isServer = ({ metadata }: Node): boolean => "node-role.kubernetes.io/control-plane" in metadata.labels;

const names = (folder: string): string[] =>
  readdirSync(`${CLUSTER}/${folder}`).filter((file) => file.endsWith(".json"));

const nodes = (): Node[] => names("nodes").map((file) => read<Node>(`${CLUSTER}/nodes/${file}`));

const pods = (): Pod[] => names("pods").map((file) => read<Pod>(`${CLUSTER}/pods/${file}`));

function checkApi(): void {
  // Agents have none, and kubectl then asks its own default.
  if (!existsSync("/etc/rancher/k3s/k3s.yaml"))
    fail("The connection to the server localhost:8080 was refused - did you specify the right host or port?");
  const refused =
    "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?";
  const unit = "/run/units/k3s.service";
  const running = existsSync(`${unit}/state`) && readFileSync(`${unit}/state`, "utf8").trim() === "active";
  // Also while its start waits for it.
  if (!running && !existsSync(`${unit}/ready`)) fail(refused);
  const servers = nodes().filter(isServer);
  if (servers.filter(isReady).length * 2 <= servers.length)
    fail("Error from server: etcdserver: request timed out");
}

const shown = (node: Node): Node => ({
  ...node,
  status: { ...node.status, conditions: [{ type: "Ready", status: isReady(node) ? "True" : "Unknown" }] },
});

const list = (items: object[]): void =>
  console.log(JSON.stringify({ apiVersion: "v1", kind: "List", items }));

function change(name: string, edit: (node: Node) => void): void {
  const path = `${CLUSTER}/nodes/${name}.json`;
  if (!existsSync(path)) fail(`Error from server (NotFound): nodes "${name}" not found`);
  const node = read<Node>(path);
  edit(node);
  write(path, node);
}

function get(kind: string, words: string[]): void {
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
  if (kind === "pods") {
    const node = words.find((word) => word.startsWith("spec.nodeName="))?.slice("spec.nodeName=".length);
    return list(pods().filter(({ spec }) => spec.nodeName === node));
  }
  fail(`error: the server doesn't have a resource type "${kind}"`);
}

function drain(name: string, seconds: number): void {
  change(name, (node) => (node.spec.unschedulable = true));
  for (const { metadata, spec, held } of pods()) {
    if (spec.nodeName !== name || metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet"))
      continue;
    if (held === true) continue;
    rmSync(`${CLUSTER}/pods/${metadata.name}.json`);
    console.log(`pod/${metadata.name} evicted`);
  }
  const held = pods().filter((pod) => pod.spec.nodeName === name && pod.held === true);
  if (held.length === 0) return;
  for (const { metadata } of held) {
    console.error(
      `error when evicting pods/"${metadata.name}" -n "${metadata.namespace}" (will retry after 5s): ` +
        "Cannot evict pod as it would violate the pod's disruption budget.",
    );
  }
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  fail(`error: unable to drain node "${name}" due to error: global timeout reached: ${seconds}s`);
}

function event(words: string): void {
  const machine = readFileSync("/etc/machine-name", "utf8").trim();
  writeFileSync(`${CLUSTER}/events`, `${machine} kubectl ${words}\n`, { flag: "a" });
}

const argv = process.argv.slice(2);
const [verb = "", first = "", second = ""] = argv.filter((word) => !word.startsWith("-"));
const timeout = argv.find((word) => word.startsWith("--timeout="));

checkApi();
switch (verb) {
  case "get":
    get(first, argv);
    break;
  case "cordon":
  case "uncordon":
    event(`${verb} ${first}`);
    change(first, (node) => (node.spec.unschedulable = verb === "cordon"));
    break;
  case "annotate": {
    const [, , , assignment = ""] = argv.filter((word) => !word.startsWith("--"));
    const [key = "", value] = assignment.replace(/-$/, "").split("=");
    change(second, ({ metadata }) => {
      if (value === undefined) delete metadata.annotations[key];
      else metadata.annotations[key] = value;
    });
    break;
  }
  case "drain":
    event(`drain ${first}`);
    drain(first, Number(/\d+/.exec(timeout ?? "")?.[0] ?? 0));
    break;
  case "delete":
    event(
      `delete ${first} ${first === "secret" ? (argv.find((word) => word.includes("node-password")) ?? "") : second}`,
    );
    rmSync(
      `${CLUSTER}/${first === "secret" ? "secrets" : "nodes"}/${first === "secret" ? argv.find((word) => word.includes("node-password")) : `${second}.json`}`,
      { force: true },
    );
    break;
  default:
    fail(`error: unknown command "${verb}"`);
}
