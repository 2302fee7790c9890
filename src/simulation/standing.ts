/** Where nodes are, and which of them reach each other, at one moment after failures. */
import type { Node } from "../config/model";
import type { GoneBridge } from "./failure";
import { ALL, type SideOf, type Site } from "./pve-nodes";
import { bridgeOf } from "./services";
import { union } from "./sets";

/** What has happened until then. */
export interface Happened {
  /** VMs that do not run. */
  readonly stopped: ReadonlySet<Node>;
  readonly bridges: readonly GoneBridge[];
  /** @default - all PVE nodes reach each other */
  readonly sideOf?: SideOf;
  /** VMs that the HA manager has started elsewhere. */
  readonly moves: ReadonlyMap<Node, string>;
}

/** Those on one side of what parts PVE nodes, or all. */
interface Side {
  readonly name: string | undefined;
  readonly servers: number;
}

export class Standing {
  /** Nodes whose own interface is on a bridge that is gone from where they are. */
  private readonly isolated: ReadonlySet<Node>;
  private readonly main: Side;

  public constructor(
    private readonly site: Pick<Site, "nodes" | "on">,
    servers: readonly Node[],
    private readonly happened: Happened,
  ) {
    this.isolated = isolatedBy(happened);
    this.main = this.mainSide(servers.filter((node) => this.runs(node)));
  }

  /** Servers that reach each other, on the side that has most of them. */
  public get left(): number {
    return this.main.servers;
  }

  /** Whether a node is on the side with most servers, and reached there, by its own interface or also by a further one. */
  public isReached(node: Node, over?: string): boolean {
    return (
      this.runs(node) &&
      this.sideOf(node) === this.main.name &&
      (over === undefined || !this.isGone(node, bridgeOf(node, over)))
    );
  }

  /** Nodes that run and are not reached, before VMs have moved. */
  public cutOff(): Node[] {
    const { sideOf, stopped } = this.happened;
    const beyond =
      sideOf === undefined ? [] : [...this.site.on].filter(([pveNode]) => sideOf(pveNode) !== this.main.name);
    const all = union([this.isolated, ...beyond.map(([, there]) => there)]);
    return [...all].filter((node) => !stopped.has(node));
  }

  private runs(node: Node): boolean {
    return !this.happened.stopped.has(node) && !this.isolated.has(node);
  }

  private sideOf(node: Node): string {
    const { sideOf, moves } = this.happened;
    return sideOf?.(moves.get(node) ?? node.vm.pveNode) ?? ALL;
  }

  private isGone({ vm }: Node, bridge: string | undefined): boolean {
    return this.happened.bridges.some(({ name, pveNode }) => name === bridge && pveNode === vm.pveNode);
  }

  /** The side with most servers; of several the one with most nodes, or else the first by name. */
  private mainSide(servers: readonly Node[]): Side {
    if (this.happened.sideOf === undefined) return { name: ALL, servers: servers.length };
    const counts = this.countBySide(servers);
    const most = Math.max(0, ...counts.values());
    const best = [...counts].filter(([, count]) => count === most).map(([name]) => name);
    if (best.length === 1) return { name: best[0], servers: most };
    const all = this.countBySide(this.site.nodes.filter((node) => this.runs(node)));
    const rivals = best.length === 0 ? [...all.keys()] : best;
    const [name] = rivals.sort((a, b) => (all.get(b) ?? 0) - (all.get(a) ?? 0) || (a < b ? -1 : 1));
    return { name, servers: most };
  }

  private countBySide(nodes: readonly Node[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const node of nodes) counts.set(this.sideOf(node), (counts.get(this.sideOf(node)) ?? 0) + 1);
    return counts;
  }
}

function isolatedBy({ bridges, moves }: Happened): ReadonlySet<Node> {
  const at = union(bridges.map(({ own }) => own));
  if (moves.size === 0) return at;
  const stayed = [...at].filter((node) => !moves.has(node));
  const arrived = [...moves].filter(([node, pveNode]) =>
    bridges.some((gone) => gone.pveNode === pveNode && gone.name === bridgeOf(node)),
  );
  return new Set([...stayed, ...arrived.map(([node]) => node)]);
}
