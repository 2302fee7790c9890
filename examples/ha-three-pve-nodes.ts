/** Three servers and five agents with static addresses, in turn on three PVE nodes: one of those may fail. */
import { App, TerraformStack } from "cdktf";
import { HostFiles, K3sAgentNode, K3sCluster, K3sServerNode } from "proxmox-nixos-k3s";

const PVE_NODES = ["pve1", "pve2", "pve3"];

const app = new App();
const stack = new TerraformStack(app, "k3s");

const cluster = new K3sCluster(stack, "cluster", {
  network: {
    nodeCidr: "10.20.0.0/24",
    gateway: "10.20.0.1", // with a gateway, each host states its own address and asks no DHCP
    nameservers: ["10.20.0.1"],
    lanCidrs: ["10.20.0.0/24", "10.30.0.0/16"], // may reach what is published
    managementCidrs: ["10.20.0.0/24", "10.99.0.0/24"], // and only these reach SSH and the Kubernetes API
    operatorCidrs: ["10.99.0.0/24"],
    macAddressBase: { vmId: 101, macAddress: "BC:24:11:20:00:01" }, // VM 102 has …:02, and so on
  },
  // A name or a load balancer that leads to all servers: agents join through it, and it is in the certificates.
  apiEndpoint: "https://k3s.example.org:6443",
  vm: {
    templateVmId: 9000,
    pveNode: "pve1",
    templatePveNode: "pve1", // from where it is cloned, also to the other nodes
    cores: 4,
    memoryMib: 8192,
    disks: [{ interface: "scsi0", datastore: "ceph", sizeGib: 64, discard: true }],
    networkInterfaces: [{ bridge: "vmbr0" }],
  },
  nixos: {
    release: "25.11",
    stateVersion: "25.11",
    firmware: "bios",
    bootDisk: "/dev/sda",
    rootFilesystem: { uuid: "5c0b9a8e-61d4-4f7b-9c55-2f1e6a0d3b71" }, // the template's own
    networkInterface: "ens18",
  },
  k3s: {
    tokenFile: "/var/lib/k3s-secrets/token",
    traefik: true,
    serviceLb: true, // opens 80 and 443 to lanCidrs
  },
  rollout: { tokenPath: "secrets/token" },
  authorizedKeysFile: "authorized_keys",
});

// Construct ids are kept for ever: they name the VMs in OpenTofu's state. A node that leaves takes its own along.
for (const [index, pveNode] of PVE_NODES.entries()) {
  new K3sServerNode(cluster, `server-${index + 1}`, {
    hostname: `server-${index + 1}`,
    vmId: 101 + index,
    pveNode,
    clusterInit: index === 0, // founds the cluster; the others join it
  });
}

// Written out, so that one of them can differ, move or go.
new K3sAgentNode(cluster, "agent-1", { hostname: "agent-1", vmId: 111, pveNode: "pve1" });
new K3sAgentNode(cluster, "agent-2", { hostname: "agent-2", vmId: 112, pveNode: "pve2" });
new K3sAgentNode(cluster, "agent-3", { hostname: "agent-3", vmId: 113, pveNode: "pve3" });
new K3sAgentNode(cluster, "agent-4", { hostname: "agent-4", vmId: 114, pveNode: "pve1", memoryMib: 32768 });
new K3sAgentNode(cluster, "agent-5", { hostname: "agent-5", vmId: 115, pveNode: "pve2", memoryMib: 32768 });

new HostFiles(cluster, "nix");

app.synth();
