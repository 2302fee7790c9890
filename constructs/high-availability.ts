import { Lazy, TerraformResource, type ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import type { Node } from "../src/config/model";

/** A resource with a few plain arguments, for which bindings would be many times larger than what they describe. */
class PlainResource extends TerraformResource {
  /** @param stated - its arguments, by their names in the provider's schema */
  public constructor(
    scope: Construct,
    id: string,
    terraformResourceType: string,
    private readonly stated: Readonly<Record<string, unknown>>,
    dependsOn?: ITerraformDependable[],
  ) {
    super(scope, id, { terraformResourceType, dependsOn });
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...this.stated };
  }
}

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
    const resource = new PlainResource(scope, "Ha", "proxmox_haresource", { resource_id: `vm:${vmId}` }, [
      vm,
    ]);
    resource.overrideLogicalId(terraformName);
    this.reference = resource.interpolationForAttribute("resource_id").toString();
    // Brings the VM back when its PVE node is there again, and to another when that is stated: OpenTofu leaves `node_name` to it.
    // Not strict, or no other PVE node could start it; of one priority, or Proxmox VE refuses the rule beside one that keeps servers
    // apart. Source: pve-ha-manager, src/PVE/HA/Rules.pm.
    const home = {
      rule: `vm-${vmId}-home`,
      type: "node-affinity",
      resources: [this.reference],
      nodes: Lazy.anyValue({ produce: () => ({ [pveNode]: 1 }) }),
    };
    new PlainResource(scope, "HaHome", "proxmox_harule", home).overrideLogicalId(`${terraformName}_home`);
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
  new PlainResource(scope, "HaApart", "proxmox_harule", apart).overrideLogicalId("servers_apart");
}
