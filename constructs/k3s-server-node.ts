import type { Construct } from "constructs";
import type { ServerSettings } from "../src/config/settings";
import { K3sNode } from "./k3s-node";

export type K3sServerNodeProps = ServerSettings;

/** A node that runs the control plane and etcd, and also pods. */
export class K3sServerNode extends K3sNode {
  public constructor(scope: Construct, id: string, props: K3sServerNodeProps) {
    super(scope, id, "server", props);
  }
}
