import * as z from "zod";
import { parseJson } from "../base/json";
import { joined, UserError } from "../base/user-error";
import { isControlPlane, isServer } from "../config/node-roles";
import { quorumOf } from "../config/quorum";
import { Deadline } from "./deadline";
import type { Host } from "./host";
import { isApiUnavailable, kubectl } from "./kubectl";
import { podsAsRows, podsOf, type Pod } from "./pods";

/** The parts of a Node object that a rollout uses. */
export interface KubeNode {
  readonly name: string;
  /** A member of etcd, from the beginning. */
  readonly server: boolean;
  /** Its API serves. A joining server is Ready some seconds before that. */
  readonly controlPlane: boolean;
  readonly ready: boolean;
  readonly address: string;
  readonly hostname: string;
  /** K3s version of its kubelet. */
  readonly version: string;
  readonly bootId: string;
  readonly podCidr: string;
  readonly cordoned: boolean;
  /** Whether a rollout cordoned it. */
  readonly cordonedByUs: boolean;
  /** Time of its kubelet's last heartbeat. */
  readonly heartbeat: string;
  /** When it joined. @default - the API does not say it */
  readonly created?: string;
}

/** Annotation of a Node that a rollout cordoned, and so may uncordon. */
const CORDONED = "k3s-rollout/cordoned";

/** The cluster's API, through the first server that answers. */
export class Kubernetes {
  public constructor(private readonly servers: readonly Host[]) {}

  /** The same with another server to ask, after the others. */
  public with(server: Host): Kubernetes {
    return this.servers.includes(server) ? this : new Kubernetes([...this.servers, server]);
  }

  /**
   * Asks one server after another until one answers; a refusal is an answer. Without a quorum each server fails only after a
   * timeout, so they share the time.
   *
   * @param question - called with the server and the seconds that it may take
   * @param except - a server not to ask, unless it is the only one
   * @param seconds - for all servers together. Each gets at least `MIN_SERVER_SECONDS`, or all of `seconds` if that is less, even
   *   when the others have used it up
   */
  public async ask<T>(
    question: (server: Host, seconds: number) => Promise<T>,
    except?: Host,
    seconds = REQUEST_SECONDS,
  ): Promise<T> {
    const candidates = this.servers.filter((server) => server !== except || this.servers.length === 1);
    const deadline = new Deadline(seconds);
    const least = Math.min(MIN_SERVER_SECONDS, seconds);
    const failures: unknown[] = [];
    for (const server of candidates) {
      try {
        return await question(server, Math.max(least, Math.ceil(deadline.secondsLeft)));
      } catch (error) {
        if (!isApiUnavailable(error)) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw joined(failures);
    throw new UserError("unavailable", "no server of the cluster is available");
  }

  /** @throws UserError when no server answers */
  public async nodes(except?: Host): Promise<KubeNode[]> {
    return this.ask(async (server, seconds) => {
      const [nodes = "", leases = ""] = await kubectl(
        server,
        [
          ["get", "nodes", "-o", "json"],
          ["get", "leases", "-n", "kube-node-lease", "-o", "json"],
        ],
        seconds,
      );
      return nodesOf(server, nodes, leases);
    }, except);
  }

  /** UID of the namespace kube-system, which a cluster has all its life. @throws UserError `unavailable` when there is none */
  public async clusterUid(): Promise<string> {
    const [namespace = ""] = await this.kubectl([["get", "namespace", "kube-system", "-o", "json"]]);
    const { data } = NAMESPACE.safeParse(parseJson(namespace));
    if (data !== undefined) return data.metadata.uid;
    throw new UserError("unavailable", "the API does not say which cluster it is of");
  }

  /** Like `nodes`, but `undefined` when no server answers. */
  public async nodesIfAny(): Promise<KubeNode[] | undefined> {
    return this.servers.length === 0 ? undefined : this.nodes().catch(() => undefined);
  }

  /** Pods of all nodes that have not terminated. */
  public async pods(except?: Host): Promise<Pod[]> {
    const [rows = ""] = await this.kubectl([["get", "pods", "-A", ...podsAsRows()]], except);
    return podsOf(rows);
  }

  /** Annotates the node too, so that a later rollout knows whose cordon it is. */
  public async cordon(node: string, except?: Host): Promise<void> {
    const annotate = ["annotate", "node", node, `${CORDONED}=yes`, "--overwrite"];
    await this.kubectl([annotate, ["cordon", node]], except);
  }

  public async uncordon(node: string): Promise<void> {
    const annotate = ["annotate", "node", node, `${CORDONED}-`];
    await this.kubectl([["uncordon", node], annotate]);
  }

  /**
   * @param seconds - for all servers that are asked
   * @param barePods - also delete pods without a controller, which nothing recreates
   * @throws UserError with what blocks the drain, at once or after that time
   */
  public async drain(node: string, seconds: number, barePods: boolean, except?: Host): Promise<void> {
    const words = ["--ignore-daemonsets", "--delete-emptydir-data", ...(barePods ? ["--force"] : [])];
    await this.ask(
      (server, left) => kubectl(server, [["drain", node, ...words, `--timeout=${left}s`]], left),
      except,
      seconds,
    );
  }

  /**
   * Deletes the Node and with it the secret that ties its name to its machine. For a server, a finalizer of K3s removes the
   * etcd member first, so that the Node is gone only after the member (k3s, pkg/etcd/member_controller.go).
   *
   * @param seconds - for all servers that are asked
   */
  public async deleteNode(node: string, except?: Host, seconds = DELETION_SECONDS): Promise<void> {
    await this.ask(
      (server, left) =>
        kubectl(server, [["delete", "node", node, "--ignore-not-found", `--timeout=${left}s`]], left),
      except,
      seconds,
    );
  }

  /** Deletes the secret that ties a Node's name to its machine. K3s writes it again for the machine that is there. */
  public async forgetPassword(node: string): Promise<void> {
    await this.kubectl([
      ["delete", "secret", `${node}.node-password.k3s`, "-n", "kube-system", "--ignore-not-found"],
    ]);
  }

  private kubectl(commands: readonly (readonly string[])[], except?: Host): Promise<string[]> {
    return this.ask((server, seconds) => kubectl(server, commands, seconds), except);
  }
}

const NAMESPACE = z.object({ metadata: z.object({ uid: z.uuid() }) });

/** Default timeout of a request. A server without a quorum would take a minute. */
const REQUEST_SECONDS = 15;
/** A server with a quorum answers within one second, and elects a leader within five. */
const MIN_SERVER_SECONDS = 5;
const DELETION_SECONDS = 120;

interface RawList<T> {
  readonly items: readonly T[];
}

interface RawMetadata {
  readonly name: string;
  readonly creationTimestamp?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RawLease {
  readonly metadata: RawMetadata;
  readonly spec: { readonly renewTime?: string };
}

interface RawNode {
  readonly metadata: RawMetadata;
  readonly spec: { readonly unschedulable?: boolean; readonly podCIDR?: string };
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly nodeInfo?: { readonly kubeletVersion?: string; readonly bootID?: string };
  };
}

/**
 * Parses a server's list of nodes. The server may be compromised.
 *
 * @throws UserError `unavailable` when Kubernetes would not answer like this, so that another server is asked
 */
function nodesOf(server: Host, nodes: string, leases: string): KubeNode[] {
  let found: KubeNode[];
  try {
    const heard = new Map(
      (JSON.parse(leases) as RawList<RawLease>).items.map(
        ({ metadata, spec }) => [metadata.name, spec.renewTime ?? ""] as const,
      ),
    );
    const { items } = JSON.parse(nodes) as RawList<RawNode>;
    found = items.map((node) => nodeOf(node, heard.get(node.metadata.name) ?? ""));
  } catch {
    throw new UserError(
      "unavailable",
      `${server.name}: its API returns a list of nodes that Kubernetes would not return`,
    );
  }
  const strange = found.find((node) => !NODE_NAME.test(node.name) || !isTexts(node));
  if (strange === undefined) return found;
  throw new UserError(
    "unavailable",
    `${server.name}: its API names a node ${JSON.stringify(strange.name).slice(0, 80)}, which Kubernetes would not admit`,
  );
}

/** As apimachinery checks a Node's name: a DNS subdomain (pkg/util/validation, IsDNS1123Subdomain). */
const NODE_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Fields that are copied from the API without a check. */
const isTexts = ({
  name,
  address,
  hostname,
  version,
  bootId,
  podCidr,
  heartbeat: heard,
}: KubeNode): boolean =>
  [name, address, hostname, version, bootId, podCidr, heard].every((value) => typeof value === "string");

function nodeOf({ metadata, spec, status }: RawNode, heard: string): KubeNode {
  const address = (type: string): string =>
    status.addresses?.find((each) => each.type === type)?.address ?? "";
  const labels = Object.keys(metadata.labels ?? {});
  return {
    name: metadata.name,
    server: isServer(labels),
    controlPlane: isControlPlane(labels),
    ready: (status.conditions ?? []).some((each) => each.type === "Ready" && each.status === "True"),
    address: address("InternalIP"),
    hostname: address("Hostname"),
    version: status.nodeInfo?.kubeletVersion ?? "",
    bootId: status.nodeInfo?.bootID ?? "",
    podCidr: spec.podCIDR ?? "",
    cordoned: spec.unschedulable ?? false,
    cordonedByUs: CORDONED in (metadata.annotations ?? {}),
    heartbeat: heard,
    ...(typeof metadata.creationTimestamp === "string" ? { created: metadata.creationTimestamp } : {}),
  };
}

/**
 * Why a server cannot be spared now; `undefined` when it can. With one or two servers none can ever be spared. Changing one is
 * then an outage of the API, which is logged and not refused, since there is no other way.
 */
export function quorumFault(nodes: readonly KubeNode[], name: string): string | undefined {
  const members = nodes.filter(({ server }) => server);
  const others = members.filter((node) => node.name !== name);
  if (!members.some((node) => node.name === name) || members.length <= 2) return undefined;
  const ready = others.filter((node) => node.ready);
  const needed = quorumOf(members.length);
  if (ready.length >= needed) return undefined;
  const missing = others.filter((node) => !node.ready).map((node) => node.name);
  return `without ${name} only ${ready.length} of ${members.length} servers would be ready, and etcd needs ${needed}: ${missing.join(", ")} not ready`;
}
