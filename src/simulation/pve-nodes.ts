/** What becomes of the PVE nodes, and of the VMs that were on them. */
import { lossOf, type Loss } from "../config/losses";
import type { Node, Pve } from "../config/model";
import type { PossibleFailure } from "./failure";
import { fencingOf, NO_RECOVERY, recoveryOf, type Fencing, type Recovery } from "./ha-manager";
import { NONE, union } from "./sets";

/** The part of a cluster that decides it. */
export interface Site {
  /** @default - not stated, and nothing is known of capacity or of the HA manager */
  readonly pve?: Pve;
  readonly nodes: readonly Node[];
  /** Those on which VMs run or may run. */
  readonly pveNodes: readonly string[];
  readonly on: ReadonlyMap<string, ReadonlySet<Node>>;
  /** VMs that the HA manager looks after. */
  readonly resources: readonly Node[];
}

/** PVE nodes with the same value reach each other. */
export type SideOf = (pveNode: string) => string;

/** The side of all PVE nodes, where nothing parts them. */
export const ALL = "";

/** Whether it matters to PVE nodes, and not only to VMs and their networks. */
export const touchesPveNodes = ({ effect }: PossibleFailure): boolean =>
  effect.pveNode !== undefined || effect.apart !== undefined;

/**
 * The PVE nodes after failures of them and of switches. The VMs that fail beside hardly matter to them, so one of these stands for
 * hundreds of pairs, and keeps what it has worked out.
 */
export class PveNodesAfter {
  /** @default - they all reach each other */
  public readonly sideOf?: SideOf;
  /** VMs on PVE nodes that do not run. */
  public readonly stopped: ReadonlySet<Node>;
  /** What the other PVE nodes lack for these. @default - all run, or `pve` is not stated */
  public readonly capacity?: Loss;
  private readonly fencing?: Fencing;
  private readonly recoveries = new Map<string, Recovery>();

  /** @param losses - by the PVE nodes that do not run; what is missing is added */
  public constructor(
    private readonly site: Site,
    failures: readonly PossibleFailure[],
    losses: Map<string, Loss>,
  ) {
    const { pve, resources, on } = site;
    const failed = new Set(failures.flatMap(({ effect }) => effect.pveNode ?? []));
    this.sideOf = sidesBy(failures, site.pveNodes);
    if (pve?.ha !== undefined) this.fencing = fencingOf(pve, resources, { failed, sideOf: this.sideOf });
    const down = [...union([failed, this.fencing?.fenced ?? NONE])].sort();
    this.stopped = union(down.map((name) => on.get(name) ?? NONE));
    if (pve !== undefined && down.length > 0) this.capacity = knownLoss(losses, pve, site.nodes, down);
  }

  /** @param broken - VMs that cannot start anywhere */
  public recovery(broken: ReadonlySet<Node>): Recovery {
    const { pve, resources, on } = this.site;
    if (pve === undefined || this.fencing === undefined) return NO_RECOVERY;
    const key = [...broken]
      .filter((node) => this.stopped.has(node))
      .map(({ vmId }) => vmId)
      .join();
    const known = this.recoveries.get(key);
    if (known !== undefined) return known;
    const stranded = resources.filter((node) => this.stopped.has(node) && !broken.has(node));
    const recovery = recoveryOf(pve, resources, on, this.fencing, stranded);
    this.recoveries.set(key, recovery);
    return recovery;
  }
}

function knownLoss(
  losses: Map<string, Loss>,
  pve: Pve,
  nodes: readonly Node[],
  down: readonly string[],
): Loss {
  const loss = losses.get(down.join()) ?? lossOf(pve, nodes, down);
  losses.set(down.join(), loss);
  return loss;
}

function sidesBy(failures: readonly PossibleFailure[], pveNodes: readonly string[]): SideOf | undefined {
  const apart = failures.flatMap(({ effect }) => effect.apart ?? []);
  if (apart.length === 0) return undefined;
  const sides = new Map(
    pveNodes.map((name) => [name, apart.map((some) => (some.has(name) ? "1" : "0")).join("")]),
  );
  return (pveNode) => sides.get(pveNode) ?? ALL;
}
