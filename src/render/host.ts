import type { Cluster, Nixos, Node } from "../config/model";
import { vipCandidates } from "../config/api-vip";
import { systemdPath } from "../base/escape";
import { drillCalendar } from "../config/drill";
import { DATA_DISKS, dataDisks, type DataDisk } from "../config/data-disks";
import { parseNetwork } from "../config/address";
import { guestInterfaces, type GuestInterface } from "../config/guest-network";
import { shortRevision } from "../config/nixos";
import { API_VIP, renderApiVip } from "./api-vip";
import { renderDrill } from "./drill";
import { Firewall, TABLE } from "./firewall";
import { REGISTRIES, renderK3s, renderRegistries } from "./k3s";
import { renderFacts, renderMonitoring, renderMonitors } from "./monitoring";
import { fill } from "./templates";

/**
 * Renders the files of every host, by their path in the folder of the hosts, without their headers.
 *
 * @param captured - directories whose `hardware-configuration.nix` was captured from the host and stays as it is
 * @param shared - the owner's modules that every host imports, by their paths in the folder of the hosts
 */
export function renderHosts(
  cluster: Cluster,
  captured: ReadonlySet<string>,
  shared: readonly string[] = [],
): Map<string, string> {
  const files = new Map<string, string>();
  const firewall = new Firewall(cluster);
  const candidates = vipCandidates(cluster);
  for (const node of cluster.nodes) {
    const put = (name: string, text: string): unknown => files.set(`${node.directory}/${name}`, text);
    put("configuration.nix", renderConfiguration(cluster, node, shared));
    if (!captured.has(node.directory))
      put(HARDWARE_CONFIGURATION, renderHardware(node.hostname, node.nixos, true));
    put(`k3s-${node.role}.nix`, renderK3s(cluster, node));
    const candidate = candidates.find((each) => each.node === node);
    if (cluster.apiVip !== undefined && candidate !== undefined)
      put(API_VIP, renderApiVip(cluster.apiVip, candidate));
    if (cluster.nixos?.monitoring !== undefined) {
      put("monitoring.nix", renderMonitoring(cluster.nixos.monitoring, cluster, node));
      put("monitoring.sh", renderFacts(cluster, node));
    }
    for (const [name, text] of renderDrill(cluster, node)) put(name, text);
    if (cluster.k3s.registries.length > 0) put(REGISTRIES, renderRegistries(cluster, node));
    put("nftables.nft", firewall.render(node));
    const interfaces = guestInterfaces(node);
    if (interfaces.length > 0) put(NETWORKS, renderNetworks(cluster, node, interfaces));
    const disks = dataDisks(node.vm);
    if (disks.length === 0) continue;
    put("data-disks.nix", renderDataDisks(node, disks));
    put("format-disk.sh", fill("format-disk.sh", {}));
  }
  if (cluster.nixos?.nixpkgs !== undefined) {
    for (const name of ["flake.nix", "flake.lock"])
      files.set(name, fill(name, { nixpkgs: cluster.nixos.nixpkgs, nodes: cluster.nodes }));
  }
  if (cluster.nixos?.monitoring !== undefined) {
    for (const [path, text] of renderMonitors(cluster.nixos.monitoring, cluster)) files.set(path, text);
  }
  return files;
}

export const HARDWARE_CONFIGURATION = "hardware-configuration.nix";

const NETWORKS = "networks.nix";

function renderConfiguration(cluster: Cluster, node: Node, shared: readonly string[]): string {
  const { network } = cluster;
  const revision = cluster.nixos?.nixpkgs?.rev ?? "";
  return fill("configuration.nix", {
    hostname: node.hostname,
    role: node.role,
    vmId: node.vmId,
    ipv4Address: node.ipv4Address,
    macAddress: node.macAddress,
    link: linkFile(node.nixos.networkInterface),
    prefixLength: parseNetwork(network.nodeCidr)?.prefixLength,
    gateway: network.gateway ?? "",
    nameservers: network.nameservers,
    authorizedKeys: cluster.authorizedKeys,
    table: TABLE,
    releaseMessage: `This host is written for NixOS ${node.nixos.release}, and nixpkgs is `,
    revision,
    revisionMessage: `This host is written for revision ${revision} of nixpkgs, and this is `,
    versionSuffix: `.${shortRevision(revision)}`,
    shared,
    bios: node.nixos.firmware === "bios",
    apiVip: cluster.apiVip !== undefined && node.role === "server",
    monitoring: cluster.nixos?.monitoring !== undefined,
    drill: drillCalendar(cluster, node) !== undefined,
    dataDisks: dataDisks(node.vm).length > 0,
    networks: guestInterfaces(node).length > 0,
    journalMaxMib: "",
    ...node.nixos,
    binaryCaches: node.nixos.binaryCaches ?? [],
    initiator: `iqn.2020-08.org.linux-iscsi.initiatorhost:${node.hostname}`,
    longhorn: node.nixos.storage?.includes("longhorn") ?? false,
    // Longhorn serves volumes for several pods by NFS (longhorn.io/docs, "Installing NFSv4 client").
    nfs: (node.nixos.storage ?? []).length > 0,
  });
}

/**
 * Name of the .link file of an interface, which udev reads whether or not systemd-networkd runs, and which NixOS also puts into the
 * initrd (nixpkgs, nixos/modules/system/boot/networkd.nix and stage-1.nix). Before NixOS' own of the scripted network, `40-…`.
 */
const linkFile = (name: string): string => `10-${name}`;

function renderNetworks(cluster: Cluster, node: Node, all: readonly GuestInterface[]): string {
  const prefixLength = (cidr: string): number | undefined => parseNetwork(cidr)?.prefixLength;
  return fill(NETWORKS, {
    hostname: node.hostname,
    nodeInterface: node.nixos.networkInterface,
    nodeHasDhcp: cluster.network.gateway === undefined,
    links: all
      .filter(({ parent }) => parent === undefined)
      .map(({ name, macAddress, mtu }) => ({ file: linkFile(name), name, macAddress, mtu: mtu ?? "" })),
    vlans: all.flatMap(({ name, parent, vlanId }) => (parent === undefined ? [] : { name, parent, vlanId })),
    interfaces: all.map(({ name, address, routes }) => ({
      name,
      dhcp: address.kind === "dhcp",
      ...(address.kind === "static"
        ? { ipv4Address: address.ipv4Address, prefixLength: prefixLength(address.network) }
        : { ipv4Address: "" }),
      routes: routes.map(({ to, via }) => ({
        address: to.split("/")[0],
        prefixLength: prefixLength(to),
        via,
      })),
      acceptRa: `net.ipv6.conf.${name}.accept_ra`,
    })),
    dhcpInterfaces: all.filter(({ address }) => address.kind === "dhcp").map(({ name }) => name),
  });
}

/** Seconds that the boot waits for a disk that is not there. */
const DISK_SECONDS = 30;

function renderDataDisks({ hostname }: Node, disks: readonly DataDisk[]): string {
  return fill("data-disks.nix", {
    hostname,
    folder: DATA_DISKS,
    disks: disks.map(({ interface: name, device, path, filesystem, options }) => ({
      interface: name,
      unit: `format-${name}`,
      fsckUnit: `systemd-fsck@${systemdPath(device)}.service`,
      programs: filesystem === "xfs" ? "xfsprogs" : "e2fsprogs",
      words: `${device} ${filesystem} ${DATA_DISKS}/${name} ${DISK_SECONDS}`,
      device,
      path,
      filesystem,
      options: [
        "nofail",
        `x-systemd.device-timeout=${DISK_SECONDS}s`,
        `x-systemd.requires=format-${name}.service`,
        ...options,
      ],
    })),
  });
}

/** @param capturable - whether a configuration captured from the machine may replace it */
export function renderHardware(name: string, nixos: Nixos, capturable: boolean): string {
  const byUuid = (uuid: string): string => `/dev/disk/by-uuid/${uuid}`;
  return fill("hardware-configuration.nix", {
    name,
    capturable,
    rootDevice: byUuid(nixos.rootFilesystem.uuid),
    rootType: nixos.rootFilesystem.type,
    efiDevice: nixos.efiSystemPartition === undefined ? "" : byUuid(nixos.efiSystemPartition),
    platform: nixos.platform,
  });
}
