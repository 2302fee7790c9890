import { Aspects, TerraformLocal, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { VirtualEnvironmentVm } from "../.gen/providers/proxmox/virtual-environment-vm";
import type { Node } from "../src/config/model";
import type { NodeSettings, Role } from "../src/config/settings";
import { HaVm } from "./high-availability";
import { K3sCluster } from "./k3s-cluster";
import { virtualMachine } from "../src/provider/virtual-machine";

export type { NodeSettings as K3sNodeProps };

/**
 * A node of the cluster: one VM, cloned from a template.
 *
 * The construct id becomes the Terraform name (`k3s-agent-1` is `proxmox_virtual_environment_vm.k3s_agent_1`) and the
 * folder of the host's files. To change it, set `formerId`.
 */
export abstract class K3sNode extends Construct {
  /** Name of the host, of the Kubernetes node and of the VM. */
  public readonly hostname: string;
  /** PVE VM ID. */
  public readonly vmId: number;
  /** IPv4 address in the node network, as set or derived from the VM ID. */
  public readonly ipv4Address: string;
  /** MAC address of the first network interface, as set or derived from the VM ID. */
  public readonly macAddress: string;

  /** The generated resource, for arguments that the props do not have. */
  public readonly resource: VirtualEnvironmentVm;

  protected constructor(scope: Construct, id: string, role: Role, props: NodeSettings) {
    const cluster = K3sCluster.of(scope);
    super(scope, freeId(scope, id));
    const node = cluster.add(id, role, props);
    this.hostname = node.hostname;
    this.vmId = node.vmId;
    this.ipv4Address = node.ipv4Address;
    this.macAddress = node.macAddress;

    const placed = cluster.whenPlaced(node);
    const hasHa = cluster.hasHa(role);
    this.resource = withoutStackTraces(
      () => new VirtualEnvironmentVm(this, "Vm", virtualMachine(placed, hasHa)),
    );
    this.resource.overrideLogicalId(node.terraformName);
    cluster.addVm(node, this.resource);
    if (hasHa) cluster.addHa(node, new HaVm(this, node, this.resource, placed.vm.pveNode));
    // Set explicitly: naming the child `Resource` would change the construct paths in OpenTofu's JSON.
    this.node.defaultChild = this.resource;
    if (role === "agent") this.dependOnServers(cluster);
    this.addExistence(node);
    this.addOutput(node);
    // Not with CDKTF's `moveFromId`, which needs an OpenTofu binary at synth.
    if (node.formerTerraformName !== undefined) TerraformStack.of(this).addOverride("moved", cluster.moves);
  }

  /** Runs at synth, since a server may be constructed after its agents, and owners may add dependencies. */
  private dependOnServers(cluster: K3sCluster): void {
    const add = (): void => {
      this.resource.dependsOn = [
        ...new Set([...cluster.serverAddresses, ...(this.resource.dependsOn ?? [])]),
      ];
    };
    Aspects.of(this).add({
      visit: (construct) => {
        if (construct === this) add();
      },
    });
  }

  /**
   * A local that says whether the VM exists, and a check that warns if another VM or a container has its ID. Never make
   * it a condition of the resource: it turns true once the VM exists, and would then destroy it.
   */
  private addExistence({ terraformName, hostname, vmId }: Node): void {
    const names = `lookup(local.vm_names, "${vmId}", [])`;
    new TerraformLocal(this, "Exists", `\${length(${names}) > 0}`).overrideLogicalId(
      `${terraformName}_exists`,
    );
    TerraformStack.of(this).addOverride(`check.${terraformName}_vm_id`, {
      assert: [
        {
          condition: `\${alltrue([for name in ${names} : name == "${hostname}"])}`,
          error_message: `VM ID ${vmId} of ${hostname} is held by a VM of another name: \${join(", ", ${names})}`,
        },
        {
          condition: `\${!contains(local.container_ids, "${vmId}")}`,
          error_message: `VM ID ${vmId} of ${hostname} is held by a container`,
        },
      ],
    });
  }

  /** Outputs the configured values. What the guest agent reports changes with every pod. */
  private addOutput(node: Node): void {
    const value = {
      hostname: node.hostname,
      role: node.role,
      vm_id: node.vmId,
      ipv4_address: node.ipv4Address,
      mac_address: node.macAddress,
    };
    new TerraformOutput(this, "Output", { value }).overrideLogicalId(`${node.terraformName}_node`);
  }
}

/** A free id for a duplicate, so that the model can report it together with all other faults. */
function freeId(scope: Construct, id: string): string {
  let free = id || "#";
  for (let n = 2; scope.node.tryFindChild(free) !== undefined; n++) free = `${id}#${n}`;
  return free;
}

/**
 * CDKTF records a stack trace for each token of a VM, and tsx maps every frame to its source. With a thousand nodes
 * this takes half of the time and a third of the memory of a synth.
 */
function withoutStackTraces<T>(make: () => T): T {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = () => "";
  try {
    return make();
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}
