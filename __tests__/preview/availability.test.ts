import { compareAvailability } from "../../src/preview/availability";
import type { ClusterJson } from "../../src/render/cluster-json";
import type { ClusterSettings } from "../../src/config/settings";
import type { TestNode } from "../fixture";
import { agentOn, pveNodes, serversOn, subjectOf } from "../simulation/clusters";

const json = (nodes: readonly TestNode[], settings: Partial<ClusterSettings> = {}): ClusterJson => {
  const { nodes: all, flows, ...cluster } = subjectOf(nodes, settings);
  return { cluster, nodes: all, flows } as unknown as ClusterJson;
};

test("a failure that costs what it does not cost so far is told", () => {
  expect(compareAvailability(json(serversOn(1, 2, 3)), json(serversOn(1, 2, 2)))).toEqual([
    "Today the loss of **PVE node pve2** costs nothing; after this change it costs the quorum",
    "Today the loss of **bridge vmbr0 of pve2** costs nothing; after this change it costs the quorum",
    "Today the loss of **datastore ceph of pve2** costs nothing; after this change it costs the quorum",
  ]);
});

test("one that costs less or the same is not, nor one without the quorum that then costs the API's address alone", () => {
  expect(compareAvailability(json(serversOn(1, 2, 2)), json(serversOn(1, 2, 3)))).toEqual([]);
  const endpoint = { apiEndpoint: "https://172.22.0.134:6443" };
  expect(compareAvailability(json(serversOn(1), endpoint), json(serversOn(1, 1, 1), endpoint))).toEqual([]);
});

test("a failure that was not possible before is told as new", () => {
  expect(
    compareAvailability(json(serversOn(1)), json(serversOn(1, 2), { allowEvenServerCount: true })),
  ).toContain("After this change the loss of **server acrux**, which is new, costs the quorum");
});

test("a majority that comes back by itself, and then does not, is told", () => {
  const withHa = (): ClusterJson => json(serversOn(1), { pve: { nodes: pveNodes(3), ha: "servers" } });
  expect(compareAvailability(withHa(), json(serversOn(1), { pve: { nodes: pveNodes(3) } }))).toEqual([
    "Today the loss of **PVE node pve1** costs the quorum (until servers have started elsewhere) and the last node of a published service; " +
      "after this change it costs the quorum and the last node of a published service",
  ]);
  expect(compareAvailability(withHa(), withHa())).toEqual([]);
});

test("of a base without flows nothing is said of services", () => {
  const allow = [
    { from: "everyone", to: "hamal", protocol: "tcp", ports: { from: 25, to: 25 }, why: "mail" },
  ] as const;
  const { flows, ...old } = json([...serversOn(1, 2, 3), agentOn(1, "hamal", 150)]);
  const now = json([...serversOn(1, 2, 3), agentOn(1, "hamal", 150)], { firewall: { allow } });
  expect(compareAvailability(old, now)).toEqual([]);
  expect(compareAvailability({ ...old, flows }, now)).toContain(
    "Today the loss of **PVE node pve1** costs nothing; after this change it costs the last node of a published service",
  );
});
