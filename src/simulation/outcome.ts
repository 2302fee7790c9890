/** What failures cost that happen at the same time: a pure function of the model. */
import { groupBy } from "../base/group-by";
import { vipCandidates } from "../config/api-vip";
import { haNodes } from "../config/ha";
import type { Loss } from "../config/losses";
import { servers as serversOf, type Node } from "../config/model";
import { endpointHost } from "../config/network";
import { quorumOf } from "../config/quorum";
import { pveNodesOf, type PossibleFailure, type Subject } from "./failure";
import type { Recovery } from "./ha-manager";
import { PveNodesAfter, touchesPveNodes, type Site } from "./pve-nodes";
import { publishedBy, type Published } from "./services";
import { union } from "./sets";
import { Standing, type Happened } from "./standing";

/** What failures may cost beside the VMs that they stop, the worst first. */
export const COSTS = ["quorum", "api", "services", "fencing", "capacity"] as const;

export type Cost = (typeof COSTS)[number];

export interface Outcome {
  readonly failures: readonly PossibleFailure[];
  /** Nodes whose VMs stop, also those that the HA manager starts elsewhere. */
  readonly stopped: readonly Node[];
  /** Nodes that run, but do not reach the side of the cluster that goes on. */
  readonly cutOff: readonly Node[];
  /** Nodes that lose the network of a further interface. */
  readonly partlyCutOff: readonly Node[];
  readonly etcd: {
    readonly members: number;
    /** Members that reach each other, on the side that has most of them. */
    readonly left: number;
    readonly needed: number;
    /** With it etcd is read and written; without it neither. `returns` when the HA manager has started servers elsewhere. */
    readonly majority: "kept" | "returns" | "lost";
  };
  /** @default - something outside of the cluster leads to the API, of which the model knows nothing */
  readonly api?: {
    readonly address: string;
    readonly state: "stays" | "moves" | "lost";
    /** Server that has the address then. */
    readonly holder?: string;
  };
  readonly ha: Recovery;
  /** Published services without a node through which they are reached. */
  readonly services: readonly string[];
  /** What the other PVE nodes lack for the VMs of those that are down. @default - no PVE node is down, or `pve` is not stated */
  readonly capacity?: Loss;
  readonly costs: readonly Cost[];
}

/** The same in another version of the cluster. */
export const nameOf = ({ failures }: Pick<Outcome, "failures">): string =>
  failures.map(({ name }) => name).join();

export class Simulator {
  private readonly servers: readonly Node[];
  private readonly candidates: readonly Node[];
  private readonly published: readonly Published[];
  private readonly site: Site;
  /** By the names of the failures. */
  private readonly pveNodesAfter = new Map<string, PveNodesAfter>();
  private readonly losses = new Map<string, Loss>();

  public constructor(private readonly subject: Subject) {
    const { pve, nodes, flows } = subject;
    this.servers = serversOf(subject);
    this.candidates = vipCandidates(subject).map(({ node }) => node);
    this.published = publishedBy(flows, nodes);
    const on = groupBy(nodes, ({ vm }) => vm.pveNode);
    this.site = {
      pve,
      nodes,
      pveNodes: pveNodesOf(subject),
      on: new Map([...on].map(([name, there]) => [name, new Set(there)])),
      resources: haNodes(subject),
    };
  }

  /** What failures cost that happen at the same time. */
  public outcomeOf(failures: readonly PossibleFailure[]): Outcome {
    const broken = union(failures.map(({ effect }) => effect.broken));
    const bridges = failures.flatMap(({ effect }) => effect.bridge ?? []);
    const pveNodes = this.pveNodes(failures);
    const { sideOf, capacity } = pveNodes;
    const ha = pveNodes.recovery(broken);
    const stopped = union([broken, pveNodes.stopped]);
    const happened = { stopped, bridges, sideOf, moves: NO_MOVES };
    const atOnce = this.standing(happened);
    const etcd = this.etcd(atOnce, happened, ha);
    const api = this.api(atOnce, etcd.majority === "kept");
    const services = this.services(atOnce);
    const further = union(bridges.map((bridge) => bridge.further));
    return {
      failures,
      stopped: [...stopped].sort(byVmId),
      cutOff: atOnce.cutOff().sort(byVmId),
      partlyCutOff: [...further].filter((node) => atOnce.isReached(node)).sort(byVmId),
      etcd,
      ...(api === undefined ? {} : { api }),
      ha,
      services,
      ...(capacity === undefined ? {} : { capacity }),
      costs: costsOf({ etcd, api, services, ha, capacity }),
    };
  }

  private services(atOnce: Standing): string[] {
    const lost = this.published.filter(
      (service) => !service.nodes.some((node) => atOnce.isReached(node, service.over)),
    );
    return lost.map(({ name }) => name);
  }

  private pveNodes(failures: readonly PossibleFailure[]): PveNodesAfter {
    const touching = failures.filter(touchesPveNodes);
    const key = touching.map(({ name }) => name).join();
    const after = this.pveNodesAfter.get(key) ?? new PveNodesAfter(this.site, touching, this.losses);
    this.pveNodesAfter.set(key, after);
    return after;
  }

  private standing(happened: Happened): Standing {
    return new Standing(this.site, this.servers, happened);
  }

  private etcd(atOnce: Standing, happened: Happened, { moves }: Recovery): Outcome["etcd"] {
    const members = this.servers.length;
    const needed = quorumOf(members);
    const left = atOnce.left;
    if (left >= needed) return { members, left, needed, majority: "kept" };
    const stopped = new Set([...happened.stopped].filter((node) => !moves.has(node)));
    const returns = moves.size > 0 && this.standing({ ...happened, stopped, moves }).left >= needed;
    return { members, left, needed, majority: returns ? "returns" : "lost" };
  }

  private api(atOnce: Standing, hasMajority: boolean): Outcome["api"] {
    const { apiVip, apiEndpoint, nodes } = this.subject;
    if (apiVip !== undefined) {
      const { address } = apiVip;
      const holder = hasMajority ? this.candidates.find((node) => atOnce.isReached(node)) : undefined;
      if (holder === undefined) return { address, state: "lost" };
      const state = holder === this.candidates[0] ? "stays" : "moves";
      return { address, state, holder: holder.hostname };
    }
    const address = endpointHost(apiEndpoint);
    const node = nodes.find(({ hostname, ipv4Address }) => address === ipv4Address || address === hostname);
    if (address === undefined || node === undefined) return undefined;
    return hasMajority && atOnce.isReached(node)
      ? { address, state: "stays", holder: node.hostname }
      : { address, state: "lost" };
  }
}

const NO_MOVES: ReadonlyMap<Node, string> = new Map();

function costsOf({
  etcd,
  api,
  services,
  ha,
  capacity,
}: Pick<Outcome, "etcd" | "api" | "services" | "ha" | "capacity">): Cost[] {
  const has: Readonly<Record<Cost, boolean>> = {
    quorum: etcd.majority !== "kept",
    // Without the majority no API answers anywhere.
    api: etcd.majority === "kept" && api?.state === "lost",
    services: services.length > 0,
    fencing: ha.fenced.size > 0,
    capacity: lacks(capacity) || ha.shortages.length > 0,
  };
  return COSTS.filter((cost) => has[cost]);
}

const lacks = (loss: Loss | undefined): boolean =>
  loss !== undefined && loss.nowhere.length + loss.shortages.length > 0;

const byVmId = (a: Node, b: Node): number => a.vmId - b.vmId;
