/**
 * Stand-in for the kubelets of all nodes, and for the parts of K3s that look after Node objects: keeps nodes Ready and
 * their leases new, lets pods run and, when they are deleted, end; puts pods of DaemonSets on their nodes, as the
 * missing scheduler would. A node that has a file in `down/` sends no heartbeat.
 */
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";

interface Setup {
  readonly servers: readonly string[];
  readonly token: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string;
    readonly roles: readonly string[];
  }[];
}

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
}

interface Pod {
  readonly metadata: Meta;
  readonly spec: { readonly nodeName?: string; readonly affinity?: Affinity };
  readonly status: { readonly phase?: string };
}

/** The field with which the DaemonSet controller tells the scheduler a pod's node. */
interface Affinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      readonly nodeSelectorTerms: readonly {
        readonly matchFields?: readonly { readonly values: readonly string[] }[];
      }[];
    };
  };
}

interface Answer {
  readonly status: number;
  readonly body: { readonly items?: readonly Pod[]; readonly metadata?: Meta };
}

const PAUSE_MS = 300;
/** The controller manager of the testbed waits 5 s for a heartbeat, and each one is a write to all members of etcd. */
const HEARTBEAT_MS = 1000;
/** K3s' finalizer, which removes the etcd member before the Node (k3s, pkg/etcd/member_controller.go). */
const FINALIZER = "wrangler.cattle.io/managed-etcd-controller";

const { servers, token, nodes } = JSON.parse(readFileSync(join(__dirname, "kubelet.json"), "utf8")) as Setup;
const ca = readFileSync(join(__dirname, "tls.crt"));

const isDown = (name: string): boolean => existsSync(join(__dirname, "down", name));

/** @throws when that server does not answer */
function ask(server: string, method: string, path: string, body?: object): Promise<Answer> {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const headers = { authorization: `Bearer ${token}`, "content-type": type };
  return new Promise((resolve, reject) => {
    const call = request(
      { host: server, port: 6443, path, method, headers, ca, timeout: 3000 },
      (response) => {
        let text = "";
        response
          .setEncoding("utf8")
          .on("data", (chunk: string) => (text += chunk))
          .on("error", reject)
          .on("end", () =>
            resolve({ status: response.statusCode ?? 0, body: text.startsWith("{") ? JSON.parse(text) : {} }),
          );
      },
    );
    call.on("error", reject).on("timeout", () => call.destroy(new Error("no answer")));
    call.end(body === undefined ? "" : JSON.stringify(body));
  });
}

/** Through the first server that answers, as K3s' own load balancer of a node. */
async function anywhere(method: string, path: string, body?: object): Promise<Answer> {
  for (const server of servers) {
    const answer = await ask(server, method, path, body).catch(() => undefined);
    if (answer !== undefined && answer.status < 500) return answer;
  }
  return { status: 0, body: {} };
}

const NODES = "/api/v1/nodes";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/** Only once, since a running kubelet does not recreate its Node. */
async function register({ name, address, roles }: Setup["nodes"][number]): Promise<void> {
  const labels = Object.fromEntries(["kubernetes.io/hostname"].map((label) => [label, name]));
  for (const role of roles) labels[`node-role.kubernetes.io/${role}`] = "true";
  const finalizers = roles.includes("etcd") ? [FINALIZER] : [];
  await until(() =>
    anywhere("POST", NODES, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels, finalizers },
      spec: { podCIDR: "10.42.0.0/24" },
    }),
  );
  await until(() =>
    anywhere("PATCH", `${NODES}/${name}/status`, {
      status: {
        addresses: [
          { type: "InternalIP", address },
          { type: "Hostname", address: name },
        ],
        nodeInfo: { kubeletVersion: "v1.33.5+k3s1", bootID: `boot of ${name}` },
      },
    }),
  );
  await until(() =>
    anywhere("POST", LEASES, {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name },
      spec: { holderIdentity: name },
    }),
  );
}

async function until(call: () => Promise<Answer>): Promise<void> {
  while (![200, 201, 409].includes((await call()).status)) await sleep(PAUSE_MS);
}

async function beat(name: string): Promise<void> {
  const now = new Date().toISOString();
  const ready = {
    type: "Ready",
    status: "True",
    reason: "KubeletReady",
    message: "",
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  await anywhere("PATCH", `${LEASES}/${name}`, { spec: { renewTime: now.replace("Z", "000Z") } });
  await anywhere("PATCH", `${NODES}/${name}/status`, { status: { conditions: [ready] } });
}

async function runPods(alive: ReadonlySet<string>): Promise<void> {
  const { items = [] } = (await anywhere("GET", "/api/v1/pods")).body;
  for (const { metadata, spec, status } of items) {
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
    if (spec.nodeName === undefined) await schedule(path, metadata.name, spec.affinity);
    if (spec.nodeName === undefined || !alive.has(spec.nodeName)) continue;
    if (metadata.deletionTimestamp !== undefined) {
      await anywhere("DELETE", `${path}?gracePeriodSeconds=0`);
    } else if (status.phase === "Pending") {
      const conditions = [{ type: "Ready", status: "True" }];
      await anywhere("PATCH", `${path}/status`, { status: { phase: "Running", conditions } });
    }
  }
}

/** Only for pods of DaemonSets: all others are created on their node. */
async function schedule(path: string, name: string, affinity?: Affinity): Promise<void> {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const node = terms?.[0]?.matchFields?.[0]?.values[0];
  const binding = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name },
    target: { kind: "Node", name: node },
  };
  if (node !== undefined) await anywhere("POST", `${path}/binding`, binding);
}

async function letMembersGo(): Promise<void> {
  const { items = [] } = (await anywhere("GET", NODES)).body;
  for (const { metadata } of items) {
    const { name, deletionTimestamp, finalizers = [] } = metadata;
    if (deletionTimestamp === undefined || !finalizers.includes(FINALIZER)) continue;
    const others = finalizers.filter((each) => each !== FINALIZER);
    await anywhere("PATCH", `${NODES}/${name}`, { metadata: { finalizers: others } });
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const alive = (): string[] => nodes.map(({ name }) => name).filter((name) => !isDown(name));

async function forever(pauseMs: number, act: () => Promise<unknown>): Promise<never> {
  for (;;) {
    await act();
    await sleep(pauseMs);
  }
}

async function main(): Promise<void> {
  for (const node of nodes) await register(node);
  await Promise.all([
    forever(HEARTBEAT_MS, () => Promise.all(alive().map(beat))),
    forever(PAUSE_MS, () => Promise.all([letMembersGo(), runPods(new Set(alive()))])),
  ]);
}

void main();
