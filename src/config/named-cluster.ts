/** A cluster among others of an app, whose faults say which one they mean. */
import { quoteAll } from "./fault";
import { nodeName, type Cluster, type Node } from "./model";

/** A cluster of an app. */
export interface NamedCluster {
  readonly name: string;
  readonly cluster: Cluster;
  /** Endpoint of its Proxmox VE. @default - `main.ts` does not say it */
  readonly pveEndpoint?: string;
}

/** Two clusters of an app, the one that is newer in its tree last. */
export type Pair = readonly [NamedCluster, NamedCluster];

/** `'alphard' and 'hamal' of k3s` */
export const whose = (nodes: readonly Node[], name: string): string =>
  `${quoteAll(nodes.map(nodeName))} of ${name}`;

/** One Proxmox VE is assumed unless main.ts says two: the environment of an apply, which main.ts does not see, may be the same for both. */
export const ELSEWHERE =
  "; where they are in different Proxmox VE clusters, set 'provider.endpoint' of both K3sClusters";

export const mayShareProxmox = ([one, other]: Pair): boolean =>
  one.pveEndpoint === undefined || other.pveEndpoint === undefined || one.pveEndpoint === other.pveEndpoint;
