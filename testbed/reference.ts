import { join } from "node:path";
import type { ClusterSettings } from "../src/config/settings";

/** `authorized_keys` of the repository: the example key. */
export const EXAMPLE_KEYS = join(__dirname, "..", "authorized_keys");

/** The reference cluster for tests and the bench. `main.ts` is its owner's file, and a test compares the two. */
export const REFERENCE: ClusterSettings = {
  network: {
    nodeCidr: "172.22.0.0/24",
    operatorCidrs: ["172.22.0.0/24"],
    macAddressBase: { vmId: 134, macAddress: "BC:24:11:B3:ED:01" },
  },
  apiEndpoint: "https://172.22.0.134:6443",
  vm: {
    templateVmId: 9903,
    pveNode: "pve",
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
  authorizedKeysFile: EXAMPLE_KEYS,
};
