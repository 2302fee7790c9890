import type { Host } from "./host";
import { messageOf, Trouble } from "./trouble";

/** A Node object, as far as we look at it. */
export interface KubeNode {
  readonly name: string;
  readonly server: boolean;
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

export interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly ofDaemonSet: boolean;
  readonly emptyDir: boolean;
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

  /** @param except - a server that is not to be asked, while another is there */
  private async ask<T>(question: (server: Host) => Promise<T>, except?: Host): Promise<T> {
    const candidates = this.servers.filter((server) => server !== except || this.servers.length === 1);
    const complaints: string[] = [];
    for (const server of candidates) {
      try {
        return await question(server);
      } catch (error) {
        complaints.push(messageOf(error));
        if (!isSilence(error)) break;
      }
    }
    throw new Trouble(complaints.at(-1) ?? "no server of the cluster can be asked");
  }

  /** @throws Trouble when no server answers */
  public nodes(except?: Host): Promise<KubeNode[]> {
    return this.ask(async (server) => {
      const report = await server.call("cluster", {});
      const heard = new Map(
        (JSON.parse(report.text("leases")) as RawList<RawLease>).items.map(
          ({ metadata, spec }) => [metadata.name, spec.renewTime ?? ""] as const,
        ),
      );
      const { items } = JSON.parse(report.text("nodes")) as RawList<RawNode>;
      return items.map((node) => nodeOf(node, heard.get(node.metadata.name) ?? ""));
    }, except);
  }

  /** As `nodes`, and none where no server answers. */
  public async nodesIfAny(): Promise<KubeNode[] | undefined> {
    return this.servers.length === 0 ? undefined : this.nodes().catch(() => undefined);
  }

  public async pods(node: string, except?: Host): Promise<Pod[]> {
    const words = ["get", "pods", "-A", "-o", "json", "--field-selector", `spec.nodeName=${node}`];
    const { items } = JSON.parse(await this.kubectl(words, except)) as RawList<RawPod>;
    return items.map(({ metadata, spec }) => ({
      name: metadata.name,
      namespace: metadata.namespace ?? "default",
      ofDaemonSet: (metadata.ownerReferences ?? []).some(({ kind }) => kind === "DaemonSet"),
      emptyDir: (spec.volumes ?? []).some((volume) => "emptyDir" in volume),
    }));
  }

  /** So that a rollout which goes on later knows whose cordon it is. */
  public async cordon(node: string, except?: Host): Promise<void> {
    await this.kubectl(["annotate", "node", node, `${CORDONED}=yes`, "--overwrite"], except);
    await this.kubectl(["cordon", node], except);
  }

  public async uncordon(node: string): Promise<void> {
    await this.kubectl(["uncordon", node]);
    await this.kubectl(["annotate", "node", node, `${CORDONED}-`]);
  }

  /** @throws Trouble with what blocks it, after that many seconds */
  public async drain(node: string, seconds: number, except?: Host): Promise<void> {
    const words = ["drain", node, "--ignore-daemonsets", "--delete-emptydir-data", `--timeout=${seconds}s`];
    await this.kubectl(words, except, seconds + 30);
  }

  /**
   * Deletes the Node, and the secret that ties its name to its machine. Of a server K3s takes away the etcd member
   * first, by a finalizer, so that the Node is gone when the member is (k3s, pkg/etcd/member_controller.go).
   */
  public async deleteNode(node: string, except?: Host): Promise<void> {
    await this.kubectl(["delete", "node", node, "--ignore-not-found", "--timeout=120s"], except, 150);
    const secret = `${node}.node-password.k3s`;
    await this.kubectl(["delete", "secret", "-n", "kube-system", secret, "--ignore-not-found"], except);
  }

  private kubectl(words: readonly string[], except?: Host, seconds?: number): Promise<string> {
    return this.ask((server) => server.kubectl(words, seconds), except);
  }
}

/** That server cannot be asked; another may. */
const isSilence = (error: unknown): boolean =>
  /no SSH connection|SSH connection .* broke|API does not answer|was refused|Unable to connect|not running|timed out/.test(
    messageOf(error),
  );

interface RawList<T> {
  readonly items: readonly T[];
}

interface RawMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string }[];
}

interface RawLease {
  readonly metadata: RawMetadata;
  readonly spec: { readonly renewTime?: string };
}

interface RawPod {
  readonly metadata: RawMetadata;
  readonly spec: { readonly volumes?: readonly object[] };
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

function nodeOf({ metadata, spec, status }: RawNode, heard: string): KubeNode {
  const address = (type: string): string =>
    status.addresses?.find((each) => each.type === type)?.address ?? "";
  return {
    name: metadata.name,
    server: "node-role.kubernetes.io/control-plane" in (metadata.labels ?? {}),
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

/** Servers of which a majority has to be there for etcd to answer. */
export const quorumOf = (servers: number): number => Math.floor(servers / 2) + 1;

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
