import { phases, skewFaults, type Built } from "../../src/rollout/order";
import { compareVersions } from "../../src/rollout/version";

const OLD = "v1.33.5+k3s1";
const NEW = "v1.34.2+k3s1";

const host = (hostname: string, role: "server" | "agent", member = true, k3sVersion = OLD): Built => ({
  node: { hostname, role, clusterInit: hostname === "alphard" },
  member,
  k3sVersion,
});

const orderOf = (hosts: readonly Built[], running: readonly string[] = [OLD]): string[][] =>
  phases(hosts, running).map((phase) => phase.hosts.map(({ node }) => node.hostname));

const ALPHARD = host("alphard", "server");
const HAMAL = host("hamal", "agent");
const MIZAR = host("mizar", "agent");

test("agents before servers, when K3s stays what it is", () => {
  expect(orderOf([ALPHARD, HAMAL, MIZAR])).toEqual([["hamal", "mizar"], ["alphard"]]);
});

test("servers before agents, when any host's K3s is newer than a server's", () => {
  const newer = { ...HAMAL, k3sVersion: NEW };
  expect(orderOf([ALPHARD, newer, MIZAR])).toEqual([["alphard"], ["hamal", "mizar"]]);
  expect(phases([ALPHARD, newer], [OLD])[0]?.words).toBe(`servers, since K3s ${NEW} is newer than theirs`);
});

test("one outdated server is enough for servers to come first", () => {
  const all = [ALPHARD, HAMAL].map((each) => ({ ...each, k3sVersion: NEW }));
  expect(orderOf(all, [NEW, OLD])).toEqual([["alphard"], ["hamal"]]);
  expect(orderOf(all, [NEW, NEW])).toEqual([["hamal"], ["alphard"]]);
});

test("members learn of new nodes before these knock", () => {
  const alnair = host("alnair", "agent", false);
  const acrux = host("acrux", "server", false);
  expect(orderOf([alnair, ALPHARD, HAMAL, acrux])).toEqual([["hamal"], ["alphard"], ["acrux"], ["alnair"]]);
});

test("an agent may not be newer than any server, including a new or unreachable one", () => {
  const acrux = host("acrux", "server", false);
  const alnair = host("alnair", "agent", false, NEW);
  const fault = `alnair would run K3s ${NEW}, which is newer than that of acrux: apply --rebuild --on acrux first`;
  expect(skewFaults([acrux, alnair], [])).toEqual([fault]);
  expect(skewFaults([alnair], [{ hostname: "acrux", k3sVersion: OLD }])).toEqual([fault]);
  expect(
    skewFaults([{ ...acrux, k3sVersion: NEW }, alnair], [{ hostname: "acrux", k3sVersion: OLD }]),
  ).toEqual([]);
});

test("a new cluster begins with the server that founds it", () => {
  const fresh = [
    host("acrux", "server", false),
    host("alphard", "server", false),
    host("hamal", "agent", false),
  ];
  expect(orderOf(fresh, [])).toEqual([["alphard", "acrux"], ["hamal"]]);
});

test("there is no order when there is nothing to do", () => {
  expect(orderOf([])).toEqual([]);
});

test.each([
  ["v1.34.2+k3s1", "v1.34.2+k3s1", 0],
  ["v1.34.2+k3s1", "v1.34.2+k3s2", -1],
  ["v1.34.10+k3s1", "v1.34.9+k3s1", 1],
  ["v1.9.0+k3s1", "v1.34.0+k3s1", -1],
  ["v2.0.0+k3s1", "v1.99.99+k3s9", 1],
  ["v1.34.2-rc1+k3s1", "v1.34.2+k3s1", -1],
])("%s is to %s as %i is to nothing", (a, b, expected) => {
  expect(Math.sign(compareVersions(a, b))).toBe(expected);
});

describe("an agent may not get newer than a server", () => {
  const newer = { ...HAMAL, k3sVersion: NEW };
  const running = [
    { hostname: "alphard", k3sVersion: OLD },
    { hostname: "acrux", k3sVersion: NEW },
  ];

  test("that is not changed in the same rollout", () => {
    expect(skewFaults([newer, MIZAR], running)).toEqual([
      `hamal would run K3s ${NEW}, which is newer than that of alphard: apply --rebuild --on alphard first`,
    ]);
  });

  test("but may when the server is changed first", () => {
    expect(skewFaults([newer, { ...ALPHARD, k3sVersion: NEW }], running)).toEqual([]);
  });
});

test("servers come first where they have to know the agents' token before an agent uses it", () => {
  const hosts = [ALPHARD, HAMAL];
  expect(phases(hosts, [OLD], "know the agents' token").map(({ words }) => words)).toEqual([
    "servers, since they have to know the agents' token first",
    "agents",
  ]);
});

test("the server that holds the API's address comes last among the members", () => {
  const [acrux, alnair] = [host("acrux", "server"), host("alnair", "server")];
  const holder = { ...ALPHARD, holdsApiVip: true };
  expect(orderOf([holder, acrux, alnair, HAMAL])).toEqual([["hamal"], ["acrux", "alnair", "alphard"]]);
});

test("servers hold the API's address before agents join through it", () => {
  expect(phases([ALPHARD, HAMAL], [OLD], "hold the API's address").map(({ words }) => words)).toEqual([
    "servers, since they have to hold the API's address first",
    "agents",
  ]);
});
