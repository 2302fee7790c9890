import { vipCandidates } from "../../src/config/api-vip";
import { addCluster, faultsOf, FIVE_NODES, REFERENCE, server, testApp, type TestNode } from "../fixture";
import { TerraformStack } from "cdktf";
import type { ApiVipSettings, ClusterSettings } from "../../src/config/settings";
import { cluster } from "../system/clusters";

const VIP = { address: "172.22.0.30" };

test("a cluster with an address of the API's own has no faults, and that is its endpoint", () => {
  const settings = { ...REFERENCE, apiEndpoint: undefined, apiVip: VIP };
  expect(faultsOf(FIVE_NODES, settings)).toEqual([]);
  expect(faultsOf(FIVE_NODES, { ...settings, apiEndpoint: "https://172.22.0.30:6443" })).toEqual([]);
  expect(cluster({ servers: 3, apiVip: VIP }).apiEndpoint).toBe("https://172.22.0.30:6443");
});

describe("which server may hold the address", () => {
  const priorities = (servers: number): number[] =>
    vipCandidates(cluster({ servers, agents: 1, apiVip: VIP })).map(({ priority }) => priority);

  test("none of a cluster without it", () => {
    expect(vipCandidates(cluster({ servers: 3 }))).toEqual([]);
  });

  test("each server, the one with the lowest VM ID first, and no agent", () => {
    const candidates = vipCandidates(cluster({ servers: 3, apiVip: VIP }));
    expect(candidates.map(({ node }) => node.hostname)).toEqual(["server-1", "server-2", "server-3"]);
    expect(candidates[1]?.peers.map(({ hostname }) => hostname)).toEqual(["server-1", "server-3"]);
  });

  test("with priorities that differ and that VRRP has, however many servers there are", () => {
    expect(priorities(3)).toEqual([250, 200, 150]);
    expect(priorities(11).at(-1)).toBe(10); // ten steps of 24
    for (const servers of [1, 5, 7, 15]) {
      const all = priorities(servers);
      expect(new Set(all).size).toBe(servers);
      expect(Math.min(...all)).toBeGreaterThan(0);
      expect(Math.max(...all)).toBeLessThan(255);
    }
  });

  test("on the interface that is stated, or on each server's own", () => {
    const interfaces = (apiVip: ApiVipSettings): string[] =>
      vipCandidates(cluster({ servers: 3, apiVip })).map((each) => each.interface);
    expect(interfaces(VIP)).toEqual(["ens18", "ens18", "ens18"]);
    expect(interfaces({ ...VIP, interface: "br0" })).toEqual(["br0", "br0", "br0"]);
  });
});

test.each([
  [{ address: "172.22.0.30" }, 30],
  [{ address: "172.22.0.30", routerId: 7 }, 7],
])("VRRP's number of %j is %d", (apiVip, routerId) => {
  expect(cluster({ servers: 3, apiVip }).apiVip?.routerId).toBe(routerId);
});

test("a further interface does not matter that is not the address's", () => {
  const networkInterfaces = [{ bridge: "vmbr0" }, { bridge: "vmbr1", name: "storage0" }];
  const settings = { ...REFERENCE, apiEndpoint: undefined, vm: { ...REFERENCE.vm, networkInterfaces } };
  expect(faultsOf(FIVE_NODES, { ...settings, apiVip: { ...VIP, interface: "br0" } })).toEqual([]);
});

test("an address that ends with 0 has 255 as VRRP's number", () => {
  const network = { nodeCidr: "172.22.0.0/16" };
  expect(cluster({ servers: 3, network, apiVip: { address: "172.22.1.0" } }).apiVip?.routerId).toBe(255);
});

describe("between two clusters of an app", () => {
  const NETWORK = { ...REFERENCE.network, nodeCidr: "172.22.0.0/16" };
  const OTHERS: readonly TestNode[] = [server("other", "regulus", 500, { ipv4Address: "172.22.1.9" })];

  function faultsBetween(
    one: ApiVipSettings,
    other: ApiVipSettings,
    otherNetwork: ClusterSettings["network"] = NETWORK,
  ): string[] {
    const app = testApp();
    const settings = (apiVip: ApiVipSettings, network: ClusterSettings["network"]) => ({
      ...REFERENCE,
      network,
      apiEndpoint: undefined,
      apiVip,
    });
    const first = new TerraformStack(app, "one");
    const second = new TerraformStack(app, "other");
    addCluster(first, FIVE_NODES, settings(one, NETWORK));
    const own = addCluster(second, OTHERS, settings(other, otherNetwork)).node.validate();
    return own.filter((fault) => !fault.includes("would share a state file"));
  }

  test("different addresses with different numbers have no fault", () => {
    expect(faultsBetween(VIP, { address: "172.22.1.31" })).toEqual([]);
  });

  test("one cannot be the other's, or a node's of the other, in either direction", () => {
    expect(faultsBetween(VIP, VIP)).toEqual([
      "'apiVip.address' is 172.22.0.30, which is the 'apiVip.address' of another cluster of this app",
    ]);
    expect(faultsBetween(VIP, { address: "172.22.0.135" })).toEqual([
      "'apiVip.address' is 172.22.0.135, which is the address of 'hamal' of another cluster of this app",
    ]);
    expect(faultsBetween({ address: "172.22.1.9" }, VIP)).toEqual([
      "'apiVip.address' is 172.22.1.9, which is the address of 'regulus' of another cluster of this app",
    ]);
  });

  test("two in one network need different numbers of VRRP", () => {
    expect(faultsBetween(VIP, { address: "172.22.1.30" })).toEqual([
      "'apiVip.routerId' is 30 for 172.22.1.30 and for 172.22.0.30 of another cluster of this app in 172.22.0.0/16; state another for one of them",
    ]);
    expect(faultsBetween(VIP, { address: "172.22.1.30", routerId: 31 })).toEqual([]);
    const elsewhere = { ...NETWORK, nodeCidr: "172.22.1.0/24", operatorCidrs: ["172.22.1.0/24"] };
    expect(faultsBetween(VIP, { address: "172.22.1.30" }, elsewhere)).toEqual([]);
  });
});
