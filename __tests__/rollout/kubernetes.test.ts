import { quorumFault, quorumOf } from "../../rollout/kubernetes";
import { removalFaults } from "../../rollout/remove";
import { Kubernetes } from "../../rollout/kubernetes";
import { agent, FIVE_NODES, ALPHARD, HAMAL, server } from "../fixture";
import { described, hosts, known, kubeNode } from "./sight";

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
])("of %i servers %i have to be there", (servers, quorum) => {
  expect(quorumOf(servers)).toBe(quorum);
});

const fleetOf = (nodes: Parameters<typeof described>[0], ready: (name: string) => boolean = () => true) => {
  const all = hosts(described(nodes));
  return {
    all,
    fleet: {
      known: all.map((host) => known(host)),
      silent: [],
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

test("an only server has to be away at times, and a server that is new takes nothing away", () => {
  const { fleet } = fleetOf([ALPHARD, HAMAL]);
  expect(quorumFault(fleet.nodes, "alphard")).toBeUndefined();
  expect(quorumFault(fleet.nodes, "acrux")).toBeUndefined();
});

describe("removal", () => {
  test("of an agent, or of a server that the others can spare", () => {
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
  ])("is refused of %s", (_, name, args, fault) => {
    expect(faultsOfRemoving(name, ...args)).toContainEqual(expect.stringContaining(fault));
  });

  test("is refused where no server answers", () => {
    const { all, fleet } = fleetOf(
      [ALPHARD, agent("a", "hamal", 135), server("unused", "unused", 200)].slice(0, 2),
    );
    expect(removalFaults(all[1] as never, { ...fleet, nodes: undefined })).toEqual([
      "no server of the cluster answers, and so nothing can be taken out of it",
    ]);
  });
});
