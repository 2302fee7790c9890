import type * as z from "zod";
import {
  AddressPoolSchema,
  AllowedFlowSchema,
  ApiVipSchema,
  BackupSchema,
  BinaryCacheSchema,
  ClusterNixosSchema,
  ClusterSchema,
  DiskMountSchema,
  DiskSchema,
  DrillSchema,
  FirewallSchema,
  HostFilesSchema,
  ImageGcSchema,
  InterfaceNetworkSchema,
  K3sSchema,
  LoadBalancerSchema,
  MacAddressBaseSchema,
  MonitoringSchema,
  NetworkInterfaceSchema,
  NetworkSchema,
  NixosSchema,
  NixpkgsSchema,
  NodeSchema,
  OvercommitSchema,
  PortRangeSchema,
  PublishedPortsSchema,
  PveDatastoreSchema,
  PveNodeSchema,
  PveSchema,
  RegistrySchema,
  RolloutSchema,
  RootFilesystemSchema,
  RouteSchema,
  ServerSchema,
  SnapshotsS3Schema,
  SnapshotsSchema,
  StartupSchema,
  VlanSchema,
  VmSchema,
} from "../config/settings";

/** A group of settings, as a section of the reference. */
export interface Noun {
  /** Title of its section. */
  readonly title: string;
  readonly schema: z.ZodObject;
  /** Name of the schema in the source. */
  readonly source: string;
  /** Schema that it extends, whose settings are in their own section. */
  readonly base?: z.ZodObject;
}

/** Every schema of settings, in the order of the document. */
export const NOUNS: readonly Noun[] = [
  { title: "Cluster", schema: ClusterSchema, source: "ClusterSchema" },
  { title: "API address", schema: ApiVipSchema, source: "ApiVipSchema" },
  { title: "Load balancer", schema: LoadBalancerSchema, source: "LoadBalancerSchema" },
  { title: "Address pool", schema: AddressPoolSchema, source: "AddressPoolSchema" },
  { title: "Network", schema: NetworkSchema, source: "NetworkSchema" },
  { title: "MAC address base", schema: MacAddressBaseSchema, source: "MacAddressBaseSchema" },
  { title: "VM", schema: VmSchema, source: "VmSchema" },
  { title: "Proxmox VE", schema: PveSchema, source: "PveSchema" },
  { title: "PVE node", schema: PveNodeSchema, source: "PveNodeSchema" },
  { title: "PVE datastore", schema: PveDatastoreSchema, source: "PveDatastoreSchema" },
  { title: "Overcommit", schema: OvercommitSchema, source: "OvercommitSchema" },
  { title: "Disk", schema: DiskSchema, source: "DiskSchema" },
  { title: "Disk mount", schema: DiskMountSchema, source: "DiskMountSchema" },
  { title: "Network interface", schema: NetworkInterfaceSchema, source: "NetworkInterfaceSchema" },
  { title: "Interface network", schema: InterfaceNetworkSchema, source: "InterfaceNetworkSchema" },
  { title: "Route", schema: RouteSchema, source: "RouteSchema" },
  { title: "VLAN", schema: VlanSchema, source: "VlanSchema" },
  { title: "Startup", schema: StartupSchema, source: "StartupSchema" },
  {
    title: "NixOS of the cluster",
    schema: ClusterNixosSchema,
    source: "ClusterNixosSchema",
    base: NixosSchema,
  },
  { title: "nixpkgs", schema: NixpkgsSchema, source: "NixpkgsSchema" },
  { title: "Monitoring", schema: MonitoringSchema, source: "MonitoringSchema" },
  { title: "NixOS", schema: NixosSchema, source: "NixosSchema" },
  { title: "Root filesystem", schema: RootFilesystemSchema, source: "RootFilesystemSchema" },
  { title: "Binary cache", schema: BinaryCacheSchema, source: "BinaryCacheSchema" },
  { title: "K3s", schema: K3sSchema, source: "K3sSchema" },
  { title: "Image garbage collection", schema: ImageGcSchema, source: "ImageGcSchema" },
  { title: "Snapshots", schema: SnapshotsSchema, source: "SnapshotsSchema" },
  { title: "Drill", schema: DrillSchema, source: "DrillSchema" },
  { title: "Snapshots in S3", schema: SnapshotsS3Schema, source: "SnapshotsS3Schema" },
  { title: "Registry", schema: RegistrySchema, source: "RegistrySchema" },
  { title: "Ports", schema: PortRangeSchema, source: "PortRangeSchema" },
  { title: "Published ports", schema: PublishedPortsSchema, source: "PublishedPortsSchema" },
  { title: "Firewall", schema: FirewallSchema, source: "FirewallSchema" },
  { title: "Allowed flow", schema: AllowedFlowSchema, source: "AllowedFlowSchema" },
  { title: "Rollout", schema: RolloutSchema, source: "RolloutSchema" },
  { title: "Backup", schema: BackupSchema, source: "BackupSchema" },
  { title: "Node", schema: NodeSchema, source: "NodeSchema", base: VmSchema },
  { title: "Server", schema: ServerSchema, source: "ServerSchema", base: NodeSchema },
  { title: "Host files", schema: HostFilesSchema, source: "HostFilesSchema" },
];

/** Names and schemas of the settings that the noun adds to its base. */
export const ownSettings = ({ schema, base }: Noun): [string, z.core.$ZodType][] =>
  Object.entries<z.core.$ZodType>(schema.shape).filter(([name]) => base?.shape[name] === undefined);
