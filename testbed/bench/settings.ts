import { join } from "node:path";
import type { K3sClusterProps } from "proxmox-nixos-k3s";
import { FIRST_VM_ID, macAddressOf } from "./nodes";

/** What all nodes share, for as many nodes as there may be. */
export const settings = (pveNode: string): K3sClusterProps => ({
  network: {
    nodeCidr: "10.0.0.0/16",
    operatorNetworkWaived: true,
    podCidr: "10.16.0.0/12", // a /24 for each of 4096 nodes
    macAddressBase: { vmId: FIRST_VM_ID, macAddress: macAddressOf(FIRST_VM_ID) },
  },
  apiEndpoint: "https://10.0.3.232:6443", // the first server
  vm: {
    templateVmId: 9903,
    pveNode,
    cores: 4,
    cpuType: "qemu64",
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
    rootFilesystem: { uuid: "dd933e34-9e75-4a1c-8597-61e6d3b7af63" },
    networkInterface: "ens18",
  },
  k3s: { tokenFile: "/var/lib/k3s-secrets/token", traefik: true, serviceLb: true },
  authorizedKeysFile: join(__dirname, "../..", "authorized_keys"),
});
