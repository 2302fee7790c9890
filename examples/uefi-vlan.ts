/** VMs that boot by UEFI, on a VLAN of their own, with a second interface to the storage network. */
import { App, TerraformStack } from "cdktf";
import { HostFiles, K3sAgentNode, K3sCluster, K3sServerNode } from "proxmox-nixos-k3s";

const app = new App();
const stack = new TerraformStack(app, "k3s");

const cluster = new K3sCluster(stack, "cluster", {
  network: {
    nodeCidr: "10.40.20.0/24",
    gateway: "10.40.20.1",
    nameservers: ["10.40.20.1"],
    operatorCidrs: ["10.40.20.0/24"],
    macAddressBase: { vmId: 120, macAddress: "BC:24:11:40:00:01" },
  },
  apiEndpoint: "https://10.40.20.120:6443",
  vm: {
    templateVmId: 9001, // with an EFI disk: clones get theirs from it
    pveNode: "pve",
    machine: "q35",
    cores: 4,
    memoryMib: 8192,
    scsiHardware: "virtio-scsi-single", // without it, iothread does nothing
    disks: [{ interface: "scsi0", datastore: "local-zfs", sizeGib: 40, iothread: true, ssd: true }],
    networkInterfaces: [
      { bridge: "vmbr0", vlanId: 20 }, // the first one is the node's
      { bridge: "vmbr1", vlanId: 30, mtu: 9000 },
    ],
  },
  nixos: {
    release: "25.11",
    stateVersion: "25.11",
    firmware: "uefi", // systemd-boot
    // Both are the template's own: `blkid` there shows them.
    efiSystemPartition: "3C4D-91AE",
    rootFilesystem: { uuid: "8f2c61d7-0a4e-4d59-b1b3-70c9e5d2a816" },
    networkInterface: "enp6s18", // what ens18 is called on q35
  },
  k3s: {
    tokenFile: "/var/lib/k3s-secrets/token",
    traefik: true,
    serviceLb: true,
  },
  rollout: { tokenPath: "secrets/token" },
  authorizedKeysFile: "authorized_keys",
});

new K3sServerNode(cluster, "k3s-server", { hostname: "server", vmId: 120 });
new K3sAgentNode(cluster, "k3s-agent", { hostname: "agent", vmId: 121 });

new HostFiles(cluster, "nix");

app.synth();
