/** What failures cost that happen at the same time: a pure function of the model. */
import { groupBy } from "../base/group-by";
import { vipCandidates } from "../config/api-vip";
import { haNodes } from "../config/ha";
import { lossOf, type Loss } from "../config/losses";
import { servers as serversOf, type Node } from "../config/model";
import { endpointHost } from "../config/network";
import { quorumOf } from "../config/quorum";
import { pveNodesOf, type Effect, type GoneBridge, type PossibleFailure, type Subject } from "./failure";
import { recoveryOf, type Recovery } from "./ha-manager";
import { bridgeOf, publishedBy, type Published } from "./services";

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

/** Where nodes are, and which of them reach each other, at one moment after failures. */
interface Standing {
  readonly stopped: ReadonlySet<Node>;
  /** Whether a node is on the side with most servers, and reached there, by its own interface or also by a further one. */
  readonly isReached: (node: Node, over?: string) => boolean;
  /** Servers on that side. */
  readonly left: number;
  /** Nodes that run and are not reached. */
  readonly cutOff: () => Node[];
}

export class Simulator {
  private readonly servers: readonly Node[];
  private readonly candidates: readonly Node[];
  private readonly published: readonly Published[];
  private readonly pveNodes: readonly string[];
  private readonly resources: readonly Node[];
  private readonly on: ReadonlyMap<string, ReadonlySet<Node>>;
  private readonly losses = new Map<string, Loss>();

  public constructor(private readonly subject: Subject) {
    this.servers = serversOf(subject);
    this.candidates = vipCandidates(subject).map(({ node }) => node);
    this.published = publishedBy(subject.flows, subject.nodes);
    this.pveNodes = pveNodesOf(subject);
    this.resources = haNodes(subject);
    const on = groupBy(subject.nodes, ({ vm }) => vm.pveNode);
    this.on = new Map([...on].map(([name, there]) => [name, new Set(there)]));
  }

  /** What failures cost that happen at the same time. */
  public outcomeOf(failures: readonly PossibleFailure[]): Outcome {
    const effects = failures.map(({ effect }) => effect);
    const broken = union(effects.map((effect) => effect.broken));
    const failed = new Set(effects.flatMap(({ pveNode }) => pveNode ?? []));
    const { pve, nodes } = this.subject;
    const sideOf = sidesBy(effects, this.pveNodes);
    const ha = recoveryOf(pve, nodes, { resources: this.resources, failed, sideOf, broken });
    const down = [...union([failed, ha.fenced])].sort();
    const stopped = union([broken, ...down.map((name) => this.on.get(name) ?? NONE)]);
    const atOnce = this.standing(effects, stopped, new Map());
    const etcd = this.etcd(atOnce, effects, ha);
    const capacity = this.capacity(down);
    const further = union(effects.map(({ bridge }) => bridge?.further ?? NONE));
    const found = {
      failures,
      stopped: [...stopped].sort(byVmId),
      cutOff: atOnce.cutOff().sort(byVmId),
      partlyCutOff: [...further].filter((node) => atOnce.isReached(node)).sort(byVmId),
      etcd,
      ...this.api(atOnce, etcd.majority === "kept"),
      ha,
      services: this.published
        .filter((service) => !service.nodes.some((node) => atOnce.isReached(node, service.over)))
        .map(({ name }) => name),
      ...(capacity === undefined ? {} : { capacity }),
    };
    return { ...found, costs: costsOf(found) };
  }

  /** @param moves - VMs that the HA manager has started elsewhere */
  private standing(
    effects: readonly Effect[],
    stopped: ReadonlySet<Node>,
    moves: ReadonlyMap<Node, string>,
  ): Standing {
    const bridges = effects.flatMap(({ bridge }) => bridge ?? []);
    const isolated = isolatedBy(bridges, moves);
    const sideOfPveNode = sidesBy(effects, this.pveNodes);
    const runs = (node: Node): boolean => !stopped.has(node) && !isolated.has(node);
    const sideOf = (node: Node): string => sideOfPveNode?.(moves.get(node) ?? node.vm.pveNode) ?? ALL;
    const { side, left } =
      sideOfPveNode === undefined
        ? { side: ALL, left: this.servers.filter(runs).length }
        : this.mainSide(sideOf, runs);
    const isReached = (node: Node, over?: string): boolean =>
      runs(node) &&
      sideOf(node) === side &&
      (over === undefined || !isGone(node, bridgeOf(node, over), bridges));
    const mayBeCutOff = sideOfPveNode === undefined ? [...isolated] : this.subject.nodes;
    return {
      stopped,
      isReached,
      left,
      cutOff: () => mayBeCutOff.filter((node) => !stopped.has(node) && !isReached(node)),
    };
  }

  /** The side with most servers; of several the one with most nodes, or else the first by name. */
  private mainSide(
    sideOf: (node: Node) => string,
    runs: (node: Node) => boolean,
  ): { side: string | undefined; left: number } {
    const counts = countBy(this.servers.filter(runs), sideOf);
    const left = Math.max(0, ...counts.values());
    const best = [...counts].filter(([, count]) => count === left).map(([side]) => side);
    if (best.length === 1) return { side: best[0], left };
    const all = countBy(this.subject.nodes.filter(runs), sideOf);
    const rivals = best.length === 0 ? [...all.keys()] : best;
    const [side] = rivals.sort((a, b) => (all.get(b) ?? 0) - (all.get(a) ?? 0) || (a < b ? -1 : 1));
    return { side, left };
  }

  private etcd(atOnce: Standing, effects: readonly Effect[], { moves }: Recovery): Outcome["etcd"] {
    const members = this.servers.length;
    const needed = quorumOf(members);
    const majority = (): Outcome["etcd"]["majority"] => {
      if (atOnce.left >= needed) return "kept";
      if (moves.size === 0) return "lost";
      const stopped = new Set([...atOnce.stopped].filter((node) => !moves.has(node)));
      return this.standing(effects, stopped, moves).left >= needed ? "returns" : "lost";
    };
    return { members, left: atOnce.left, needed, majority: majority() };
  }

  private api({ isReached }: Standing, hasMajority: boolean): Pick<Outcome, "api"> {
    const { apiVip, apiEndpoint, nodes } = this.subject;
    if (apiVip !== undefined) {
      const { address } = apiVip;
      const holder = hasMajority ? this.candidates.find((node) => isReached(node)) : undefined;
      if (holder === undefined) return { api: { address, state: "lost" } };
      const state = holder === this.candidates[0] ? "stays" : "moves";
      return { api: { address, state, holder: holder.hostname } };
    }
    const address = endpointHost(apiEndpoint);
    const node = nodes.find(({ hostname, ipv4Address }) => address === ipv4Address || address === hostname);
    if (address === undefined || node === undefined) return {};
    return hasMajority && isReached(node)
      ? { api: { address, state: "stays", holder: node.hostname } }
      : { api: { address, state: "lost" } };
  }

  private capacity(down: readonly string[]): Loss | undefined {
    const { pve, nodes } = this.subject;
    if (pve === undefined || down.length === 0) return undefined;
    const key = down.join(" ");
    const loss = this.losses.get(key) ?? lossOf(pve, nodes, down);
    this.losses.set(key, loss);
    return loss;
  }
}

/** The side of all nodes, where nothing parts them. */
const ALL = "";

const NONE: ReadonlySet<never> = new Set();

/** Without a copy where one of them has everything: there are tens of thousands of pairs. */
function union<T>(sets: readonly ReadonlySet<T>[]): ReadonlySet<T> {
  const filled = sets.filter(({ size }) => size > 0);
  const [first = NONE] = filled;
  if (filled.length < 2) return first;
  const all = new Set<T>(first);
  for (const set of filled) for (const item of set) all.add(item);
  return all;
}

/** PVE nodes with the same value reach each other; `undefined` if all do. */
function sidesBy(
  effects: readonly Effect[],
  pveNodes: readonly string[],
): ((pveNode: string) => string) | undefined {
  const apart = effects.flatMap((effect) => effect.apart ?? []);
  if (apart.length === 0) return undefined;
  const sides = new Map(
    pveNodes.map((name) => [name, apart.map((some) => (some.has(name) ? "1" : "0")).join("")]),
  );
  return (pveNode) => sides.get(pveNode) ?? ALL;
}

/** Nodes whose own interface is on a bridge that is gone from where they are. */
function isolatedBy(bridges: readonly GoneBridge[], moves: ReadonlyMap<Node, string>): ReadonlySet<Node> {
  const at = union(bridges.map(({ own }) => own));
  if (moves.size === 0) return at;
  const stayed = [...at].filter((node) => !moves.has(node));
  const arrived = [...moves].filter(([node, pveNode]) =>
    bridges.some((gone) => gone.pveNode === pveNode && gone.name === bridgeOf(node)),
  );
  return new Set([...stayed, ...arrived.map(([node]) => node)]);
}

const isGone = ({ vm }: Node, bridge: string | undefined, bridges: readonly GoneBridge[]): boolean =>
  bridges.some(({ name, pveNode }) => name === bridge && pveNode === vm.pveNode);

function costsOf({ etcd, api, services, ha, capacity }: Omit<Outcome, "costs">): Cost[] {
  const lacks = (loss: Outcome["capacity"]): boolean =>
    loss !== undefined && loss.nowhere.length + loss.shortages.length > 0;
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

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

const byVmId = (a: Node, b: Node): number => a.vmId - b.vmId;
