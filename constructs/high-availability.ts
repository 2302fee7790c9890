import { Lazy, Token, type ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import { Haresource } from "../.gen/providers/proxmox/haresource";
import { Harule } from "../.gen/providers/proxmox/harule";
import type { Node } from "../src/config/model";

/** A VM that Proxmox VE's HA manager looks after. */
export class HaVm {
  /** The VM as the HA manager names it, for a rule, which OpenTofu then makes after it. */
  public readonly reference: string;

  /**
   * @param scope - the node
   * @param vm - its resource
   * @param pveNode - its PVE node, which may be known only when the stack is written
   */
  public constructor(
    scope: Construct,
    { vmId, terraformName }: Node,
    vm: ITerraformDependable,
    pveNode: string,
  ) {
    const resource = new Haresource(scope, "Ha", { resourceId: `vm:${vmId}`, dependsOn: [vm] });
    resource.overrideLogicalId(terraformName);
    this.reference = resource.resourceId;
    // Brings the VM back when its PVE node is there again, and to another when that is stated: OpenTofu leaves `node_name` to it.
    // Not strict, or no other PVE node could start it; of one priority, or Proxmox VE refuses the rule beside one that keeps servers
    // apart. Source: pve-ha-manager, src/PVE/HA/Rules.pm.
    const home = {
      rule: `vm-${vmId}-home`,
      type: "node-affinity",
      resources: [this.reference],
      nodes: Token.asNumberMap(Lazy.anyValue({ produce: () => ({ [pveNode]: 1 }) })),
    };
    new Harule(scope, "HaHome", home).overrideLogicalId(`${terraformName}_home`);
  }
}

/**
 * Has the HA manager keep the VMs of servers on different PVE nodes.
 *
 * @param servers - all of them, when the stack is written
 */
export function keepApart(
  scope: Construct,
  servers: () => readonly { readonly vmId: number; readonly ha: HaVm }[],
): void {
  // Their order in `main.ts` does not matter.
  const sorted = () => [...servers()].sort((a, b) => a.vmId - b.vmId);
  const apart = {
    // Another cluster in the same Proxmox VE has other VM IDs.
    rule: Lazy.stringValue({ produce: () => `vm-${sorted()[0]?.vmId}-servers-apart` }),
    type: "resource-affinity",
    affinity: "negative",
    resources: Lazy.listValue({ produce: () => sorted().map(({ ha }) => ha.reference) }),
  };
  new Harule(scope, "HaApart", apart).overrideLogicalId("servers_apart");
}
