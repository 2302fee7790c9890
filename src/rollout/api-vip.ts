/** The API's own address on live hosts: who holds it, and who relies on it. */
import { API_VIP } from "../render/api-vip";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import type { HostState } from "./identity";

/** A member server whose keepalived does not know the address yet. */
export function lacksApiVip({ host, facts }: HostState): boolean {
  const { apiVip } = host.description;
  if (apiVip === undefined || host.node.role !== "server" || !facts.joined) return false;
  return facts.files.get(API_VIP)?.includes(`"${apiVip.address}/32"`) !== true;
}

/**
 * Faults for hosts that would join through an address that no server holds. One server that does is enough.
 *
 * @param changed - hosts of the rollout
 * @param all - the cluster's hosts that answer
 */
export function apiVipJoinFaults(changed: readonly Host[], all: readonly HostState[]): string[] {
  const members = all.filter(({ host, facts }) => host.node.role === "server" && facts.joined);
  const holds = (state: HostState): boolean => !lacksApiVip(state) || changed.includes(state.host);
  if (changed.length === 0 || members.length === 0 || members.some(holds)) return [];
  const joining = changed.map(({ name }) => name).join(", ");
  const servers = members.map(({ host }) => host.name).join(",");
  return [
    `no server holds the API's address yet, through which ${joining} would join: apply --on ${servers} first, or all hosts`,
  ];
}

/** Exactly one server holds the address. A server that does not answer may be the one. */
export function apiVipHolderFaults({ hosts, unreachable }: Pick<Fleet, "hosts" | "unreachable">): string[] {
  const address = [...hosts, ...unreachable][0]?.host.description.apiVip?.address;
  if (address === undefined) return [];
  const holders = hosts.filter(({ facts }) => facts.holdsApiVip).map(({ host }) => host);
  const agents = holders.filter(({ node }) => node.role === "agent").map(({ name }) => name);
  const names = holders.map(({ name }) => name).join(" and ");
  const someServerIsAway = unreachable.some(({ host }) => host.node.role === "server");
  return [
    ...(agents.length > 0
      ? [`${agents.join(" and ")} has ${address}, the API's address, and is no server`]
      : []),
    ...(holders.length > 1 ? [`${names} have ${address}, the API's address, at the same time`] : []),
    ...(holders.length === 0 && !someServerIsAway
      ? [`no server holds ${address}, the API's address: see systemctl status keepalived on the servers`]
      : []),
  ];
}
