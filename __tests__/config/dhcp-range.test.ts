import { TerraformStack } from "cdktf";
import type { AddressPool, ClusterSettings, NetworkSettings } from "../../src/config/settings";
import { addCluster, faultsOf, FIVE_NODES, REFERENCE, server, testApp, type TestNode } from "../fixture";

const STATIC = { gateway: "172.22.0.1", nameservers: ["9.9.9.9"] };
const OTHERS: readonly TestNode[] = [server("other", "regulus", 500, { ipv4Address: "172.22.1.9" })];

test("hosts that ask the DHCP server may have addresses in its range, and others only outside of it", () => {
  const faultsWith = (more: Partial<NetworkSettings>): string[] =>
    faultsOf(FIVE_NODES, { ...REFERENCE, network: { ...REFERENCE.network, ...more } });
  const around = { from: "172.22.0.100", to: "172.22.0.199" };
  expect(faultsWith({ dhcpRange: around })).toEqual([]);
  expect(faultsWith({ dhcpRange: around, ...STATIC })).toHaveLength(1);
  expect(faultsWith({ dhcpRange: { from: "172.22.0.50", to: "172.22.0.99" }, ...STATIC })).toEqual([]);
});

/** Faults of the second of two clusters in one node network. @param first - settings of the first */
function faultsBetween(
  one: AddressPool | undefined,
  other: AddressPool | undefined,
  more: Partial<ClusterSettings> = {},
  first: Partial<ClusterSettings> = {},
): string[] {
  const app = testApp();
  const settings = (dhcpRange: AddressPool | undefined): ClusterSettings => ({
    ...REFERENCE,
    network: { ...REFERENCE.network, ...STATIC, nodeCidr: "172.22.0.0/16", dhcpRange },
  });
  addCluster(new TerraformStack(app, "one"), FIVE_NODES, { ...settings(one), ...first });
  const second = new TerraformStack(app, "other");
  const apiEndpoint = "https://172.22.1.9:6443";
  const own = addCluster(second, OTHERS, { ...settings(other), apiEndpoint, ...more });
  return own.node.validate().filter((fault) => !fault.includes("would share a state file"));
}

describe("what the DHCP server of a network gives away, as one cluster of an app states it", () => {
  test("is no address of another cluster's node, in either direction", () => {
    expect(faultsBetween({ from: "172.22.1.1", to: "172.22.1.99" }, undefined)).toEqual([
      "'ipv4Address' of 'regulus' of other should be outside of 'network.dhcpRange' 172.22.1.1 to 172.22.1.99 of one, which a DHCP server gives away, got '172.22.1.9'",
    ]);
    expect(faultsBetween(undefined, { from: "172.22.0.135", to: "172.22.0.136" })).toEqual([
      "'ipv4Address' of 'hamal' and 'mizar' of one should be outside of 'network.dhcpRange' 172.22.0.135 to 172.22.0.136 of other, which a DHCP server gives away, got '172.22.0.135' and '172.22.0.136'",
    ]);
  });

  test("is not the API's address of another, in either direction", () => {
    const range = { from: "172.22.2.1", to: "172.22.2.99" };
    const vip = { apiEndpoint: undefined, apiVip: { address: "172.22.2.30" } };
    expect(faultsBetween(range, undefined, vip)).toEqual([
      "'apiVip.address' of other should be outside of 'network.dhcpRange' 172.22.2.1 to 172.22.2.99 of one, which a DHCP server gives away, got '172.22.2.30'",
    ]);
    expect(faultsBetween(undefined, range, {}, vip)).toEqual([
      "'apiVip.address' of one should be outside of 'network.dhcpRange' 172.22.2.1 to 172.22.2.99 of other, which a DHCP server gives away, got '172.22.2.30'",
    ]);
    expect(faultsBetween(undefined, range, {}, { apiEndpoint: "https://172.22.2.31:6443" })).toEqual([
      "'apiEndpoint' of one should be outside of 'network.dhcpRange' 172.22.2.1 to 172.22.2.99 of other, which a DHCP server gives away, got '172.22.2.31'",
    ]);
  });

  test("is not an address of another's services", () => {
    const range = { from: "172.22.2.1", to: "172.22.2.99" };
    const loadBalancer = { pool: { from: "172.22.2.99", to: "172.22.2.120" } };
    const k3s = { ...REFERENCE.k3s, traefik: false, serviceLb: false };
    expect(faultsBetween(range, undefined, { loadBalancer, k3s })).toEqual([
      "'loadBalancer.pool' of other should be outside of 'network.dhcpRange' 172.22.2.1 to 172.22.2.99 of one, which a DHCP server gives away, got 172.22.2.99 to 172.22.2.120",
    ]);
  });

  test("is said of another's address also where an own one is in it", () => {
    const range = { from: "172.22.2.1", to: "172.22.2.99" };
    const own = { apiEndpoint: undefined, apiVip: { address: "172.22.2.31" } };
    const others = { apiEndpoint: undefined, apiVip: { address: "172.22.2.30" } };
    expect(faultsBetween(undefined, range, own, others)).toEqual([
      "'apiVip.address' should be outside of 'network.dhcpRange' 172.22.2.1 to 172.22.2.99, which a DHCP server gives away, got '172.22.2.31'",
      "'apiVip.address' of one should be outside of 'network.dhcpRange' 172.22.2.1 to 172.22.2.99 of other, which a DHCP server gives away, got '172.22.2.30'",
    ]);
  });

  test("is said once, where both state it", () => {
    const range = { from: "172.22.1.1", to: "172.22.1.99" };
    expect(faultsBetween(range, range)).toEqual([
      "'ipv4Address' of 'regulus' should be outside of 'network.dhcpRange' 172.22.1.1 to 172.22.1.99, which a DHCP server gives away, got '172.22.1.9'",
    ]);
  });
});
