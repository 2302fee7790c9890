/** The floor: the VMs of `product.ts` in bare CDKTF, and nothing else. `tsx testbed/bench/floor.ts <nodes>` */
import { App, LocalBackend, TerraformStack, TerraformVariable } from "cdktf";
import { ProxmoxProvider } from "../../.gen/providers/proxmox/provider";
import {
  VirtualEnvironmentVm,
  type VirtualEnvironmentVmNetworkDevice,
} from "../../.gen/providers/proxmox/virtual-environment-vm";
import { reportMemoryAtExit } from "./memory";
import { macAddressOf, nodes, type BenchNode } from "./nodes";

const app = new App();
const stack = new TerraformStack(app, "k3s");
const proxmoxNode = new TerraformVariable(stack, "proxmox_node", { type: "string" });
new LocalBackend(stack, { path: "terraform.tfstate" });
new ProxmoxProvider(stack, "provider", {});

const all = nodes(Number(process.argv[2]));
const servers = all.filter(({ role }) => role === "server").map((node) => addVm(node));
for (const node of all) if (node.role === "agent") addVm(node, servers);

reportMemoryAtExit();
app.synth();

function addVm(node: BenchNode, dependsOn?: VirtualEnvironmentVm[]): VirtualEnvironmentVm {
  return new VirtualEnvironmentVm(stack, node.id.replaceAll("-", "_"), {
    name: node.hostname,
    vmId: node.vmId,
    nodeName: proxmoxNode.stringValue,
    description: node.description,
    clone: { vmId: 9903, full: true, datastoreId: "Cesspool-VM" },
    cpu: { cores: 4, sockets: 1, type: "qemu64", units: 1024 },
    memory: { dedicated: 16384, floating: 0 },
    disk: [{ interface: "scsi0", datastoreId: "Cesspool-VM", size: 32 }],
    networkDevice: [networkDevice(macAddressOf(node.vmId))],
    agent: { enabled: true, timeout: "60s" },
    operatingSystem: { type: "l26" },
    onBoot: true,
    protection: false,
    migrate: true,
    rebootAfterUpdate: false,
    stopOnDestroy: true,
    deleteUnreferencedDisksOnDestroy: false,
    lifecycle: { ignoreChanges: ["clone"], preventDestroy: true },
    dependsOn,
  });
}

/** All keys: without them OpenTofu refuses the JSON, of any app. */
function networkDevice(macAddress: string): VirtualEnvironmentVmNetworkDevice {
  const complete = {
    bridge: "vmbr0",
    disconnected: null,
    enabled: null,
    firewall: null,
    macAddress,
    model: null,
    mtu: null,
    queues: null,
    rateLimit: null,
    trunks: null,
    vlanId: null,
  };
  return complete as unknown as VirtualEnvironmentVmNetworkDevice;
}
