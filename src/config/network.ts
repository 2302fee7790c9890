import { overlap, parseAnyNetwork, parseNetwork, type Network, ofFamily } from "./address";
import { withDefaults } from "./validation";
import type { Faults } from "./fault";
import { API_PORT } from "./k3s";
import { NetworksModel, type Networks } from "./model";
import { isHostAddress } from "./reserved";
import type { NetworkSettings } from "./settings";

export const resolveNetworks = (settings: NetworkSettings): Networks =>
  withDefaults(NetworksModel, {
    ...settings,
    lanCidrs: settings.lanCidrs ?? [settings.nodeCidr],
    operatorCidrs: settings.operatorCidrs ?? [],
  });

/** Checks the settings in combination; the schema checks each of them alone. */
export function checkNetworks(networks: Networks, settings: NetworkSettings, faults: Faults): void {
  const node = parseNetwork(networks.nodeCidr);
  const pods = parseNetwork(networks.podCidr);
  const services = parseNetwork(networks.serviceCidr);
  // Only stated networks: the default, the node network, is checked below.
  const lans = parseAll(settings.lanCidrs);
  const managements = parseAll(settings.managementCidrs);

  refuseOverlap("podCidr", pods, "serviceCidr", services, faults);
  for (const [setting, network] of [
    ["podCidr", pods],
    ["serviceCidr", services],
  ] as const) {
    refuseOverlap(setting, network, "nodeCidr", node, faults);
    // The firewall would mistake pods for that network and let them reach SSH of their own host.
    for (const lan of lans) refuseOverlap(setting, network, "lanCidrs", lan, faults);
    for (const each of managements) refuseOverlap(setting, network, "managementCidrs", each, faults);
  }
  checkLanOfIpv6(networks, faults);
  checkGateway(networks, faults);
  checkOperators(networks, settings, faults);
}

/** Parses the networks and skips invalid ones, which their schema reports. */
const parseAll = (cidrs: readonly string[] = []): Network[] =>
  cidrs.flatMap((cidr) => parseAnyNetwork(cidr) ?? []);

/** Over IPv6 the LAN reaches only SSH and the API, and nothing at all beside `managementCidrs`. */
function checkLanOfIpv6({ lanCidrs, managementCidrs }: Networks, faults: Faults): void {
  const [network] = ofFamily(6, lanCidrs);
  if (network === undefined || managementCidrs === undefined) return;
  const why = "over IPv6 the LAN reaches only SSH and the API, and 'managementCidrs' reserves these";
  faults.add("lanCidrs", `${network} has no effect: ${why}; remove it, or add it to 'managementCidrs'`);
}

/** The policy checks whether the firewall opens SSH to them. */
function checkOperators(networks: Networks, settings: NetworkSettings, faults: Faults): void {
  const waived = settings.operatorNetworkWaived ?? false;
  if (waived === networks.operatorCidrs.length > 0) {
    const expected = "the networks from which operators use SSH, or waived by 'operatorNetworkWaived: true'";
    faults.addInvalid("operatorCidrs", waived ? `${expected}, not both` : expected, settings.operatorCidrs);
  }
  const setting = networks.managementCidrs === undefined ? "lanCidrs" : "managementCidrs";
  const sources = networks[setting] ?? [];
  if (sources.length === 0) faults.addInvalid(setting, "at least one network, otherwise SSH is closed", []);
}

function refuseOverlap(
  a: string,
  networkA: Network | undefined,
  b: string,
  networkB: Network | undefined,
  faults: Faults,
): void {
  if (networkA === undefined || networkB === undefined || !overlap(networkA, networkB)) return;
  faults.add(a, `${networkA.cidr} overlaps '${b}' ${networkB.cidr}`);
}

function checkGateway(network: Networks, faults: Faults): void {
  const { gateway, nodeCidr, nameservers } = network;
  if (gateway === undefined) return;
  if (!isHostAddress({ network }, gateway))
    faults.addInvalid("gateway", `a host's address in ${nodeCidr}`, gateway);
  // A gateway means static addresses, so that no DHCP server gives the hosts their name servers.
  if (nameservers.length === 0)
    faults.addInvalid("nameservers", "at least one address if 'gateway' is set", []);
}

/** The endpoint's host; `undefined` if the endpoint is not a URL. */
export function endpointHost(apiEndpoint: string): string | undefined {
  return URL.canParse(apiEndpoint) ? new URL(apiEndpoint).hostname : undefined;
}

export const apiEndpointOf = (ipv4Address: string): string => `https://${ipv4Address}:${API_PORT}`;

/** Whether the endpoint names that node, by address or by name. */
export function isEndpoint(apiEndpoint: string, node: { ipv4Address: string; hostname: string }): boolean {
  const host = endpointHost(apiEndpoint);
  return host === node.ipv4Address || host?.split(".")[0] === node.hostname;
}
