import { Aspects, TerraformLocal, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { VirtualEnvironmentVm } from "../.gen/providers/proxmox/virtual-environment-vm";
import type { Node } from "../src/config/model";
import type { NodeSettings, Role } from "../src/config/settings";
import { K3sCluster } from "./k3s-cluster";
import { virtualMachine } from "../src/provider/virtual-machine";

export type K3sNodeProps = NodeSettings;

/**
 * One node of the cluster: one VM, cloned from a template.
 *
 * The construct id is part of the contract: it becomes the Terraform name (`k3s-agent-1` is
 * `proxmox_virtual_environment_vm.k3s_agent_1`) and the folder of the host's files.
 */
export abstract class K3sNode extends Construct {
  public readonly hostname: string;
  public readonly vmId: number;
  public readonly ipv4Address: string;
  public readonly macAddress: string;

  /** The generated resource: the way to arguments that the props do not have. */
  public readonly resource: VirtualEnvironmentVm;

  protected constructor(scope: Construct, id: string, role: Role, props: K3sNodeProps) {
    const cluster = K3sCluster.of(scope);
    super(scope, freeId(scope, id));
    const node = cluster.add(id, role, props);
    this.hostname = node.hostname;
    this.vmId = node.vmId;
    this.ipv4Address = node.ipv4Address;
    this.macAddress = node.macAddress;

    this.resource = withoutStackTraces(() => new VirtualEnvironmentVm(this, "Vm", virtualMachine(node)));
    this.resource.overrideLogicalId(node.terraformName);
    cluster.addVm(node, this.resource);
    // Not by its id, `Resource`: OpenTofu's JSON names each construct's path.
    this.node.defaultChild = this.resource;
    if (role === "agent") this.dependOnServers(cluster);
    this.addExistence(node);
    this.addOutput(node);
    // Not CDKTF's `moveFromId`, which needs an OpenTofu binary at synth.
    if (node.formerTerraformName !== undefined) TerraformStack.of(this).addOverride("moved", cluster.moves);
  }

  /** When the stack is written: a server may be stated after its agents, and an owner may add to what they depend on. */
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
   * Whether the VM exists, and a warning when its ID belongs to a stranger. Never a condition of the resource: once
   * the VM exists that would turn, and destroy it.
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

  /** Configured values; what the guest agent reports changes with every pod. */
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

/** An id that the tree accepts: the model reports the duplicate together with all other faults. */
function freeId(scope: Construct, id: string): string {
  let free = id || "#";
  for (let n = 2; scope.node.tryFindChild(free) !== undefined; n++) free = `${id}#${n}`;
  return free;
}

/**
 * CDKTF keeps a stack trace of each of a VM's tokens, and tsx looks up the source of every frame: with a thousand
 * nodes that is half of the time and a third of the memory of a synth.
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
