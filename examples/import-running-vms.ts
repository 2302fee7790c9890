/**
 * VMs that run already, and were made by hand. State them as they are, import them, and the first plan replaces nothing:
 *
 *     npm run synth
 *     npm run tofu -- init
 *     npm run tofu -- import proxmox_virtual_environment_vm.k3s_server pve/150
 *     npm run tofu -- import proxmox_virtual_environment_vm.k3s_agent pve/163
 *     npm run plan
 *
 * `qm config 150` on the PVE node says what a VM has. What you leave out here takes a default, and the plan shows that.
 */
import { App, TerraformStack } from "cdktf";
import { HostFiles, K3sAgentNode, K3sCluster, K3sServerNode } from "proxmox-nixos-k3s";

const app = new App();
const stack = new TerraformStack(app, "k3s");

const cluster = new K3sCluster(stack, "cluster", {
  network: { nodeCidr: "192.168.1.0/24", operatorCidrs: ["192.168.1.0/24"] },
  apiEndpoint: "https://192.168.1.20:6443",
  vm: {
    templateVmId: 9000, // of nodes that you add later; a VM that is imported is not cloned
    pveNode: "pve",
    cpuType: "qemu64", // `cpu` in qm config; PVE's own default where it says nothing is kvm64
    scsiHardware: "virtio-scsi-pci",
    disks: [{ interface: "scsi0", datastore: "local-lvm", sizeGib: 32 }],
    networkInterfaces: [{ bridge: "vmbr0" }],
  },
  nixos: {
    release: "25.11",
    stateVersion: "24.05", // what /etc/nixos/configuration.nix of the hosts says: it is never raised
    firmware: "bios",
    bootDisk: "/dev/sda",
    rootFilesystem: { uuid: "1d7e3f60-94b2-4c08-a5d1-c3f8e2b7906a" },
    networkInterface: "ens18",
  },
  k3s: {
    tokenFile: "/var/lib/k3s-secrets/token", // on the hosts; their cluster keeps the token that it has
    traefik: true,
    serviceLb: true,
  },
  authorizedKeysFile: "authorized_keys",
});

// Addresses and MAC addresses as they are, since these VM IDs say nothing of them.
const server = new K3sServerNode(cluster, "k3s-server", {
  hostname: "server",
  vmId: 150,
  ipv4Address: "192.168.1.20",
  macAddress: "BC:24:11:9D:3E:07",
  cores: 4,
  memoryMib: 8192,
});
new K3sAgentNode(cluster, "k3s-agent", {
  hostname: "agent",
  vmId: 163,
  ipv4Address: "192.168.1.21",
  macAddress: "BC:24:11:02:C8:5B",
  cores: 8,
  memoryMib: 16384,
  disks: [
    { interface: "scsi0", datastore: "local-lvm", sizeGib: 32 },
    { interface: "scsi1", datastore: "local-lvm", sizeGib: 200 }, // one that is not stated would be detached
  ],
});

// What no setting says stays as it is when OpenTofu is told to ignore it.
server.resource.addOverride("lifecycle.ignore_changes", ["initialization"]);

new HostFiles(cluster, "nix");

app.synth();
