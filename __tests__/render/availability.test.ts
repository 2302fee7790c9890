import type { Cluster } from "../../src/config/model";
import { availability, picture } from "../../src/render/availability";
import { agentOn, outcomeOf, pveNodes, serversOn, subjectOf } from "../simulation/clusters";

const of = (...args: Parameters<typeof subjectOf>) => availability(subjectOf(...args) as unknown as Cluster);

test("the failure that costs most is drawn, with what stops in red", () => {
  const found = of([...serversOn(1, 1, 2), agentOn(2, "hamal", 150)]);
  expect(found?.failure).toBe("**PVE node pve1**");
  expect(found?.picture).toMatchInlineSnapshot(`
    "flowchart LR
      subgraph pve0["PVE node pve1"]
        vm0_0["alphard<br>server"]
        vm0_1["acrux<br>server"]
      end
      subgraph pve1["PVE node pve2"]
        vm1_0["alnair<br>server"]
        vm1_1["hamal<br>agent"]
      end
      classDef stopped fill:#f8d7da,stroke:#b02a37,color:#58151c
      classDef cutOff fill:#fff3cd,stroke:#997404,color:#664d03
      classDef moved fill:#cfe2ff,stroke:#0a58ca,color:#052c65
      class vm0_0 stopped
      class vm0_1 stopped
      class pve0 stopped
    "
  `);
});

test("what starts elsewhere says where, and a PVE node that is reset is down too", () => {
  const four = subjectOf(serversOn(1, 2, 3), { pve: { nodes: pveNodes(4), ha: "servers" } });
  const moved = picture(four, outcomeOf(four, "PVE node pve1"));
  expect(moved).toContain('vm0_0["alphard<br>server<br>starts on pve4"]');
  expect(moved).toContain("class vm0_0 moved");
  const two = subjectOf(serversOn(1, 2, 2), { pve: { nodes: pveNodes(2), ha: "servers" } });
  expect(picture(two, outcomeOf(two, "PVE node pve1"))).toContain("class pve1 stopped");
});

test("what is cut off is yellow", () => {
  const subject = subjectOf(serversOn(1, 2, 2));
  expect(picture(subject, outcomeOf(subject, "switch between pve1 and pve2"))).toContain(
    "class vm0_0 cutOff",
  );
});

test("of many nodes those with one fate share a box", () => {
  const agents = Array.from({ length: 40 }, (_, index) =>
    agentOn(1 + (index % 3), `star-${index}`, 160 + index),
  );
  expect(of([...serversOn(1, 1, 2), ...agents])?.picture).toContain('["14 agents"]');
});

test("a cluster of one server on one PVE node has no picture", () => {
  expect(of([...serversOn(1), agentOn(1, "hamal", 150)])).toBeUndefined();
});
