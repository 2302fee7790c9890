import type { Construct } from "constructs";
import type { ServerSettings } from "../src/config/settings";
import { K3sNode } from "./k3s-node";

export type { ServerSettings as K3sServerNodeProps };

/** A node that runs the control plane and etcd, and also pods. */
export class K3sServerNode extends K3sNode {
  /**
   * @param scope - the cluster, or a construct in it
   * @param id - becomes the Terraform name and the folder of the host's files; to change it, set `formerId`
   * @throws Error if the scope is not in a `K3sCluster`; the cluster reports invalid settings
   */
  public constructor(scope: Construct, id: string, props: ServerSettings) {
    super(scope, id, "server", props);
  }
}
