/** What gives addresses to services of the type LoadBalancer, and which addresses those are. */
import { includes, outsideFaults, overlaps, poolInWords } from "./address-pool";
import { ofTheApi } from "./api-vip";
import type { Fault } from "./fault";
import type { Cluster, LoadBalancer } from "./model";
import { nodeAddresses, takenAddresses, type Taken } from "./reserved";
import { LoadBalancerSchema, type AddressPool, type ClusterSettings } from "./settings";
import { withDefaults } from "./validation";

export const resolveLoadBalancer = ({
  loadBalancer,
}: Pick<ClusterSettings, "loadBalancer">): { readonly loadBalancer?: LoadBalancer } =>
  // Another check reports a missing pool.
  loadBalancer?.pool === undefined ? {} : { loadBalancer: withDefaults(LoadBalancerSchema, loadBalancer) };

const NAMES = { metallb: "MetalLB", "kube-vip": "kube-vip" } as const;

/** The program's own name; `undefined` if nothing gives such services an address. */
export const loadBalancerName = ({
  k3s,
  loadBalancer,
}: Pick<Cluster, "k3s" | "loadBalancer">): string | undefined =>
  loadBalancer === undefined
    ? k3s.serviceLb
      ? "K3s' ServiceLB"
      : undefined
    : NAMES[loadBalancer.implementation];

/** Other settings by which the pool was judged. */
const JUDGED_BY = ["network.nodeCidr", "network.gateway", "vmId", "ipv4Address", "apiVip", "apiEndpoint"];

const fault = (setting: string, sentence: string): Fault => ({
  nodes: [],
  setting,
  sentence,
  judgedBy: JUDGED_BY,
});

export function loadBalancerFaults(cluster: Cluster): Fault[] {
  const { loadBalancer } = cluster;
  if (loadBalancer === undefined) return [];
  const { pool } = loadBalancer;
  return [
    ...outsideFaults(cluster, "loadBalancer.pool", pool, JUDGED_BY),
    ...taken(cluster, pool),
    ...two(cluster, loadBalancer),
  ];
}

const taken = (cluster: Cluster, pool: AddressPool): Fault[] =>
  within(pool, [...takenAddresses(cluster), ...ofTheApi(cluster)]);

/**
 * Somebody's addresses in the pool, as one fault.
 *
 * @param of - whose they all are. @default - the cluster's own
 */
function within(pool: AddressPool, all: readonly Taken[], of = ""): Fault[] {
  const inside = all.filter(({ address }) => includes(pool, address));
  if (inside.length === 0) return [];
  const whose = inside.slice(0, 3).map(({ address, whose }) => `${address}, ${whose}`);
  const more = inside.length > whose.length ? `, and ${inside.length - whose.length} more` : "";
  const sentence = `is ${poolInWords(pool)}, which contains ${whose.join(", and ")}${more}${of}; choose free addresses`;
  return [fault("loadBalancer.pool", sentence)];
}

/** Both would answer for the same services. */
function two({ k3s }: Cluster, { implementation }: LoadBalancer): Fault[] {
  if (!k3s.serviceLb) return [];
  const message =
    `'loadBalancer' says that the cluster runs ${NAMES[implementation]}, and 'k3s.serviceLb' that it runs K3s' ServiceLB: ` +
    "both would give addresses to the same services; set 'k3s.serviceLb: false'";
  return [{ nodes: [], setting: "k3s.serviceLb", message, judgedBy: ["loadBalancer"] }];
}

/** Faults between two clusters of an app: a pool with an address of the other's. */
export const poolFaultsBetween = (one: Cluster, other: Cluster): Fault[] => [
  ...poolWithOther(one, other),
  ...poolWithOther(other, one),
  ...samePool(one, other),
];

function poolWithOther({ loadBalancer }: Cluster, other: Cluster): Fault[] {
  if (loadBalancer === undefined) return [];
  const its = [...nodeAddresses(other), ...ofTheApi(other)];
  return within(loadBalancer.pool, its, ", of another cluster of this app");
}

function samePool({ loadBalancer: one }: Cluster, { loadBalancer: other }: Cluster): Fault[] {
  if (one === undefined || other === undefined) return [];
  if (!overlaps(one.pool, other.pool)) return [];
  const sentence = `is ${poolInWords(one.pool)}, which overlaps ${poolInWords(other.pool)} of another cluster of this app`;
  return [fault("loadBalancer.pool", sentence)];
}
