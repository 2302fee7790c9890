import { compareFlows, type FlowChange } from "../../src/preview/firewall";
import { pairNodes } from "../../src/preview/nodes";
import { parseClusterJson, renderClusterJson, type ClusterJson } from "../../src/render/cluster-json";
import type { ClusterSettings } from "../../src/config/settings";
import {
  addCluster,
  ALPHARD,
  HAMAL,
  MIZAR,
  REFERENCE,
  REPLICATION,
  testApp,
  type TestNode,
} from "../fixture";

const FURTHER = [
  { bridge: "vmbr0" },
  { bridge: "vmbr1", name: "storage0", address: { network: "198.18.0.0/24" } },
];

const WITH_FLOW: ClusterSettings = {
  ...REFERENCE,
  firewall: { allow: [REPLICATION] },
};

const on = (node: TestNode): TestNode => ({ ...node, networkInterfaces: FURTHER });

function described(nodes: readonly TestNode[], settings: ClusterSettings): ClusterJson {
  const { cluster, faults } = addCluster(testApp(), nodes, settings).resolve();
  expect(faults).toEqual([]);
  return parseClusterJson(renderClusterJson(cluster, new Set(), new Map(), [], "k3s")) as ClusterJson;
}

const changes = (before: ClusterJson, after: ClusterJson): readonly FlowChange[] =>
  compareFlows(before, after, pairNodes(before.nodes, after.nodes)) ?? [];

test("a flow over a further interface is shown with its name", () => {
  const nodes = [ALPHARD, HAMAL, MIZAR].map(on);
  expect(changes(described(nodes, REFERENCE), described(nodes, WITH_FLOW))).toEqual([
    {
      sign: "+",
      who: "the other nodes",
      arrow: "→",
      whom: "every host",
      what: ["replication (TCP 9200 over storage0)"],
    },
  ]);
});

test.each([
  ["has", on(MIZAR), true],
  ["does not have", MIZAR, false],
])("a new node that %s the interface gets its flows: %s", (_, mizar, gets) => {
  const before = described([on(ALPHARD), on(HAMAL)], WITH_FLOW);
  const after = described([on(ALPHARD), on(HAMAL), mizar], WITH_FLOW);
  const what = changes(before, after).flatMap((change) => change.what);
  expect(what.includes("replication (TCP 9200 over storage0)")).toBe(gets);
});
