import type { Construct } from "constructs";
import type { AgentSettings } from "../src/config/settings";
import { K3sNode } from "./k3s-node";

export type K3sAgentNodeProps = AgentSettings;

/** A node that runs pods but no control plane. Its VM is created after the servers' VMs. */
export class K3sAgentNode extends K3sNode {
  public constructor(scope: Construct, id: string, props: K3sAgentNodeProps) {
    super(scope, id, "agent", props);
  }
}
