import { quorumOf } from "../../src/config/quorum";
import { quorumFault } from "../../src/rollout/kubernetes";
import { serversOf } from "../../src/rollout/fleet";
import { nextSteps, removalFaults } from "../../src/rollout/remove";
import { Kubernetes } from "../../src/rollout/kubernetes";
import { agent, FIVE_NODES, ALPHARD, HAMAL, MIZAR, server } from "../fixture";
import { textOf } from "../markdown";
import { described, hosts, hostState, kubeNode } from "./plan-context";

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
])("of %i servers %i must be ready", (servers, quorum) => {
  expect(quorumOf(servers)).toBe(quorum);
});

const fleetOf = (nodes: Parameters<typeof described>[0], ready: (name: string) => boolean = () => true) => {
  const all = hosts(described(nodes));
  return {
    all,
    fleet: {
      hosts: all.map((host) => hostState(host)),
      unreachable: [],
      kubernetes: new Kubernetes([]),
      nodes: all.map((host) => kubeNode(host, { ready: ready(host.name) })),
    },
  };
};

const faultsOfRemoving = (name: string, ...args: Parameters<typeof fleetOf>): string[] => {
  const { all, fleet } = fleetOf(...args);
  return removalFaults(all.find((host) => host.name === name) as never, fleet);
};

test("a server may be away while the others have quorum", () => {
  const { fleet } = fleetOf(FIVE_NODES);
  expect(quorumFault(fleet.nodes, "alphard")).toBeUndefined();
});

test("a server may not be away when another is already", () => {
  const { fleet } = fleetOf(FIVE_NODES, (name) => name !== "acrux");
  expect(quorumFault(fleet.nodes, "alphard")).toBe(
    "without alphard only 1 of 3 servers would be ready, and etcd needs 2: acrux not ready",
  );
  expect(quorumFault(fleet.nodes, "acrux")).toBeUndefined();
});

test("a single server may be away, and so may a server that has not joined yet", () => {
  const { fleet } = fleetOf([ALPHARD, HAMAL]);
  expect(quorumFault(fleet.nodes, "alphard")).toBeUndefined();
  expect(quorumFault(fleet.nodes, "acrux")).toBeUndefined();
});

describe("removal", () => {
  test("is possible for an agent, and for a server without which the others have quorum", () => {
    expect([faultsOfRemoving("hamal", FIVE_NODES), faultsOfRemoving("acrux", FIVE_NODES)]).toEqual([[], []]);
  });

  test.each<[string, string, Parameters<typeof fleetOf>, string]>([
    ["the server that founded the cluster", "alphard", [FIVE_NODES], "it is the server with clusterInit"],
    [
      "a server when another is not ready",
      "acrux",
      [FIVE_NODES, (name) => name !== "alnair"],
      "only 1 of 3 servers would be left, and etcd needs 2 of them to let one go: bring the others back first",
    ],
    ["an only server", "alphard", [[ALPHARD, HAMAL]], "it is the only server"],
  ])("is refused for %s", (_, name, args, fault) => {
    expect(faultsOfRemoving(name, ...args)).toContainEqual(expect.stringContaining(fault));
  });

  test("is refused for a machine that is not the node", () => {
    const { all, fleet } = fleetOf(FIVE_NODES);
    const others = fleet.hosts.map((each) =>
      each.host.name === "hamal"
        ? hostState(each.host, { interfaces: new Map([["ens18", "BC:24:11:00:00:99"]]) })
        : each,
    );
    const host = all.find(({ name }) => name === "hamal") as never;
    expect(removalFaults(host, { ...fleet, hosts: others })).toEqual([expect.stringContaining("BC:24:11")]);
  });

  test("is refused when no other node can take the pods", () => {
    const { all, fleet } = fleetOf([ALPHARD, HAMAL]);
    const nodes = fleet.nodes.map((node) => ({ ...node, cordoned: true }));
    expect(removalFaults(all[1] as never, { ...fleet, nodes })).toEqual([
      "no other node can take its pods: bring one back or uncordon one first",
    ]);
  });

  test("is refused for a host that does not answer while its kubelet reports: it would come back", () => {
    const { all, fleet } = fleetOf(FIVE_NODES, (name) => name !== "mizar");
    const faultsOf = (name: string): string[] => {
      const host = all.find((each) => each.name === name) as never;
      return removalFaults(host, {
        ...fleet,
        unreachable: [{ host, error: new Error("no SSH connection") }],
      });
    };
    expect([faultsOf("hamal"), faultsOf("mizar")]).toEqual([
      [expect.stringContaining("its node is Ready, so its K3s still runs: power VM 135 off in Proxmox VE")],
      [],
    ]);
  });

  test("of a host that did not answer does not claim that it was powered off", () => {
    const { all } = fleetOf([ALPHARD, HAMAL]);
    expect(nextSteps(all[1] as never, false)).toContain("out of the cluster and powered off");
    expect(nextSteps(all[1] as never, true)).toContain("was NOT powered off");
  });

  test("ends with the text that the documents show", () => {
    const { all } = fleetOf([ALPHARD, MIZAR]);
    expect(textOf("docs/how-to/roll-out.md")).toContain(nextSteps(all[1] as never, false));
  });

  test("is refused when no server answers", () => {
    const { all, fleet } = fleetOf(
      [ALPHARD, agent("a", "hamal", 135), server("unused", "unused", 200)].slice(0, 2),
    );
    expect(removalFaults(all[1] as never, { ...fleet, nodes: undefined })).toEqual([
      "no server of the cluster answers, so no node can be removed",
    ]);
  });
});

describe("the servers of a cluster", () => {
  test("are those that the API lists, including an unreachable one", () => {
    const { fleet } = fleetOf(FIVE_NODES);
    const reached = fleet.hosts.filter(({ host }) => host.name !== "acrux");
    const names = serversOf({ hosts: reached, nodes: fleet.nodes }).map(({ hostname }) => hostname);
    expect(names.sort()).toEqual(["acrux", "alnair", "alphard"]);
  });

  test("are those that have joined when no API answers", () => {
    const { fleet } = fleetOf(FIVE_NODES);
    expect(serversOf({ hosts: fleet.hosts, nodes: undefined })).toHaveLength(3);
  });
});
