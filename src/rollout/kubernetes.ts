import { joined, UserError } from "../base/user-error";
import { quorumOf } from "../config/quorum";
import { Deadline } from "./deadline";
import type { Host } from "./host";
import { isAway, kubectl } from "./kubectl";
import { PODS_AS_ROWS, podsOf, type Pod } from "./pods";

/** A Node object, as far as we look at it. */
export interface KubeNode {
  readonly name: string;
  /** A member of etcd, from the first moment on. */
  readonly server: boolean;
  /** Its API serves. A server that joins is Ready for some seconds before it has that. */
  readonly controlPlane: boolean;
  readonly ready: boolean;
  readonly address: string;
  readonly hostname: string;
  /** K3s' version, of its kubelet. */
  readonly version: string;
  readonly bootId: string;
  readonly podCidr: string;
  readonly cordoned: boolean;
  /** Whether a rollout cordoned it. */
  readonly cordonedByUs: boolean;
  /** When its kubelet was last heard of: changes while it lives. */
  readonly heard: string;
}

/** Says on the Node that a rollout cordoned it, and so may uncordon it. */
const CORDONED = "k3s-rollout/cordoned";

/** The cluster, asked through the first of its servers that answers. */
export class Kubernetes {
  public constructor(private readonly servers: readonly Host[]) {}

  /** With a further server to ask, after the others. */
  public with(server: Host): Kubernetes {
    return this.servers.includes(server) ? this : new Kubernetes([...this.servers, server]);
  }

  /**
   * Asks one server after the other until one answers, be it that it cannot be done. Without a quorum none does, each
   * only after a while: so they share the time.
   *
   * @param question - is given the seconds that the server may take
   * @param except - a server that is not to be asked, while another is there
   * @param seconds - for all of them; one has `LEAST_SECONDS`, or all where these are fewer, also where others have used it up
   */
  public async ask<T>(
    question: (server: Host, seconds: number) => Promise<T>,
    except?: Host,
    seconds = PATIENCE_SECONDS,
  ): Promise<T> {
    const candidates = this.servers.filter((server) => server !== except || this.servers.length === 1);
    const deadline = new Deadline(seconds);
    const least = Math.min(LEAST_SECONDS, seconds);
    const failures: unknown[] = [];
    for (const server of candidates) {
      try {
        return await question(server, Math.max(least, Math.ceil(deadline.secondsLeft)));
      } catch (error) {
        if (!isAway(error)) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw joined(failures);
    throw new UserError("unavailable", "no server of the cluster can be asked");
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

  /** As `nodes`, and none where no server answers. */
  public async nodesIfAny(): Promise<KubeNode[] | undefined> {
    return this.servers.length === 0 ? undefined : this.nodes().catch(() => undefined);
  }

  /** Pods that have not ended, of all nodes. */
  public async pods(except?: Host): Promise<Pod[]> {
    const [rows = ""] = await this.kubectl([["get", "pods", "-A", ...PODS_AS_ROWS]], except);
    return podsOf(rows);
  }

  /** So that a rollout which goes on later knows whose cordon it is. */
  public async cordon(node: string, except?: Host): Promise<void> {
    const annotate = ["annotate", "node", node, `${CORDONED}=yes`, "--overwrite"];
    await this.kubectl([annotate, ["cordon", node]], except);
  }

  public async uncordon(node: string): Promise<void> {
    const annotate = ["annotate", "node", node, `${CORDONED}-`];
    await this.kubectl([["uncordon", node], annotate]);
  }

  /**
   * @param seconds - for all servers that have to be asked
   * @param barePods - whether pods that nobody would make anew are deleted, too
   * @throws UserError with what blocks it: at once, or after that time
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
   * Deletes the Node; the secret that ties its name to its machine goes with it. Of a server K3s takes away the etcd
   * member first, by a finalizer, so that the Node is gone when the member is (k3s, pkg/etcd/member_controller.go).
   *
   * @param seconds - for all servers that have to be asked
   */
  public async deleteNode(node: string, except?: Host, seconds = DELETION_SECONDS): Promise<void> {
    await this.ask(
      (server, left) =>
        kubectl(server, [["delete", "node", node, "--ignore-not-found", `--timeout=${left}s`]], left),
      except,
      seconds,
    );
  }

  private kubectl(commands: readonly (readonly string[])[], except?: Host): Promise<string[]> {
    return this.ask((server, seconds) => kubectl(server, commands, seconds), except);
  }
}

/** Of what is asked. A server without a quorum would let a minute pass. */
const PATIENCE_SECONDS = 15;
/** One with a quorum answers within one, and elects a leader within five. */
const LEAST_SECONDS = 5;
const DELETION_SECONDS = 120;

interface RawList<T> {
  readonly items: readonly T[];
}

interface RawMetadata {
  readonly name: string;
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
 * What a server says of the nodes; it may be somebody else's by now.
 *
 * @throws UserError `unavailable` when it is nothing that Kubernetes would say; another server is asked then
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
      `${server.name}: its API's list of nodes is not one that Kubernetes gives`,
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

/** All but what is computed here comes as it is. */
const isTexts = ({ name, address, hostname, version, bootId, podCidr, heard }: KubeNode): boolean =>
  [name, address, hostname, version, bootId, podCidr, heard].every((value) => typeof value === "string");

function nodeOf({ metadata, spec, status }: RawNode, heard: string): KubeNode {
  const address = (type: string): string =>
    status.addresses?.find((each) => each.type === type)?.address ?? "";
  const has = (role: string): boolean => `node-role.kubernetes.io/${role}` in (metadata.labels ?? {});
  return {
    name: metadata.name,
    server: has("control-plane") || has("etcd"),
    controlPlane: has("control-plane"),
    ready: (status.conditions ?? []).some((each) => each.type === "Ready" && each.status === "True"),
    address: address("InternalIP"),
    hostname: address("Hostname"),
    version: status.nodeInfo?.kubeletVersion ?? "",
    bootId: status.nodeInfo?.bootID ?? "",
    podCidr: spec.podCIDR ?? "",
    cordoned: spec.unschedulable ?? false,
    cordonedByUs: CORDONED in (metadata.annotations ?? {}),
    heard,
  };
}

/**
 * Why a server may not be away now; `undefined` when it may. One server, or two, cannot be spared at all, and a change
 * of theirs is a time without the API: that is said, not refused, since it could never be otherwise.
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
