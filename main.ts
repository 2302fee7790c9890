import { App, TerraformStack, TerraformVariable } from "cdktf";
import { HostFiles, K3sAgentNode, K3sCluster, K3sServerNode } from "./constructs";

const app = new App();
const stack = new TerraformStack(app, "k3s");
const proxmoxNode = new TerraformVariable(stack, "proxmox_node", {
  type: "string",
  description: "PVE node on which the VMs run",
});

const cluster = new K3sCluster(stack, "cluster", {
  network: {
    nodeCidr: "172.22.0.0/24",
    podCidr: "10.42.0.0/16",
    serviceCidr: "10.43.0.0/16",
    lanCidrs: ["172.22.0.0/24"],
    operatorCidrs: ["172.22.0.0/24"], // operators' SSH comes from here: settings that would lock it out are faults
    // Without a gateway, the hosts get their addresses by DHCP, which recognizes their MAC addresses.
    macAddressBase: { vmId: 134, macAddress: "BC:24:11:B3:ED:01" },
  },
  apiEndpoint: "https://172.22.0.134:6443",
  vm: {
    templateVmId: 9903, // "empty VM"
    pveNode: proxmoxNode.stringValue,
    cores: 4,
    cpuType: "qemu64", // as the running VMs have it
    cpuUnits: 1024,
    memoryMib: 16384,
    disks: [{ interface: "scsi0", datastore: "Cesspool-VM", sizeGib: 32 }],
    networkInterfaces: [{ bridge: "vmbr0" }],
  },
  nixos: {
    release: "25.11",
    stateVersion: "25.11",
    firmware: "bios",
    bootDisk: "/dev/sda",
    rootFilesystem: { uuid: "dd933e34-9e75-4a1c-8597-61e6d3b7af63", type: "ext4" },
    networkInterface: "ens18",
    kernelPackages: "linuxPackages",
  },
  k3s: {
    tokenFile: "/var/lib/k3s-secrets/token",
    traefik: true,
    serviceLb: true, // opens 80 and 443 to the LAN
  },
  authorizedKeysFile: "authorized_keys",
});

// Hostname, VM ID, address, cores and memory of alphard and hamal are known. Their MAC address, description, disk and
// network interface are INFERRED from mizar: compare them with the running VMs before the first apply.
new K3sServerNode(cluster, "k3s-server", { hostname: "alphard", vmId: 134, description: "# K3s Server" });
new K3sAgentNode(cluster, "k3s-agent", { hostname: "hamal", vmId: 135, description: "# K3s Agent" });
new K3sAgentNode(cluster, "k3s-agent-1", { hostname: "mizar", vmId: 136, description: "# K3s Agent 1" });

new HostFiles(cluster, "nix", { documents: ["k8s/README.md"] });

app.synth();
