import type { Construct } from "constructs";
import type { AgentSettings } from "../src/config/settings";
import { K3sNode } from "./k3s-node";

export type { AgentSettings as K3sAgentNodeProps };

/** A node that runs pods but no control plane. Its VM is created after the servers' VMs. */
export class K3sAgentNode extends K3sNode {
  /**
   * @param scope - the cluster, or a construct in it
   * @param id - becomes the Terraform name and the folder of the host's files; to change it, set `formerId`
   * @throws Error if the scope is not in a `K3sCluster`; the cluster reports invalid settings
   */
  public constructor(scope: Construct, id: string, props: AgentSettings) {
    super(scope, id, "agent", props);
  }
}
