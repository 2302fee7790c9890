/** The API's own address: which server may hold it, and in which order the others take it over. */
import { parseAddress, parseNetwork } from "./address";
import { describeActual, formatValue, quoteAll, type Fault, type Faults } from "./fault";
import { guestInterfaces } from "./guest-network";
import type { ApiVip, Cluster, Node } from "./model";
import { servers } from "./model";
import { apiEndpointOf, endpointHost } from "./network";
import { isHostAddress, takenAddresses, type Taken } from "./reserved";
import { ClusterSchema, type ApiVipSettings, type ClusterSettings } from "./settings";
import { docOf } from "./settings/kinds";

/** Where agents, joining servers and operators find the API. */
export const resolveApi = ({
  apiEndpoint,
  apiVip,
}: Pick<ClusterSettings, "apiEndpoint" | "apiVip">): {
  readonly apiEndpoint: string;
  readonly apiVip?: ApiVip;
} =>
  apiVip === undefined
    ? { apiEndpoint: apiEndpoint as string } // a fault if it is missing
    : { apiEndpoint: apiEndpointOf(apiVip.address), apiVip: { ...apiVip, routerId: routerIdOf(apiVip) } };

/** VRRP's numbers are 1 to 255 (RFC 5798, 5.2.3). */
const routerIdOf = ({ address, routerId }: ApiVipSettings): number =>
  routerId ?? (Number(BigInt.asUintN(8, parseAddress(address) ?? 0n)) || 255);

/** Checks that the API has one place. */
export function checkApi(settings: ClusterSettings, faults: Faults): void {
  const { apiEndpoint, apiVip } = settings;
  if (apiVip === undefined) {
    const { expected } = docOf(ClusterSchema.shape.apiEndpoint);
    if (apiEndpoint === undefined)
      faults.add("apiEndpoint", `should be ${expected}${describeActual(undefined)}`, ["apiVip"]);
    return;
  }
  const own = apiEndpointOf(apiVip.address);
  if (apiEndpoint === undefined || apiEndpoint === own) return;
  faults.add("apiEndpoint", `should be left out beside 'apiVip', which makes it ${own}, got ${apiEndpoint}`, [
    "apiVip",
  ]);
}

/** An address of the API. */
interface ApiAddress extends Taken {
  /** That states it. */
  readonly setting: "apiVip.address" | "apiEndpoint";
}

/** The API's address, where no node has it. */
export function ofTheApi({
  apiVip,
  apiEndpoint,
  nodes,
}: Pick<Cluster, "apiVip" | "apiEndpoint" | "nodes">): ApiAddress[] {
  if (apiVip !== undefined)
    return [{ address: apiVip.address, setting: "apiVip.address", whose: "the 'apiVip.address'" }];
  const address = endpointHost(apiEndpoint);
  if (address === undefined || nodes.some(({ ipv4Address }) => ipv4Address === address)) return [];
  return [{ address, setting: "apiEndpoint", whose: "the address of 'apiEndpoint'" }];
}

/** A server that may hold the address while its API is ready. */
export interface VipCandidate {
  readonly node: Node;
  /** VRRP's priority: the greatest takes the address when nobody holds it. A server that holds it keeps it. */
  readonly priority: number;
  readonly interface: string;
  /** The other candidates. */
  readonly peers: readonly Node[];
}

/** Between neighbours, so that the next server is the holder before the one after it tries (see `ADVERTISEMENT_SECONDS`). */
const GREATEST_STEP = 50;
/** 255 belongs to the owner of an address (RFC 5798, 5.2.4). */
const GREATEST_PRIORITY = 250;

/** The servers that may hold the address, in the order in which they take it over; none without `apiVip`. */
export function vipCandidates(cluster: Pick<Cluster, "apiVip" | "nodes">): VipCandidate[] {
  const { apiVip } = cluster;
  const all = servers(cluster);
  if (apiVip === undefined) return [];
  const step = Math.min(GREATEST_STEP, Math.floor((GREATEST_PRIORITY - 1) / Math.max(1, all.length - 1)));
  return all.map((node, index) => ({
    node,
    priority: Math.max(1, GREATEST_PRIORITY - index * step),
    interface: apiVip.interface ?? node.nixos.networkInterface,
    peers: all.filter((other) => other !== node),
  }));
}

/** Other settings by which the address was judged. */
const JUDGED_BY = ["network.nodeCidr", "network.gateway", "vmId", "ipv4Address"];

export function apiVipFaults(cluster: Cluster, apiVip: ApiVip): Fault[] {
  return [
    ...addressProblems(cluster, apiVip.address).map((problem) => fault("apiVip.address", problem)),
    ...interfaceProblems(cluster, apiVip.interface).map((problem) => fault("apiVip.interface", problem)),
    ...bound(cluster),
  ];
}

const fault = (setting: string, sentence: string, judgedBy: readonly string[] = JUDGED_BY): Fault => ({
  nodes: [],
  setting,
  sentence,
  judgedBy,
});

function addressProblems({ network, nodes }: Cluster, text: string): string[] {
  if (!isHostAddress({ network }, text))
    return [`should be a host's address in the node network ${network.nodeCidr}, got ${formatValue(text)}`];
  const taken = takenAddresses({ network, nodes }).find(({ address }) => address === text);
  return taken === undefined ? [] : [`is ${text}, which is ${taken.whose}; choose a free address`];
}

/** The firewall admits over a further interface only what `firewall.allow` says. */
function interfaceProblems(cluster: Cluster, stated: string | undefined): string[] {
  if (stated === undefined) return [];
  const owners = servers(cluster).filter((node) => guestInterfaces(node).some(({ name }) => name === stated));
  if (owners.length === 0) return [];
  const whose = quoteAll(owners.map(({ hostname }) => hostname));
  return [`is ${stated}, a further network interface of ${whose}, which does not carry the node network`];
}

/** K3s listens on all addresses unless it is told otherwise. */
function bound(cluster: Cluster): Fault[] {
  const isBound = (flags: readonly string[]): boolean => flags.some((flag) => /^--bind-address\b/.test(flag));
  const problem = "has --bind-address, with which the API does not answer at 'apiVip'; leave the flag out";
  return [
    ...(isBound(cluster.k3s.serverFlags) ? [fault("k3s.serverFlags", problem, [])] : []),
    ...servers(cluster)
      .filter(({ k3sFlags }) => isBound(k3sFlags))
      .map(({ hostname }) => ({ ...fault("k3sFlags", problem, []), nodes: [hostname] })),
  ];
}

/** Faults between two clusters of an app: one's address that belongs to the other, and one number of VRRP in one network. */
export function vipFaultsBetween(one: Cluster, other: Cluster): Fault[] {
  return [...addressOfOther(one, other), ...addressOfOther(other, one), ...sameRouterId(one, other)];
}

function addressOfOther({ apiVip }: Cluster, other: Cluster): Fault[] {
  if (apiVip === undefined) return [];
  const node = other.nodes.find(({ ipv4Address }) => ipv4Address === apiVip.address);
  const whose =
    node !== undefined
      ? `the address of ${quoteAll([node.hostname])}`
      : other.apiVip?.address === apiVip.address
        ? "the 'apiVip.address'"
        : undefined;
  if (whose === undefined) return [];
  return [fault("apiVip.address", `is ${apiVip.address}, which is ${whose} of another cluster of this app`)];
}

function sameRouterId(one: Cluster, other: Cluster): Fault[] {
  const [a, b] = [one.apiVip, other.apiVip];
  if (a === undefined || b === undefined || a.routerId !== b.routerId || a.address === b.address) return [];
  const [here, there] = [one, other].map(({ network }) => parseNetwork(network.nodeCidr));
  if (here === undefined || there === undefined || here.cidr !== there.cidr) return [];
  const sentence =
    `is ${a.routerId} for ${a.address} and for ${b.address} of another cluster of this app in ${here.cidr}; ` +
    "state another for one of them";
  return [fault("apiVip.routerId", sentence)];
}
