/** Drills that servers carry out by themselves: does the newest snapshot restore? */
import { TRY_SECONDS } from "./k3s-aside";
import { servers, type Cluster, type Node } from "./model";

/** Name of the unit: a rollout does not take the failure of a unit with this prefix for one of its activation. */
export const DRILL_UNIT = "k3s-rollout-drill";

/** Folder of the results, and of the restore while it runs: outside of K3s' data. */
export const DRILL_FOLDER = `/var/lib/${DRILL_UNIT}`;

/** After which one is ended: it has the lowest priority, copies the snapshot before, and asks the cluster afterwards. */
export const DRILL_SECONDS = 3 * TRY_SECONDS;

/** Days of the month, so that no month is left out. */
const DAYS = 28;
/** Between the days of two servers of a cluster; without a common divisor with the days, so that no two have the same. */
const APART = 9;

type Drill = NonNullable<NonNullable<Cluster["k3s"]["snapshots"]>["drill"]>;

type Drilled = Pick<Cluster, "k3s" | "nodes">;

export const drillOf = ({ k3s }: Pick<Cluster, "k3s">): Drill | undefined => k3s.snapshots?.drill;

/**
 * When a server does it, as systemd writes it; `undefined` if it does not. Another server that is added
 * behind it leaves it as it is; one before it that is removed moves it, as it does the others behind that one.
 */
export function drillCalendar(cluster: Drilled, node: Pick<Node, "hostname">): string | undefined {
  const drill = drillOf(cluster);
  const at = servers(cluster).findIndex(({ hostname }) => hostname === node.hostname);
  if (drill === undefined || at < 0) return undefined;
  const day = 1 + ((at * APART) % DAYS);
  return `*-*-${String(day).padStart(2, "0")} ${drill.time}:00`;
}
