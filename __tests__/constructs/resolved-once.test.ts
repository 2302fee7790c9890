/** A synth resolves the cluster once, and never from an outdated list of nodes. */
import { K3sAgentNode } from "../../constructs";
import { resolveCluster } from "../../src/config/cluster";
import { addCluster, ALPHARD, emit, HAMAL, MIZAR, temporaryFolder, testApp } from "../fixture";

jest.mock("../../src/config/cluster", () => {
  const actual = jest.requireActual<typeof import("../../src/config/cluster")>("../../src/config/cluster");
  return { ...actual, resolveCluster: jest.fn(actual.resolveCluster) };
});

beforeEach(() => jest.mocked(resolveCluster).mockClear());

test("a synth with host files resolves the cluster once", () => {
  emit(temporaryFolder(), [ALPHARD, HAMAL, MIZAR]);
  expect(resolveCluster).toHaveBeenCalledTimes(1);
});

test("a node that is added after the validation is validated, too", () => {
  const cluster = addCluster(testApp(), [ALPHARD, HAMAL]);
  expect(cluster.node.validate()).toEqual([]);
  expect(cluster.resolve().cluster.nodes).toHaveLength(2);
  new K3sAgentNode(cluster, "k3s-agent-1", { hostname: "mizar", vmId: HAMAL.vmId });
  expect(cluster.node.validate().join()).toContain("'hamal' and 'mizar' both use 135 as 'vmId'");
  expect(cluster.resolve().cluster.nodes.map(({ hostname }) => hostname)).toContain("mizar");
});
