export { HostFiles, type HostFilesProps } from "./host-files";
export { K3sAgentNode, type K3sAgentNodeProps } from "./k3s-agent-node";
export { K3sCluster, type K3sClusterProps } from "./k3s-cluster";
export { K3sNode, type K3sNodeProps } from "./k3s-node";
export { K3sServerNode, type K3sServerNodeProps } from "./k3s-server-node";
/** The groups of settings, for helpers of your own: `const small: VmSettings = { cores: 2 }`. */
export type {
  AddressPool,
  AllowedFlow,
  ApiVipSettings,
  BackupSettings,
  BinaryCacheSettings,
  ClusterNixosSettings,
  DiskMountSettings,
  DiskSettings,
  DrillSettings,
  FirewallSettings,
  ImageGcSettings,
  InterfaceNetworkSettings,
  K3sSettings,
  LoadBalancerSettings,
  MacAddressBase,
  MonitoringSettings,
  NetworkInterfaceSettings,
  NetworkSettings,
  NixosSettings,
  NixpkgsSettings,
  OvercommitSettings,
  PortRange,
  PublishedPorts,
  PveDatastoreSettings,
  PveNodeSettings,
  PveSettings,
  RegistrySettings,
  RolloutSettings,
  RootFilesystemSettings,
  RouteSettings,
  SnapshotsS3Settings,
  SnapshotsSettings,
  StartupSettings,
  VlanSettings,
  VmSettings,
} from "../src/config/settings";
