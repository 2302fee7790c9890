import type { Node } from "../config/model";
import { compareVersions } from "./version";

/** A host that was built, as far as the order goes by it. */
export interface Built {
  readonly node: Pick<Node, "hostname" | "role" | "clusterInit">;
  /** Part of the cluster already. */
  readonly member: boolean;
  /** K3s of the system that was built. */
  readonly k3sVersion: string;
}

/** A server as it runs, whether it is to be changed or not. */
export interface RunningServer {
  readonly hostname: string;
  readonly k3sVersion: string;
}

/** Agents that would be newer than a server, since nobody asked to change that one. */
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
      const names = older.map(([hostname]) => hostname).join(" ");
      return [
        `${node.hostname} would run K3s ${k3sVersion}, which is newer than that of ${names}: apply --rebuild ${names} first`,
      ];
    });
}

/** Hosts that are changed together; servers are changed one by one even so. */
export interface Phase<T> {
  /** Why now. */
  readonly words: string;
  readonly hosts: readonly T[];
}

/**
 * Members first, so that they admit the new nodes before these knock. Of the members the servers, when K3s gets newer:
 * a kubelet must not be newer than its API server (kubernetes.io/releases/version-skew-policy). Otherwise the agents, so
 * that a mistake shows where it hurts least.
 *
 * @param running - K3s versions of the servers that run
 * @param isTokenNew - agents are given a token that servers do not know yet
 */
export function phases<T extends Built>(
  hosts: readonly T[],
  running: readonly string[],
  isTokenNew = false,
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
        : isTokenNew
          ? "servers, since they have to know the agents' token first"
          : "servers",
    hosts: ofRole(members, "server"),
  };
  const agents = { words: "agents", hosts: ofRole(members, "agent") };
  const founders = ofRole(fresh, "server").sort(
    (a, b) => Number(b.node.clusterInit) - Number(a.node.clusterInit),
  );
  return [
    ...(newer === undefined && !isTokenNew ? [agents, servers] : [servers, agents]),
    { words: "new servers", hosts: founders },
    { words: "new agents", hosts: ofRole(fresh, "agent") },
  ].filter((phase) => phase.hosts.length > 0);
}

const ofRole = <T extends Built>(hosts: readonly T[], role: Node["role"]): T[] =>
  hosts.filter(({ node }) => node.role === role);

/** The newest of what was built, if one of the running servers is older. */
function newest(built: readonly string[], running: readonly string[]): string | undefined {
  const top = [...built].sort(compareVersions).at(-1);
  return top !== undefined && running.some((version) => compareVersions(version, top) < 0) ? top : undefined;
}
