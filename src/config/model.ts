/**
 * The resolved cluster: every setting has its value. A value that only OpenTofu knows is written as OpenTofu names it,
 * such as `var.proxmox_node`.
 */

import type * as z from "zod";
import {
  ApiVipSchema,
  ClusterNixosSchema,
  NetworkSchema,
  NodeSchema,
  VmSchema,
  type FirewallSchema,
  type K3sSchema,
  type LoadBalancerSchema,
  type NixosSchema,
  type PveSchema,
  type Role,
  type RolloutSettings,
} from "./settings";

/** VM settings of the cluster, overridden by the node's; `description` comes from the node only. */
export const VmModel = VmSchema.omit({ templateDiskGib: true })
  .required({ templateVmId: true, pveNode: true, disks: true, networkInterfaces: true })
  .extend({ description: NodeSchema.shape.description });

/**
 * Disks are sorted by interface, tags alphabetically. The first network interface has the node's MAC address. The others with a name
 * have their own, and a static address where a network is stated: see `guestInterfaces`.
 */
export interface Vm extends Readonly<z.output<typeof VmModel>> {}

export interface Nixos extends Readonly<z.output<typeof NixosSchema>> {}

export interface Node {
  /** Construct id. */
  readonly id: string;
  readonly hostname: string;
  readonly role: Role;
  /** As set; `resolveCluster` sets it for an only server. */
  readonly clusterInit?: boolean;
  readonly vmId: number;
  readonly ipv4Address: string;
  readonly macAddress: string;
  /** Folder of the host's files, below the folder of `HostFiles`. */
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

export const NetworksModel = NetworkSchema.omit({
  operatorNetworkWaived: true,
  macAddressBase: true,
}).required({
  lanCidrs: true,
  operatorCidrs: true,
});

/** `managementCidrs` is present if networks other than `lanCidrs` may reach SSH and the API. */
export interface Networks extends Readonly<z.output<typeof NetworksModel>> {}

/** `agentTokenFile` is present if agents have their own token. */
export interface K3s extends Readonly<z.output<typeof K3sSchema>> {}

export const ClusterNixosModel = ClusterNixosSchema.pick({ nixpkgs: true, monitoring: true });

/** What is one for all hosts of NixOS: `nixpkgs` if they have one, `monitoring` if it is set. */
export interface ClusterNixos extends Readonly<z.output<typeof ClusterNixosModel>> {}

export interface FirewallModel extends Readonly<z.output<typeof FirewallSchema>> {}

export const ApiVipModel = ApiVipSchema.required({ routerId: true });

/** The API's own address; `interface` is present if it is stated. */
export interface ApiVip extends Readonly<z.output<typeof ApiVipModel>> {}

/** What gives addresses to services, and which. */
export interface LoadBalancer extends Readonly<z.output<typeof LoadBalancerSchema>> {}

/** The PVE nodes that VMs may run on. `ha` is present if set. */
export interface Pve extends Readonly<z.output<typeof PveSchema>> {}

/** How messages name a node: one without a hostname, which is a fault of its own, by its id. */
export const nodeName = ({ hostname, id }: Pick<Node, "hostname" | "id">): string => hostname || id;

/** What all nodes share. */
export interface Common {
  readonly network: Networks;
  readonly apiEndpoint: string;
  /** Present if set. `apiEndpoint` is then its. */
  readonly apiVip?: ApiVip;
  /** Present if set. K3s' ServiceLB is then off. */
  readonly loadBalancer?: LoadBalancer;
  readonly k3s: K3s;
  readonly firewall: FirewallModel;
  /** Present if any of it is set. */
  readonly nixos?: ClusterNixos;
  /** Present if set. */
  readonly rollout?: RolloutSettings;
  /** Present if set. Each VM is then on one of its PVE nodes. */
  readonly pve?: Pve;
  /** Operators' public keys, one line each. */
  readonly authorizedKeys: readonly string[];
}

export interface Cluster extends Common {
  /** Sorted by VM ID, so that their order in `main.ts` does not matter. */
  readonly nodes: readonly Node[];
}

/** The server that initializes the cluster. */
export const initServer = (cluster: Cluster): Node | undefined =>
  cluster.nodes.find((node) => node.clusterInit);

export const servers = ({ nodes }: Pick<Cluster, "nodes">): Node[] =>
  nodes.filter(({ role }) => role === "server");

/** The VM's address in the state, in plans and in `tofu` commands. */
export const terraformAddress = (terraformName: string): string =>
  `proxmox_virtual_environment_vm.${terraformName}`;
