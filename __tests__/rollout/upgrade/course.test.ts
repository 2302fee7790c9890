import { legs } from "../../../src/rollout/upgrade/course";
import { described, hosts } from "../plan-context";
import { agent, server } from "../../fixture";

const ALL = hosts(
  described([
    server("k3s-server", "alphard", 134, { clusterInit: true }),
    server("k3s-server-1", "acrux", 137),
    server("k3s-server-2", "alnair", 138),
    agent("k3s-agent", "hamal", 135),
    agent("k3s-agent-1", "mizar", 136),
  ]),
);
const jobs = ALL.map((host) => ({ host, node: host.node }));
const [alphard, hamal] = ["alphard", "hamal"].map((name) => ALL.find((host) => host.name === name)) as [
  (typeof ALL)[number],
  (typeof ALL)[number],
];

const orderOf = (options: Partial<Parameters<typeof legs>[1]>, some = jobs): string[] =>
  legs(some, { serversFirst: false, watchFirst: [], ...options }).map(({ hosts: changed, soak }) => {
    const names = changed.map(({ host }) => host.name).join(",");
    return soak.length === 0 ? names : `${names} soak ${soak.map(({ name }) => name).join(",")}`;
  });

test("one agent is changed and watched before servers and other agents", () => {
  expect(orderOf({ canary: "mizar" })).toEqual(["mizar soak mizar", "alphard,acrux,alnair", "hamal"]);
});

test("a minor of K3s comes to a server first, which is watched, and to one agent before the others", () => {
  expect(orderOf({ canary: "mizar", serversFirst: true })).toEqual([
    "alphard soak alphard",
    "acrux,alnair",
    "mizar soak mizar",
    "hamal",
  ]);
});

test("a host that an earlier run left alone is watched before others are changed", () => {
  const without = (name: string): typeof jobs => jobs.filter(({ host }) => host.name !== name);
  expect(orderOf({ watchFirst: [hamal] }, without("hamal"))).toEqual([
    " soak hamal",
    "alphard,acrux,alnair",
    "mizar",
  ]);
  expect(orderOf({ watchFirst: [alphard], serversFirst: true, canary: "hamal" }, without("alphard"))).toEqual(
    [" soak alphard", "acrux", "alnair", "hamal soak hamal", "mizar"],
  );
});

test("without agents and without anything to watch, servers are all", () => {
  expect(orderOf({}, jobs.slice(0, 1))).toEqual(["alphard"]);
});
