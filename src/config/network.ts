import {
  contains,
  isUnicastMac,
  overlap,
  parseAddress,
  parseAnyNetwork,
  parseNetwork,
  type Network,
  ofFamily,
} from "./address";
import type { Faults } from "./fault";
import { API_PORT } from "./k3s";
import type { Networks } from "./model";
import type { MacAddressBase, NetworkSettings } from "./settings";

export function resolveNetworks(settings: NetworkSettings): Networks {
  return {
    nodeCidr: settings.nodeCidr,
    podCidr: settings.podCidr ?? "10.42.0.0/16",
    serviceCidr: settings.serviceCidr ?? "10.43.0.0/16",
    lanCidrs: settings.lanCidrs ?? [settings.nodeCidr],
    managementCidrs: settings.managementCidrs,
    operatorCidrs: settings.operatorCidrs ?? [],
    gateway: settings.gateway,
    nameservers: settings.nameservers ?? [],
  };
}

export function checkNetworks(networks: Networks, settings: NetworkSettings, faults: Faults): void {
  const node = checkCidr("nodeCidr", networks.nodeCidr, faults);
  const pods = checkCidr("podCidr", networks.podCidr, faults);
  const services = checkCidr("serviceCidr", networks.serviceCidr, faults);
  // What is not said to be the LAN's is the node network, of which faults are said above.
  const lans = checkAnyCidrs("lanCidrs", settings.lanCidrs ?? [], faults);
  const managements = checkAnyCidrs("managementCidrs", networks.managementCidrs ?? [], faults);

  refuseOverlap("podCidr", pods, "serviceCidr", services, faults);
  for (const [setting, network] of [
    ["podCidr", pods],
    ["serviceCidr", services],
  ] as const) {
    refuseOverlap(setting, network, "nodeCidr", node, faults);
    // Its pods would be taken for that network, and reach SSH of their own host.
    for (const lan of lans) refuseOverlap(setting, network, "lanCidrs", lan, faults);
    for (const each of managements) refuseOverlap(setting, network, "managementCidrs", each, faults);
  }
  checkLanOfIpv6(networks, faults);
  checkGateway(networks, node, faults);
  checkOperators(networks, settings, faults);
  checkMacAddressBase(settings.macAddressBase, faults);
}

/** Of IPv6 the LAN reaches SSH and the API alone, and nothing where these are for others. */
function checkLanOfIpv6({ lanCidrs, managementCidrs }: Networks, faults: Faults): void {
  const [network] = ofFamily(6, lanCidrs);
  if (network === undefined || managementCidrs === undefined) return;
  const why = "over IPv6 the LAN reaches SSH and the API alone, and 'managementCidrs' has these for others";
  faults.say("lanCidrs", `${network} has no effect: ${why}; take it out, or add it there`);
}

/** Whether SSH is open to them is the policy's to judge. */
function checkOperators(networks: Networks, settings: NetworkSettings, faults: Faults): void {
  checkAnyCidrs("operatorCidrs", networks.operatorCidrs, faults);
  const waived = settings.operatorNetworkWaived ?? false;
  if (waived === networks.operatorCidrs.length > 0) {
    const wish = "the networks from which operators come by SSH, or waived by 'operatorNetworkWaived: true'";
    faults.wrong("operatorCidrs", waived ? `${wish}, not both` : wish, settings.operatorCidrs);
  }
  const setting = networks.managementCidrs === undefined ? "lanCidrs" : "managementCidrs";
  const sources = networks[setting] ?? [];
  if (sources.length === 0) faults.wrong(setting, "at least one network, or SSH is closed", []);
}

const checkAnyCidrs = (setting: string, cidrs: readonly unknown[], faults: Faults): Network[] =>
  cidrs.flatMap((cidr) => checkAnyCidr(setting, cidr, faults) ?? []);

export function checkAnyCidr(setting: string, cidr: unknown, faults: Faults): Network | undefined {
  const network = parseAnyNetwork(cidr);
  const wish = "an IPv4 or IPv6 network such as 10.0.0.0/24 or fd00:22::/64";
  return checkForm(setting, network, cidr, wish, faults);
}

const checkCidr = (setting: string, cidr: unknown, faults: Faults): Network | undefined =>
  checkForm(setting, parseNetwork(cidr), cidr, "an IPv4 network such as 10.0.0.0/24", faults);

function checkForm(
  setting: string,
  network: Network | undefined,
  cidr: unknown,
  wish: string,
  faults: Faults,
): Network | undefined {
  if (network === undefined) faults.wrong(setting, wish, cidr);
  else if (network.cidr !== cidr) faults.wrong(setting, `written as ${network.cidr}`, cidr);
  return network;
}

function refuseOverlap(
  a: string,
  networkA: Network | undefined,
  b: string,
  networkB: Network | undefined,
  faults: Faults,
): void {
  if (networkA === undefined || networkB === undefined || !overlap(networkA, networkB)) return;
  faults.say(a, `${networkA.cidr} overlaps '${b}' ${networkB.cidr}`);
}

function checkGateway(networks: Networks, node: Network | undefined, faults: Faults): void {
  for (const nameserver of networks.nameservers) {
    if (parseAddress(nameserver) === undefined) faults.wrong("nameservers", "IPv4 addresses", nameserver);
  }
  if (networks.gateway === undefined) return;
  const gateway = parseAddress(networks.gateway);
  const isHost =
    node &&
    gateway !== undefined &&
    contains(node, gateway) &&
    gateway !== node.first &&
    gateway !== node.last;
  if (node && !isHost) faults.wrong("gateway", `a host's address in ${node.cidr}`, networks.gateway);
  // A gateway means static addresses, and then nobody else tells the hosts whom to ask for names.
  if (networks.nameservers.length === 0)
    faults.wrong("nameservers", "at least one address beside a gateway", []);
}

function checkMacAddressBase(base: MacAddressBase | undefined, faults: Faults): void {
  if (base === undefined) return;
  faults.unlessWhole("macAddressBase.vmId", base.vmId, 100, 999_999_999);
  checkUnicastMac("macAddressBase.macAddress", base.macAddress, faults);
}

export function checkUnicastMac(setting: string, macAddress: unknown, faults: Faults): void {
  if (isUnicastMac(macAddress)) return;
  faults.wrong(setting, "a unicast MAC address such as BC:24:11:00:00:01", macAddress);
}

/** The endpoint's host, or `undefined` for what is not a URL. */
export function endpointHost(apiEndpoint: string): string | undefined {
  return URL.canParse(apiEndpoint) ? new URL(apiEndpoint).hostname : undefined;
}

export function checkApiEndpoint(apiEndpoint: string, faults: Faults): void {
  const wish = `a URL such as https://192.0.2.10:${API_PORT}, without a path`;
  // By a pattern too, since the URL class repairs what K3s would take as it stands.
  const plain = /^https:\/\/[a-z0-9]+([.-]+[a-z0-9]+)*(:\d{1,5})?$/.test(apiEndpoint);
  if (!plain || endpointHost(apiEndpoint) === undefined) faults.wrong("apiEndpoint", wish, apiEndpoint);
}

export const apiEndpointOf = (ipv4Address: string): string => `https://${ipv4Address}:${API_PORT}`;

/** Whether the endpoint names that node, by address or by name. */
export function isEndpoint(apiEndpoint: string, node: { ipv4Address: string; hostname: string }): boolean {
  const host = endpointHost(apiEndpoint);
  return host === node.ipv4Address || host?.split(".")[0] === node.hostname;
}
