import { TerraformStack } from "cdktf";
import { addCluster, FIVE_NODES, REFERENCE, server, testApp, type TestNode } from "../fixture";
import type { ClusterSettings } from "../../src/config/settings";

const POOL = { from: "172.22.0.200", to: "172.22.0.219" };
const OTHERS: readonly TestNode[] = [server("other", "regulus", 500, { ipv4Address: "172.22.1.9" })];

/** Faults of the second of two clusters in one node network. */
function faultsBetween(one: Partial<ClusterSettings>, other: Partial<ClusterSettings>): string[] {
  const app = testApp();
  const settings = (own: Partial<ClusterSettings>): ClusterSettings => ({
    ...REFERENCE,
    network: { ...REFERENCE.network, nodeCidr: "172.22.0.0/16" },
    k3s: { ...REFERENCE.k3s, traefik: false, serviceLb: false },
    ...own,
  });
  addCluster(new TerraformStack(app, "one"), FIVE_NODES, settings(one));
  const second = new TerraformStack(app, "other");
  const own = addCluster(second, OTHERS, settings({ apiEndpoint: "https://172.22.1.9:6443", ...other }));
  return own.node.validate().filter((fault) => !fault.includes("would share a state file"));
}

const pool = (from: string, to = from): Partial<ClusterSettings> => ({
  loadBalancer: { pool: { from, to } },
});

describe("the addresses of services in two clusters of an app", () => {
  test("may be beside each other", () => {
    expect(faultsBetween({ loadBalancer: { pool: POOL } }, pool("172.22.0.220"))).toEqual([]);
  });

  test.each([
    ["172.22.0.219", "172.22.0.230"],
    ["172.22.0.190", "172.22.0.200"],
    ["172.22.0.205", "172.22.0.206"],
    ["172.22.0.199", "172.22.0.220"],
  ])("cannot overlap: %s to %s", (from, to) => {
    expect(faultsBetween({ loadBalancer: { pool: POOL } }, pool(from, to))).toEqual([
      `'loadBalancer.pool' is ${from} to ${to}, which overlaps 172.22.0.200 to 172.22.0.219 of another cluster of this app`,
    ]);
  });

  test("cannot be a node's or the API's of the other, in either direction", () => {
    expect(faultsBetween({}, pool("172.22.0.135"))).toEqual([
      "'loadBalancer.pool' is 172.22.0.135, which contains 172.22.0.135, the address of 'hamal', of another cluster of this app; choose free addresses",
    ]);
    expect(faultsBetween(pool("172.22.1.9"), {})).toEqual([
      "'loadBalancer.pool' is 172.22.1.9, which contains 172.22.1.9, the address of 'regulus', of another cluster of this app; choose free addresses",
    ]);
    expect(
      faultsBetween({ apiEndpoint: undefined, apiVip: { address: "172.22.0.30" } }, pool("172.22.0.30")),
    ).toEqual([
      "'loadBalancer.pool' is 172.22.0.30, which contains 172.22.0.30, the 'apiVip.address', of another cluster of this app; choose free addresses",
    ]);
  });
});
