import type { Node } from "../config/model";
import { compareVersions } from "./version";

/** The parts of a built host that determine the order. */
export interface Built {
  readonly node: Pick<Node, "hostname" | "role" | "clusterInit">;
  /** Part of the cluster already. */
  readonly member: boolean;
  /** K3s version of the built system. */
  readonly k3sVersion: string;
  /** Holds the API's own address. @default false */
  readonly holdsApiVip?: boolean;
}

/** A running server, part of the rollout or not. */
export interface RunningServer {
  readonly hostname: string;
  readonly k3sVersion: string;
}

/** Faults for agents that would be newer than a server that is not part of the rollout. */
export function skewFaults(hosts: readonly Built[], running: readonly RunningServer[]): string[] {
  const built = hosts.filter(({ node }) => node.role === "server");
  const servers = new Map([
    ...running.map(({ hostname, k3sVersion }) => [hostname, k3sVersion] as const),
    ...built.map(({ node, k3sVersion }) => [node.hostname, k3sVersion] as const),
  ]);
  return hosts
    .filter(({ node }) => node.role === "agent")
    .flatMap(({ node, k3sVersion }) => {
      const older = [...servers].filter(([, version]) => compareVersions(version, k3sVersion) < 0);
      if (older.length === 0) return [];
      const names = older.map(([hostname]) => hostname);
      return [
        `${node.hostname} would run K3s ${k3sVersion}, which is newer than that of ${names.join(", ")}: apply --rebuild --on ${names.join(",")} first`,
      ];
    });
}

/** Hosts that are changed together; servers still one by one. */
export interface Phase<T> {
  /** Name of the phase, with the reason for the order. */
  readonly words: string;
  readonly hosts: readonly T[];
}

/**
 * Members come first, so that their firewalls admit the new nodes before these join. Among the members, servers come first when
 * K3s gets newer: a kubelet must not be newer than its API server (kubernetes.io/releases/version-skew-policy). Otherwise
 * agents come first, where a mistake does the least harm. The server that holds the API's address comes last of its phase, so that the
 * address moves once.
 *
 * @param running - K3s versions of the running servers
 * @param agentsNeed - what servers have to know or do before agents rely on it. @default - nothing new
 */
export function phases<T extends Built>(
  hosts: readonly T[],
  running: readonly string[],
  agentsNeed?: string,
): Phase<T>[] {
  const members = hosts.filter(({ member }) => member);
  const fresh = hosts.filter(({ member }) => !member);
  const newer = newest(
    hosts.map(({ k3sVersion }) => k3sVersion),
    running,
  );
  const servers = {
    words:
      newer !== undefined
        ? `servers, since K3s ${newer} is newer than theirs`
        : agentsNeed !== undefined
          ? `servers, since they have to ${agentsNeed} first`
          : "servers",
    hosts: ofRole(members, "server").sort(
      (a, b) => Number(a.holdsApiVip ?? false) - Number(b.holdsApiVip ?? false),
    ),
  };
  const agents = { words: "agents", hosts: ofRole(members, "agent") };
  const founders = ofRole(fresh, "server").sort(
    (a, b) => Number(b.node.clusterInit) - Number(a.node.clusterInit),
  );
  return [
    ...(newer === undefined && agentsNeed === undefined ? [agents, servers] : [servers, agents]),
    { words: "new servers", hosts: founders },
    { words: "new agents", hosts: ofRole(fresh, "agent") },
  ].filter((phase) => phase.hosts.length > 0);
}

const ofRole = <T extends Built>(hosts: readonly T[], role: Node["role"]): T[] =>
  hosts.filter(({ node }) => node.role === role);

/** The newest built version, if a running server is older. */
function newest(built: readonly string[], running: readonly string[]): string | undefined {
  const top = [...built].sort(compareVersions).at(-1);
  return top !== undefined && running.some((version) => compareVersions(version, top) < 0) ? top : undefined;
}
