/**
 * The cluster as it will be: every setting resolved, nothing left to decide. What OpenTofu knows later is written as
 * OpenTofu names it, such as `var.proxmox_node`.
 */

import type {
  AllowedFlow,
  DiskSettings,
  K3sSettings,
  NetworkInterfaceSettings,
  PortRange,
  PublishedPorts,
  Role,
  RolloutSettings,
  RootFilesystemSettings,
  StartupSettings,
} from "./settings";

export interface Vm {
  readonly templateVmId: number;
  readonly pveNode: string;
  readonly templatePveNode?: string;
  readonly linkedClone: boolean;
  readonly cloneDatastore?: string;
  readonly cores: number;
  readonly sockets: number;
  readonly cpuType: string;
  readonly cpuUnits?: number;
  readonly memoryMib: number;
  readonly balloonMib: number;
  /** Sorted by interface. */
  readonly disks: readonly DiskSettings[];
  /** The first carries the node's MAC address. */
  readonly networkInterfaces: readonly NetworkInterfaceSettings[];
  readonly bootOrder?: readonly string[];
  readonly machine?: string;
  readonly scsiHardware?: string;
  readonly startOnBoot: boolean;
  readonly startup?: StartupSettings;
  /** Sorted. */
  readonly tags: readonly string[];
  readonly pool?: string;
  readonly protection: boolean;
  readonly agentTimeoutSeconds: number;
  readonly description?: string;
}

export interface Nixos {
  readonly release: string;
  readonly stateVersion: string;
  readonly firmware: "bios" | "uefi";
  readonly bootDisk?: string;
  readonly efiSystemPartition?: string;
  readonly rootFilesystem: Required<RootFilesystemSettings>;
  readonly networkInterface: string;
  readonly kernelPackages: string;
  readonly growRoot: boolean;
  readonly configurationLimit: number;
  readonly deleteGenerationsAfterDays: number;
  readonly platform: string;
}

export interface Node {
  /** Construct id. */
  readonly id: string;
  readonly hostname: string;
  readonly role: Role;
  /** As stated; `resolveCluster` decides for an only server. */
  readonly clusterInit?: boolean;
  readonly vmId: number;
  readonly ipv4Address: string;
  readonly macAddress: string;
  /** Folder of the host's files, below that of `HostFiles`. */
  readonly directory: string;
  /** Name of the VM in `proxmox_virtual_environment_vm.<name>`. */
  readonly terraformName: string;
  readonly formerTerraformName?: string;
  readonly nodeLabels: readonly string[];
  readonly nodeTaints: readonly string[];
  readonly k3sFlags: readonly string[];
  readonly vm: Vm;
  readonly nixos: Nixos;
}

export interface Networks {
  readonly nodeCidr: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly lanCidrs: readonly string[];
  /** Stated where SSH and the API are for other networks than the LAN's. */
  readonly managementCidrs?: readonly string[];
  readonly operatorCidrs: readonly string[];
  readonly gateway?: string;
  readonly nameservers: readonly string[];
}

export interface K3s {
  readonly tokenFile: string;
  /** Present where agents have a token of their own. */
  readonly agentTokenFile?: string;
  readonly traefik: boolean;
  readonly serviceLb: boolean;
  readonly package: string;
  readonly flannelBackend: NonNullable<K3sSettings["flannelBackend"]>;
  readonly embeddedRegistry: boolean;
  readonly nodePorts: PortRange;
  readonly exposedPorts: readonly PublishedPorts[];
  readonly kubeletReadOnlyPort: boolean;
  readonly serverFlags: readonly string[];
  readonly agentFlags: readonly string[];
}

export interface FirewallModel {
  readonly allow: readonly AllowedFlow[];
  readonly trustPods: boolean;
}

/** What all nodes share. */
export interface Common {
  readonly network: Networks;
  readonly apiEndpoint: string;
  readonly k3s: K3s;
  readonly firewall: FirewallModel;
  /** Present when stated. */
  readonly rollout?: RolloutSettings;
  /** Operators' public keys, a line each. */
  readonly authorizedKeys: readonly string[];
}

export interface Cluster extends Common {
  /** Sorted by VM ID, so that the order in which `main.ts` writes them means nothing. */
  readonly nodes: readonly Node[];
}

/** The server that founds the cluster. */
export const initServer = (cluster: Cluster): Node | undefined =>
  cluster.nodes.find((node) => node.clusterInit);

export const servers = (cluster: Cluster): Node[] => cluster.nodes.filter((node) => node.role === "server");

/** The address that state, plan and `tofu` commands know the node's VM by. */
export const terraformAddress = (terraformName: string): string =>
  `proxmox_virtual_environment_vm.${terraformName}`;
