import type { K3sClusterProps } from "proxmox-nixos-k3s";
import { REFERENCE } from "../reference";
import { FIRST_VM_ID, macAddressOf } from "./nodes";

/** The reference cluster, in a network for the maximum number of nodes. */
export const settings = (pveNode: string): K3sClusterProps => ({
  ...REFERENCE,
  network: {
    nodeCidr: "10.0.0.0/16",
    operatorNetworkWaived: true,
    podCidr: "10.16.0.0/12", // a /24 for each of 4096 nodes
    macAddressBase: { vmId: FIRST_VM_ID, macAddress: macAddressOf(FIRST_VM_ID) },
  },
  apiEndpoint: "https://10.0.3.232:6443", // the first server
  vm: { ...REFERENCE.vm, pveNode, cores: 4, cpuType: "qemu64", cpuUnits: 1024, memoryMib: 16384 },
});
