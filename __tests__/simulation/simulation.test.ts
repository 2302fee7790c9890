import type { Cluster } from "../../src/config/model";
import { unmarked } from "../../src/base/markdown";
import { failuresOf } from "../../src/simulation/failure";
import { byName, furtherCosts, simulate, worstOf } from "../../src/simulation/simulation";
import { assumptionsOf, sentencesOf } from "../../src/simulation/words";
import { ALPHARD, HAMAL, MIZAR, REFERENCE } from "../fixture";
import { agentOn, hostnames, outcomeOf, pveNodes, PVE_NODE, serversOn, subjectOf } from "./clusters";

const said = (...args: Parameters<typeof outcomeOf>): string =>
  sentencesOf(outcomeOf(...args))
    .map(unmarked)
    .join(" ");

describe("etcd", () => {
  test("three servers on as many PVE nodes keep the majority without any one, and lose it without two", () => {
    const subject = subjectOf([...serversOn(1, 2, 3), agentOn(1, "hamal", 150)]);
    expect(outcomeOf(subject, "PVE node pve1")).toMatchObject({
      etcd: { members: 3, left: 2, needed: 2, majority: "kept" },
      costs: [],
    });
    expect(hostnames(outcomeOf(subject, "PVE node pve1").stopped)).toEqual(["alphard", "hamal"]);
    expect(outcomeOf(subject, "PVE node pve1", "server acrux")).toMatchObject({
      etcd: { left: 1, majority: "lost" },
      costs: ["quorum"],
    });
  });

  test("three servers on two PVE nodes do not survive the loss of the one that has two", () => {
    const subject = subjectOf(serversOn(1, 1, 2));
    expect(outcomeOf(subject, "PVE node pve1").costs).toEqual(["quorum"]);
    expect(outcomeOf(subject, "PVE node pve2").costs).toEqual([]);
  });

  test("the side with more than half of the members goes on, and an equal split leaves none", () => {
    const three = outcomeOf(subjectOf(serversOn(1, 1, 2)), "switch between pve1 and pve2");
    expect([three.etcd.majority, hostnames(three.cutOff)]).toEqual(["kept", ["alnair"]]);
    const two = subjectOf(serversOn(1, 2), { allowEvenServerCount: true });
    expect(outcomeOf(two, "switch between pve1 and pve2").etcd).toEqual({
      members: 2,
      left: 1,
      needed: 2,
      majority: "lost",
    });
  });

  test("two splits leave the largest of the parts", () => {
    const subject = subjectOf(serversOn(1, 2, 3, 4, 4));
    const outcome = outcomeOf(
      subject,
      "switch between pve1 and the others",
      "switch between pve2 and the others",
    );
    expect([outcome.etcd.left, outcome.etcd.majority, hostnames(outcome.cutOff)]).toEqual([
      3,
      "kept",
      ["alphard", "acrux"],
    ]);
  });
});

describe("what fails", () => {
  test("each PVE node, switch, bridge, datastore and node, and the holder of the API's address", () => {
    const subject = subjectOf([...serversOn(1, 2, 3), agentOn(4, "hamal", 150)], {
      pve: { nodes: pveNodes(4) },
      apiEndpoint: undefined,
      apiVip: { address: "172.22.0.30" },
    });
    expect(failuresOf(subject).map(({ name }) => name)).toEqual([
      "PVE node pve1",
      "PVE node pve2",
      "PVE node pve3",
      "PVE node pve4",
      "switch between pve1 and the others",
      "switch between pve2 and the others",
      "switch between pve3 and the others",
      "switch between pve4 and the others",
      "switch between pve1, pve2 and the others",
      "bridge vmbr0 of pve1",
      "bridge vmbr0 of pve2",
      "bridge vmbr0 of pve3",
      "bridge vmbr0 of pve4",
      "datastore ceph",
      "server alphard",
      "server acrux",
      "server alnair",
      "agent hamal",
      "holder of 172.22.0.30",
    ]);
  });

  test("what PVE nodes suffer is worked out once, whichever VM fails beside", () => {
    const subject = subjectOf([...serversOn(1, 2, 3), agentOn(1, "hamal", 150), agentOn(2, "mizar", 151)], {
      pve: { nodes: pveNodes(4), ha: "servers" },
    });
    const { singles, pairs } = simulate(subject);
    const found = [...singles, ...pairs].filter(
      ({ failures: [first, second] }) =>
        [first?.name, second?.name ?? "agent mizar"].join() === "PVE node pve1,agent mizar",
    );
    expect(found).toHaveLength(2);
    expect(found[1]?.ha).toBe(found[0]?.ha);
    expect(found[1]?.capacity).toBe(found[0]?.capacity);
  });

  test("every two of them, but for the holder, which is one of the servers", () => {
    const { singles, pairs } = simulate(subjectOf(serversOn(1, 2, 3)));
    expect([...pairs].length).toBe((singles.length * (singles.length - 1)) / 2);
  });

  test("a shared datastore stops the VMs of all PVE nodes, another only those of its own", () => {
    const local = [{ interface: "scsi0", datastore: "local", sizeGib: 32 }];
    const subject = subjectOf([...serversOn(1, 2, 3), agentOn(3, "hamal", 150, { disks: local })], {
      pve: { nodes: pveNodes(3) },
    });
    expect(outcomeOf(subject, "datastore ceph").costs).toContain("quorum");
    expect(hostnames(outcomeOf(subject, "datastore local of pve3").stopped)).toEqual(["hamal"]);
  });

  test("without its bridge a node runs and reaches nobody; without a further one it loses that network only", () => {
    const interfaces = [{ bridge: "vmbr0" }, { bridge: "vmbr1", name: "storage0" }];
    const subject = subjectOf([
      ...serversOn(1, 2, 3),
      agentOn(1, "hamal", 150, { networkInterfaces: interfaces }),
    ]);
    const node = outcomeOf(subject, "bridge vmbr0 of pve1");
    expect([hostnames(node.stopped), hostnames(node.cutOff)]).toEqual([[], ["alphard", "hamal"]]);
    const further = outcomeOf(subject, "bridge vmbr1 of pve1");
    expect([hostnames(further.cutOff), hostnames(further.partlyCutOff)]).toEqual([[], ["hamal"]]);
    const both = outcomeOf(subject, "bridge vmbr0 of pve1", "bridge vmbr1 of pve1");
    expect([hostnames(both.cutOff), hostnames(both.partlyCutOff)]).toEqual([["alphard", "hamal"], []]);
  });

  test("one PVE node is said to be what everything stands on", () => {
    const { cluster } = { cluster: subjectOf([ALPHARD, HAMAL, MIZAR], REFERENCE) };
    const outcome = outcomeOf(cluster, `PVE node ${cluster.nodes[0]?.vm.pveNode}`);
    expect(hostnames(outcome.stopped)).toEqual(["alphard", "hamal", "mizar"]);
    expect(failuresOf(cluster).some(({ kind }) => kind === "switch")).toBe(false);
  });
});

describe("the API's address", () => {
  const vip = { apiEndpoint: undefined, apiVip: { address: "172.22.0.30" } };

  test("stays with a holder that runs, and the next candidate takes it from one that does not", () => {
    const subject = subjectOf(serversOn(1, 2, 3), vip);
    expect(outcomeOf(subject, "server acrux").api).toMatchObject({ state: "stays", holder: "alphard" });
    expect(outcomeOf(subject, "holder of 172.22.0.30").api).toMatchObject({
      state: "moves",
      holder: "acrux",
    });
    expect(outcomeOf(subject, "bridge vmbr0 of pve1").api).toMatchObject({ state: "moves", holder: "acrux" });
  });

  test("nobody has it without the majority, which is said once", () => {
    const outcome = outcomeOf(subjectOf(serversOn(1, 1, 2), vip), "PVE node pve1");
    expect([outcome.api?.state, outcome.costs]).toEqual(["lost", ["quorum"]]);
  });

  test("that of one server is lost with it, though etcd goes on", () => {
    const subject = subjectOf(serversOn(1, 2, 3), { apiEndpoint: "https://172.22.0.134:6443" });
    expect(outcomeOf(subject, "server alphard").costs).toEqual(["api"]);
    expect(outcomeOf(subject, "server acrux").costs).toEqual([]);
    expect(said(subject, "server alphard")).toContain(
      "Nobody answers at 172.22.0.134, the address of the API.",
    );
  });

  test("of an only server without its bridge is lost: nobody reaches it", () => {
    const subject = subjectOf([...serversOn(1), agentOn(1, "hamal", 150)], {
      apiEndpoint: "https://172.22.0.134:6443",
    });
    expect(outcomeOf(subject, "bridge vmbr0 of pve1").costs).toEqual(["quorum", "services"]);
  });

  test("that leads to the API from elsewhere is not judged", () => {
    expect(outcomeOf(subjectOf(serversOn(1, 2, 3)), "server alphard").api).toBeUndefined();
  });
});

describe("published services", () => {
  test("are lost with the last node that they are open on", () => {
    const subject = subjectOf([...serversOn(1, 2, 3), agentOn(1, "hamal", 150)], {
      firewall: {
        allow: [{ from: "everyone", to: "hamal", protocol: "tcp", ports: { from: 25, to: 25 }, why: "mail" }],
      },
    });
    expect(outcomeOf(subject, "PVE node pve1").services).toEqual(["TCP 25 (mail)"]);
    expect(outcomeOf(subject, "PVE node pve2").services).toEqual([]);
    expect(said(subject, "agent hamal")).toBe("hamal stops. No node is left for TCP 25 (mail).");
  });
});

test("a service over a further interface is lost with that interface's bridge", () => {
  const over = { from: "everyone", to: "hamal", over: "storage0", protocol: "tcp" } as const;
  const subject = subjectOf(
    [
      ...serversOn(1, 2, 3),
      agentOn(1, "hamal", 150, {
        networkInterfaces: [
          { bridge: "vmbr0" },
          { bridge: "vmbr1", name: "storage0", address: { network: "198.18.0.0/24" } },
        ],
      }),
    ],
    { firewall: { allow: [{ ...over, ports: { from: 9200, to: 9200 }, why: "replication" }] } },
  );
  const service = ["TCP 9200 over storage0 (replication)"];
  expect(outcomeOf(subject, "bridge vmbr1 of pve1").services).toEqual(service);
  expect(outcomeOf(subject, "PVE node pve1").services).toEqual(service);
  expect(outcomeOf(subject, "bridge vmbr0 of pve2").services).toEqual([]);
});

describe("Proxmox VE's HA manager", () => {
  const ha = (count: number): { pve: Cluster["pve"] } =>
    ({ pve: { nodes: pveNodes(count), ha: "servers" } }) as never;

  test("3 servers on 2 PVE nodes: on a split, and without one of them, the watchdog resets what is left", () => {
    const subject = subjectOf(serversOn(1, 2, 2), ha(2));
    const split = outcomeOf(subject, "switch between pve1 and pve2");
    expect([[...split.ha.fenced], split.etcd.majority]).toEqual([["pve1", "pve2"], "lost"]);
    const loss = outcomeOf(subject, "PVE node pve1");
    expect([[...loss.ha.fenced], loss.costs]).toEqual([
      ["pve2"],
      ["quorum", "services", "fencing", "capacity"],
    ]);
  });

  test("3 servers on 3 PVE nodes: of the lost one the server waits", () => {
    const outcome = outcomeOf(subjectOf(serversOn(1, 2, 3), ha(3)), "PVE node pve1");
    expect([outcome.ha.moves.size, hostnames(outcome.ha.waiting)]).toEqual([0, ["alphard"]]);
    expect(outcome.costs).toEqual([]);
  });

  test("3 servers on 4 PVE nodes: it starts on the fourth", () => {
    const subject = subjectOf(serversOn(1, 2, 3), ha(4));
    const [[node, target] = []] = [...outcomeOf(subject, "PVE node pve1").ha.moves];
    expect([node?.hostname, target]).toEqual(["alphard", "pve4"]);
    expect(said(subject, "PVE node pve1")).toContain(
      "The HA manager starts alphard on pve4, where they fit.",
    );
  });

  test("a VM goes where the fewest are, though it may not fit there", () => {
    const settings = {
      pve: { nodes: { ...pveNodes(3), pve3: { ...PVE_NODE, memoryMib: 20_480 } }, ha: "agents" as const },
    };
    const subject = subjectOf(
      [...serversOn(1, 2, 3), agentOn(1, "hamal", 150), agentOn(2, "mizar", 151)],
      settings,
    );
    const outcome = outcomeOf(subject, "PVE node pve1");
    expect([...outcome.ha.moves.values()]).toEqual(["pve3"]);
    expect(outcome.ha.shortages).toMatchObject([{ at: "pve3", of: "memory" }]);
    expect(said(subject, "PVE node pve1")).toMatch(
      /starts hamal on pve3, where these then lack \d+ MiB of memory/,
    );
  });

  test("a majority that is lost at once returns with the servers that it starts", () => {
    const subject = subjectOf(serversOn(1), ha(3));
    expect(outcomeOf(subject, "PVE node pve1").etcd).toMatchObject({ left: 0, majority: "returns" });
    expect(outcomeOf(subject, "server alphard").etcd.majority).toBe("lost");
  });

  test("a disk that is gone is gone on every PVE node", () => {
    const subject = subjectOf(serversOn(1, 2, 3), ha(4));
    const outcome = outcomeOf(subject, "PVE node pve1", "datastore ceph");
    expect([outcome.ha.moves.size, outcome.etcd.left]).toEqual([0, 0]);
  });
});

describe("capacity", () => {
  test("the other PVE nodes have room, or lack it", () => {
    const full = [150, 151, 152].map((vmId) => agentOn(1, `agent-${vmId}`, vmId));
    const settings = { pve: { nodes: pveNodes(3) } };
    const subject = subjectOf([...serversOn(1, 2, 3), ...full], settings);
    expect(outcomeOf(subject, "PVE node pve1").costs).toEqual([]);
    expect(outcomeOf(subject, "PVE node pve1", "PVE node pve2").costs).toEqual(["quorum", "capacity"]);
    expect(said(subject, "PVE node pve2")).toContain("The other PVE nodes have room for their VMs.");
  });

  test("nothing is known of it where 'pve' is not stated", () => {
    expect(outcomeOf(subjectOf(serversOn(1, 2, 3)), "PVE node pve1").capacity).toBeUndefined();
  });
});

test("of pairs, what counts is what they cost beyond each alone", () => {
  const { singles, pairs } = simulate(subjectOf([...serversOn(1, 2, 3), agentOn(1, "hamal", 150)]));
  const known = byName(singles);
  const worse = [...pairs].filter((pair) => furtherCosts(pair, known).length > 0);
  const names = worse.map(({ failures }) => failures.map(({ name }) => name).join(" + "));
  expect(names).toContain("server alphard + server acrux");
  expect(names).toContain("PVE node pve1 + PVE node pve2");
  expect(names.filter((name) => name.includes("agent"))).toEqual([]);
});

test("the worst failure is the one that costs the quorum", () => {
  const { singles } = simulate(subjectOf(serversOn(1, 1, 2)));
  expect(worstOf(singles)?.failures[0]?.name).toBe("PVE node pve1");
});

test("with the HA manager it says what corosync is taken to run over", () => {
  const corosync = "PVE nodes are taken to reach each other (corosync) without the bridges of VMs.";
  const pve = { nodes: pveNodes(3) };
  expect(assumptionsOf(subjectOf(serversOn(1), { pve: { ...pve, ha: "servers" } }), undefined)).toContain(
    corosync,
  );
  expect(assumptionsOf(subjectOf(serversOn(1), { pve }), undefined)).not.toContain(corosync);
});
