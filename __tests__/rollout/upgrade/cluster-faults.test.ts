import type { Fleet } from "../../../src/rollout/fleet";
import type { HostPlan } from "../../../src/rollout/plan";
import type { HostState } from "../../../src/rollout/identity";
import { clusterFaults } from "../../../src/rollout/upgrade/cluster-faults";
import { FIVE_NODES } from "../../fixture";
import { described, hosts, hostState, kubeNode } from "../plan-context";

const ALL = hosts(described(FIVE_NODES, { apiEndpoint: undefined, apiVip: { address: "172.22.0.30" } }));

const faultsOf = (states: readonly HostState[], more: Partial<Fleet> = {}): string[] => {
  const nodes = ALL.map((host) => kubeNode(host));
  return clusterFaults({ fleet: { hosts: states, nodes, ...more } as Fleet, plans: [] as HostPlan[] });
};
const members = ALL.map((host) => hostState(host));

test("a cluster in which all is well can be upgraded", () => {
  expect(faultsOf(members)).toEqual([]);
});

test("what agents wait for comes before an upgrade, which may change an agent first", () => {
  const [server, ...others] = members;
  const without = { ...server, facts: { ...server?.facts, files: new Map() } } as HostState;
  expect(faultsOf([without, ...others])).toEqual([
    expect.stringContaining("main.ts also has the servers hold the API's address, which agents wait for"),
  ]);
});

test("an upgrade is no repair", () => {
  expect(faultsOf(members, { nodes: undefined })).toEqual([
    expect.stringContaining("an upgrade is no repair"),
  ]);
  const nodes = ALL.map((host) => kubeNode(host, { ready: host.name !== "hamal" }));
  expect(faultsOf(members, { nodes })).toEqual(["hamal is not Ready: bring it back first"]);
});
