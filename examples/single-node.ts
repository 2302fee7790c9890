/** One VM with everything on it, for trying things out: a server also runs pods. */
import { App, TerraformStack } from "cdktf";
import { HostFiles, K3sCluster, K3sServerNode } from "proxmox-nixos-k3s";

const app = new App();
const stack = new TerraformStack(app, "k3s");

const cluster = new K3sCluster(stack, "cluster", {
  network: {
    nodeCidr: "192.168.1.0/24",
    operatorCidrs: ["192.168.1.0/24"], // from where you log in by SSH
    // No gateway: the host asks DHCP. Reserve its address there, for its MAC address.
  },
  apiEndpoint: "https://192.168.1.201:6443",
  vm: {
    templateVmId: 9000,
    pveNode: "pve",
    cores: 4,
    memoryMib: 8192,
    disks: [{ interface: "scsi0", datastore: "local-lvm", sizeGib: 40 }],
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
    serviceLb: true, // opens 80 and 443 to the node network
  },
  rollout: { tokenPath: "secrets/token" },
  authorizedKeysFile: "authorized_keys",
});

// The address is the network's host number 201, from the VM ID.
new K3sServerNode(cluster, "k3s-server", {
  hostname: "k3s",
  vmId: 201,
  macAddress: "BC:24:11:5A:00:01",
});

new HostFiles(cluster, "nix");

app.synth();
