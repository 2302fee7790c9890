import {
  canonicalMac,
  derivedAddress,
  isUnicastMac,
  macAddressAfter,
  parseAddress,
  parseNetwork,
} from "./address";
import { Faults, type Fault } from "./fault";
import { checkGuestNetwork } from "./guest-network";
import { checkLabels } from "./k3s";
import { checkFlags } from "./k3s-flags";
import { nodeName, type Networks, type Node } from "./model";
import { SHARED_FOLDERS, terraformName } from "./names";
import { resolveNetworks } from "./network";
import { checkNixos, resolveNixos } from "./nixos";
import {
  CONSTRUCT_ID,
  VmSchema,
  type ClusterSettings,
  type MacAddressBase,
  type NodeSettings,
  type Role,
  type ServerSettings,
} from "./settings";
import { checkVm, resolveVm } from "./vm";

/**
 * Resolves a node as far as possible without the other nodes, and collects its faults.
 *
 * Never throws. If there are faults, use the node only to find more of them.
 *
 * @param settings - from `validated`: every value has its type, and no `undefined` overrides a default
 */
export function resolveNode(
  id: string,
  role: Role,
  settings: ServerSettings,
  cluster: ClusterSettings,
): { node: Node; faults: Fault[] } {
  const macAddress = macAddressOf(settings, cluster.network.macAddressBase);
  const vmSettings = { ...cluster.vm, ...settings };
  const node: Node = {
    id,
    hostname: settings.hostname,
    role,
    clusterInit: settings.clusterInit,
    vmId: settings.vmId,
    ipv4Address: settings.ipv4Address ?? derivedAddress(cluster.network.nodeCidr, settings.vmId) ?? "",
    macAddress,
    directory: settings.directory ?? id,
    terraformName: terraformName(id),
    formerTerraformName: settings.formerId === undefined ? undefined : terraformName(settings.formerId),
    nodeLabels: Object.entries(settings.nodeLabels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .sort(),
    nodeTaints: [...(settings.nodeTaints ?? [])].sort(),
    k3sFlags: settings.k3sFlags ?? [],
    vm: resolveVm(vmSettings, { vmId: settings.vmId, macAddress }),
    nixos: resolveNixos(cluster.nixos, settings.nixos),
  };
  return { node, faults: faultsOf(node, settings, vmSettings, cluster) };
}

function macAddressOf(settings: NodeSettings, base: MacAddressBase | undefined): string {
  if (settings.macAddress !== undefined) {
    return isUnicastMac(settings.macAddress) ? canonicalMac(settings.macAddress) : "";
  }
  return (base && macAddressAfter(base.macAddress, settings.vmId - base.vmId)) ?? "";
}

function faultsOf(
  node: Node,
  settings: NodeSettings,
  vmSettings: NodeSettings,
  cluster: ClusterSettings,
): Fault[] {
  const name = [nodeName(node)];
  const faults = new Faults(name);
  if (!CONSTRUCT_ID.pattern.test(node.id)) faults.addInvalid("construct id", CONSTRUCT_ID.expected, node.id);
  if (SHARED_FOLDERS.has(node.directory))
    faults.addInvalid("directory", "another name: nix/ has that folder for all hosts", node.directory);
  checkAddress(node, cluster.network, faults);
  checkMacAddress(node, settings, cluster.network.macAddressBase, faults);
  checkVm(node.vm, vmSettings, cluster.pve, faults);
  checkGuestNetwork(node, resolveNetworks(cluster.network), faults);
  checkClone(node, settings, faults);
  checkLabels(settings.nodeLabels ?? {}, faults);
  checkFlags("k3sFlags", node.k3sFlags, node.role, faults);

  const nixosFaults = new Faults(name, "nixos.");
  // Otherwise the host has the cluster's settings, which are checked once.
  if (settings.nixos !== undefined) checkNixos(node.nixos, nixosFaults);
  return [...faults.all, ...nixosFaults.all].map((fault) => withOrigin(fault, settings));
}

/** What a node has from the cluster is judged by the cluster's setting, where it may be wrong already. */
function withOrigin(fault: Fault, settings: NodeSettings): Fault {
  const [group = "", key = ""] = fault.setting.split(/[.[]/);
  const own = group === "nixos" ? settings.nixos : settings;
  const stated = (own as Readonly<Record<string, unknown>> | undefined)?.[group === "nixos" ? key : group];
  if (stated !== undefined) return fault;
  if (group === "nixos") return { ...fault, judgedBy: [fault.setting] };
  if (!(group in VmSchema.shape)) return fault;
  return { ...fault, judgedBy: [`vm.${fault.setting}`, ...(fault.judgedBy ?? [])] };
}

function checkClone(node: Node, settings: NodeSettings, faults: Faults): void {
  if (node.vmId === node.vm.templateVmId)
    faults.add("vmId", `should differ from the template's, ${node.vmId}`);
  if (node.vm.linkedClone && settings.cloneDatastore !== undefined) {
    const expected = "left out for a linked clone, which stays in the template's datastore";
    faults.addInvalid("cloneDatastore", expected, settings.cloneDatastore);
  }
}

/** That it is in the network is judged of all nodes together. */
function checkAddress(node: Node, networks: Pick<Networks, "nodeCidr" | "gateway">, faults: Faults): void {
  const network = parseNetwork(networks.nodeCidr);
  const address = parseAddress(node.ipv4Address);
  if (network === undefined || address === undefined) return; // reported elsewhere
  if (address === network.first)
    faults.add("ipv4Address", `is the network address of the node network, ${node.ipv4Address}`);
  else if (address === network.last)
    faults.add("ipv4Address", `is the broadcast address of the node network, ${node.ipv4Address}`);
  if (node.ipv4Address === networks.gateway)
    faults.add("ipv4Address", `is the address of the gateway, ${node.ipv4Address}`);
}

function checkMacAddress(
  node: Node,
  settings: NodeSettings,
  base: MacAddressBase | undefined,
  faults: Faults,
): void {
  if (node.macAddress !== "") return;
  if (settings.macAddress !== undefined) return; // the schema reports it
  if (base === undefined) {
    faults.add("macAddress", "must be set, since 'network.macAddressBase' is not", BASE);
  } else if (isUnicastMac(base.macAddress) && Number.isSafeInteger(node.vmId)) {
    faults.add(
      "macAddress",
      `must be set: VM ID ${node.vmId} is too far from VM ID ${base.vmId} of 'network.macAddressBase'`,
      BASE,
    );
  }
}

const BASE = ["network.macAddressBase", "vmId"];
