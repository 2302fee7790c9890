import type { Cluster, Node } from "../config/model";
import { parseNetwork } from "../config/address";
import { shortRevision } from "../config/nixos";
import { Firewall, TABLE } from "./firewall";
import { renderK3s } from "./k3s";
import { fill } from "./templates";

/**
 * Renders the files of every host, by their path in the folder of the hosts, without their headers.
 *
 * @param captured - directories whose `hardware-configuration.nix` was captured from the host and stays as it is
 */
export function renderHosts(cluster: Cluster, captured: ReadonlySet<string>): Map<string, string> {
  const files = new Map<string, string>();
  const firewall = new Firewall(cluster);
  for (const node of cluster.nodes) {
    const put = (name: string, text: string): unknown => files.set(`${node.directory}/${name}`, text);
    put("configuration.nix", renderConfiguration(cluster, node));
    if (!captured.has(node.directory)) put(HARDWARE_CONFIGURATION, renderHardware(node));
    put(`k3s-${node.role}.nix`, renderK3s(cluster, node));
    put("nftables.nft", firewall.render(node));
  }
  if (cluster.nixos !== undefined) {
    for (const name of ["flake.nix", "flake.lock"])
      files.set(name, fill(name, { nixpkgs: cluster.nixos.nixpkgs, nodes: cluster.nodes }));
  }
  return files;
}

export const HARDWARE_CONFIGURATION = "hardware-configuration.nix";

function renderConfiguration(cluster: Cluster, node: Node): string {
  const { network } = cluster;
  const revision = cluster.nixos?.nixpkgs.rev ?? "";
  return fill("configuration.nix", {
    hostname: node.hostname,
    role: node.role,
    vmId: node.vmId,
    ipv4Address: node.ipv4Address,
    prefixLength: parseNetwork(network.nodeCidr)?.prefixLength,
    gateway: network.gateway ?? "",
    nameservers: network.nameservers,
    authorizedKeys: cluster.authorizedKeys,
    table: TABLE,
    releaseMessage: `This host is written for NixOS ${node.nixos.release}, and nixpkgs is `,
    revision,
    revisionMessage: `This host is written for revision ${revision} of nixpkgs, and this is `,
    versionSuffix: `.${shortRevision(revision)}`,
    bios: node.nixos.firmware === "bios",
    ...node.nixos,
    binaryCaches: node.nixos.binaryCaches ?? [],
  });
}

function renderHardware({ hostname, nixos }: Node): string {
  const byUuid = (uuid: string): string => `/dev/disk/by-uuid/${uuid}`;
  return fill("hardware-configuration.nix", {
    hostname,
    rootDevice: byUuid(nixos.rootFilesystem.uuid),
    rootType: nixos.rootFilesystem.type,
    efiDevice: nixos.efiSystemPartition === undefined ? "" : byUuid(nixos.efiSystemPartition),
    platform: nixos.platform,
  });
}
