/** What runs in the cluster, for a simulation of what the loss of nodes costs: read as rows, since full objects would be megabytes. */
import * as z from "zod";
import { parseJson } from "../base/json";
import { joined, UserError } from "../base/user-error";
import { bytesOf } from "../simulation/quantity";
import type {
  DisruptionBudget,
  Running,
  RunningNode,
  RunningPod,
  RunningVolume,
} from "../simulation/running";
import { OPERATORS } from "../simulation/selector";
import { survey } from "./fleet";
import type { Host } from "./host";
import { kubectl } from "./kubectl";
import type { Kubernetes } from "./kubernetes";
import { asRows, cellsOf, podOf, podsAsRows } from "./pods";
import type { Session } from "./session";
import { unlessStopped } from "./stopping";

/**
 * Asks the servers of the cluster, and changes nothing.
 *
 * @throws UserError that names each server that does not answer, when none does
 */
export async function readRunning({ hosts, log }: Session, stop: AbortSignal): Promise<Running> {
  const servers = hosts.filter(({ node }) => node.role === "server");
  const fleet = await log.step("cluster", "survey the servers", () =>
    unlessStopped(stop, () => survey(servers)),
  );
  try {
    return await log.step("cluster", "read what runs", () =>
      unlessStopped(stop, () => runningIn(fleet.kubernetes)),
    );
  } catch (error) {
    const away = fleet.unreachable.map((each) => each.error);
    // Where no host answers, that is the reason.
    throw away.length === 0 ? error : joined(fleet.hosts.length === 0 ? away : [error, ...away]);
  }
}

const LABELS = z.record(z.string(), z.string());
const REQUIREMENTS = z.array(
  z.object({ key: z.string(), operator: z.enum(OPERATORS), values: z.array(z.string()).optional() }),
);
const TERMS = z.array(
  z.object({ matchExpressions: REQUIREMENTS.optional(), matchFields: REQUIREMENTS.optional() }),
);
const SELECTOR = z.object({ matchLabels: LABELS.optional(), matchExpressions: REQUIREMENTS.optional() });
const TAINTS = z.array(z.object({ key: z.string(), value: z.string().optional(), effect: z.string() }));
const TOLERATIONS = z.array(
  z.object({
    key: z.string().optional(),
    operator: z.string().optional(),
    value: z.string().optional(),
    effect: z.string().optional(),
  }),
);

/** Thrown for a row that Kubernetes would not return: the server may be compromised. */
class StrangeRow extends Error {}

/** As apimachinery checks most names (pkg/util/validation, IsDNS1123Subdomain), which may end with a slash and another one here. */
const NAME = /^[a-z0-9][-a-z0-9.]{0,252}(\/[a-z0-9][-a-z0-9.]{0,252})?$/;

/** Of any API group; names of some kinds have colons. */
const CONTROLLER = /^[a-z0-9]{1,63}\/[A-Za-z0-9][-A-Za-z0-9.:]{0,252}$/;

function named(name: string, pattern = NAME): string {
  if (!pattern.test(name)) throw new StrangeRow();
  return name;
}

/** A cell in which kubectl prints a list or a map as JSON. */
function parsed<T>(schema: z.ZodType<T>, cell: string): T | undefined {
  if (cell === "") return undefined;
  const { data } = schema.safeParse(parseJson(cell));
  if (data === undefined) throw new StrangeRow();
  return data;
}

/** Without a value, none. */
function bytes(cell: string): number {
  const found = cell === "" ? 0 : bytesOf(cell);
  if (found === undefined) throw new StrangeRow();
  return found;
}

const READY = '{.status.conditions[?(@.type=="Ready")].status}';

const NODE_COLUMNS = [
  "{.metadata.name}",
  "{.metadata.labels}",
  "{.spec.taints}",
  "{.spec.unschedulable}",
  READY,
  "{.status.allocatable.memory}",
];

function nodeOf([name = "", labels = "", taints = "", cordoned, ready, memory = ""]: string[]): RunningNode {
  return {
    name: named(name),
    labels: parsed(LABELS, labels) ?? {},
    taints: parsed(TAINTS, taints) ?? [],
    cordoned: cordoned === "true",
    ready: ready === "True",
    memory: bytes(memory),
  };
}

/** After the columns of every Pod. */
const POD_COLUMNS = [
  "{.metadata.labels}",
  READY,
  "{.metadata.deletionTimestamp}",
  "{.spec.containers[*].resources.requests.memory}",
  // In their order, with a mark for those that go on beside the containers.
  "{range .spec.initContainers[*]}{.restartPolicy}={.resources.requests.memory} {end}",
  "{.spec.overhead.memory}",
  "{.spec.resources.requests.memory}",
  "{.spec.nodeSelector}",
  "{.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms}",
  "{.spec.tolerations}",
];

function runningPodOf(row: string[]): RunningPod {
  const { pod, further } = podOf(row);
  const { name, node, ofDaemonSet, bare, controller, claims } = pod;
  const [labels = "", ready, deleted, containers = "", inits = "", overhead = "", whole = "", ...rest] =
    further;
  const [nodeSelector = "", terms = "", tolerations = ""] = rest;
  const nodeTerms = parsed(TERMS, terms);
  return {
    name: named(name),
    node: node === "" ? "" : named(node),
    ...(controller === undefined ? {} : { controller: named(controller, CONTROLLER) }),
    ofDaemonSet,
    bare,
    labels: parsed(LABELS, labels) ?? {},
    ready: ready === "True" && deleted === "",
    memory: (whole === "" ? requestOf(containers, inits) : bytes(whole)) + bytes(overhead),
    nodeSelector: parsed(LABELS, nodeSelector) ?? {},
    ...(nodeTerms === undefined ? {} : { nodeTerms }),
    tolerations: parsed(TOLERATIONS, tolerations) ?? [],
    claims: claims.map((claim) => named(claim)),
  };
}

/**
 * What a pod requests: its containers together, or an init container if that needs more. One that restarts always goes on beside
 * those after it (kubernetes, component-helpers, resource/helpers.go, AggregateContainerRequests).
 */
function requestOf(containers: string, inits: string): number {
  let [beside, most] = [0, 0];
  for (const init of words(inits)) {
    const [policy, memory = ""] = init.split("=");
    const own = bytes(memory);
    most = Math.max(most, beside + own);
    if (policy === "Always") beside += own;
  }
  return Math.max(
    most,
    words(containers).reduce((sum, each) => sum + bytes(each), beside),
  );
}

const words = (text: string): string[] => text.split(" ").filter((word) => word !== "");

const BUDGET_COLUMNS = [
  "{.metadata.namespace}/{.metadata.name}",
  "{.spec.selector}",
  "{.status.desiredHealthy}",
  "{.metadata.generation}",
  "{.status.observedGeneration}",
];

function budgetOf([name = "", selector = "", needed = "", wanted, seen]: string[]): DisruptionBudget {
  const found = parsed(SELECTOR, selector);
  return {
    name: named(name),
    ...(found === undefined ? {} : { selector: found }),
    // Until the controller has seen the budget, its status is of another one, or zero.
    ...(wanted === seen && /^\d{1,9}$/.test(needed) ? { needed: Number(needed) } : {}),
  };
}

const VOLUME_COLUMNS = [
  "{.spec.claimRef.namespace}/{.spec.claimRef.name}",
  "{.status.phase}",
  "{.spec.nodeAffinity.required.nodeSelectorTerms}",
];

function volumeOf([claim = "", phase, terms = ""]: string[]): RunningVolume[] {
  if (phase !== "Bound") return [];
  const nodeTerms = parsed(TERMS, terms);
  return [{ claim: named(claim), ...(nodeTerms === undefined ? {} : { nodeTerms }) }];
}

const COMMANDS = [
  ["get", "nodes", ...asRows(NODE_COLUMNS)],
  ["get", "pods", "-A", ...podsAsRows(POD_COLUMNS)],
  ["get", "poddisruptionbudgets", "-A", ...asRows(BUDGET_COLUMNS)],
  ["get", "persistentvolumes", ...asRows(VOLUME_COLUMNS)],
];

/** @throws UserError when no server answers as Kubernetes would */
export const runningIn = (kubernetes: Kubernetes): Promise<Running> =>
  kubernetes.ask(async (server, seconds) => answerOf(server, await kubectl(server, COMMANDS, seconds)));

/** @throws UserError `unavailable` when Kubernetes would not answer like this, so that another server is asked */
export function answerOf({ name }: Pick<Host, "name">, outputs: readonly string[]): Running {
  const [nodes = [], pods = [], budgets = [], volumes = []] = outputs.map(cellsOf);
  const strange = (what: string): UserError =>
    new UserError(
      "unavailable",
      `${name}: its API returns a list of ${what} that Kubernetes would not return`,
    );
  const all = <T>(what: string, rows: readonly string[][], of: (row: string[]) => T): T[] => {
    try {
      return rows.map(of);
    } catch (error) {
      throw error instanceof StrangeRow ? strange(what) : error;
    }
  };
  if (nodes.length === 0) throw strange("nodes");
  return {
    nodes: all("nodes", nodes, nodeOf),
    pods: all("pods", pods, runningPodOf),
    budgets: all("disruption budgets", budgets, budgetOf),
    volumes: all("volumes", volumes, volumeOf).flat(),
  };
}
