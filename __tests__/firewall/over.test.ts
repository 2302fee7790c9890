/** Flows over further network interfaces: their faults, and what they become. */
import type {
  AllowedFlow,
  ClusterSettings,
  NetworkInterfaceSettings,
  NetworkSettings,
} from "../../src/config/settings";
import type { Cluster } from "../../src/config/model";
import { flowsOf, flows } from "../../src/firewall/flows";
import { renderHosts } from "../../src/render/host";
import { renderClusterJson } from "../../src/render/cluster-json";
import {
  addCluster,
  ALPHARD,
  faultsOf,
  HAMAL,
  MIZAR,
  REFERENCE,
  REPLICATION,
  testApp,
  type TestNode,
} from "../fixture";

const STORAGE: NetworkInterfaceSettings = {
  bridge: "vmbr1",
  name: "storage0",
  address: { network: "198.18.0.0/24" },
  routes: [{ to: "198.19.0.0/24", via: "198.18.0.1" }],
  vlans: [{ id: 20, name: "backup0", address: "dhcp" }],
};

const FLOW: AllowedFlow = { ...REPLICATION, from: "198.18.0.0/24" };

/** A node with the interface, changed. */
const on = (node: TestNode, change: Partial<NetworkInterfaceSettings> = {}): TestNode => ({
  ...node,
  networkInterfaces: [{ bridge: "vmbr0" }, { ...STORAGE, ...change }],
});

const ON_ALL = [on(ALPHARD), on(HAMAL), on(MIZAR)];

const allowing = (...allow: Partial<AllowedFlow>[]): ClusterSettings => ({
  ...REFERENCE,
  firewall: { allow: allow.map((flow) => ({ ...FLOW, ...flow })) },
});

const faults = (flow: Partial<AllowedFlow>, nodes: readonly TestNode[] = ON_ALL): string[] =>
  faultsOf(nodes, allowing(flow));

describe("a flow over a further interface", () => {
  const passing: readonly [string, Partial<AllowedFlow>, (readonly TestNode[])?][] = [
    ["from its network", {}],
    ["from a part of its network", { from: "198.18.0.128/25" }],
    ["from a network that it routes to", { from: "198.19.0.0/24" }],
    ["from a larger network", { from: "198.0.0.0/8" }],
    ["from any network by DHCP, whose routes are not known", { from: "10.1.0.0/16", over: "backup0" }],
    ["from everyone", { from: "everyone" }],
    ["from nodes", { from: "nodes" }],
    ["from nodes, of which one has no such interface", { from: "nodes" }, [on(ALPHARD), on(HAMAL), MIZAR]],
    ["to one host that has it", { to: "hamal" }, [ALPHARD, on(HAMAL), MIZAR]],
    [
      "to hosts of which one has it",
      { from: "nodes" },
      [ALPHARD, on(HAMAL, { address: "dhcp", routes: [] }), MIZAR],
    ],
    ["of SSH", { ports: { from: 22, to: 22 } }],
  ];

  test.each(passing.map(([what, flow, nodes = ON_ALL]) => [what, flow, nodes] as const))(
    "%s passes",
    (_, flow, nodes) => {
      expect(faults(flow, nodes)).toEqual([]);
    },
  );

  test.each<[string, Partial<AllowedFlow>, readonly TestNode[], string]>([
    [
      "that no host has",
      { over: "storage1" },
      ON_ALL,
      "'firewall.allow[0].over' should be one of its hosts' further network interfaces, 'storage0' and 'backup0', " +
        "or left out for the node's own, got 'storage1'",
    ],
    ["that is the node's own", { over: "ens18" }, ON_ALL, "or left out for the node's own, got 'ens18'"],
    [
      "that none of its hosts has",
      { to: "servers" },
      [ALPHARD, on(HAMAL), MIZAR],
      "'firewall.allow[0].over' should be left out: none of its hosts has a further network interface with a name, got 'storage0'",
    ],
    [
      "from pods, who come otherwise",
      { from: "pods" },
      ON_ALL,
      "'firewall.allow[0].over' should be left out for pods",
    ],
    [
      "from nodes, of which one gets its address by DHCP",
      { from: "nodes" },
      [on(ALPHARD), on(HAMAL, { address: "dhcp", routes: [] }), on(MIZAR)],
      "'firewall.allow[0]' is from nodes over storage0, but hamal has no static address there; state 'address: { network }' for it",
    ],
    [
      "from nodes, of which one is in another network",
      { from: "nodes" },
      [on(ALPHARD), on(HAMAL), on(MIZAR, { address: { network: "198.18.7.0/24" }, routes: [] })],
      "but mizar has 198.18.7.136 there, outside of alphard's 198.18.0.0/24; interfaces of one name should be in one network",
    ],
    [
      "from a network that counts as forged there",
      { from: "172.22.0.0/24" },
      ON_ALL,
      "'firewall.allow[0].from' 172.22.0.0/24 is not reached over storage0 of 'alphard', 'hamal' and 'mizar', " +
        "so that it counts as forged there; add a route to it, or leave out 'over'",
    ],
    [
      "from a network that does not reach an interface without an address",
      { to: "mizar" },
      [on(ALPHARD), on(HAMAL), on(MIZAR, { address: "none", routes: [] })],
      "'firewall.allow[0].from' 198.18.0.0/24 is not reached over storage0 of 'mizar'",
    ],
    [
      "of cluster traffic",
      { from: "nodes", protocol: "udp", ports: { from: 8472, to: 8472 } },
      ON_ALL,
      "'firewall.allow[0]' opens UDP 8472 over storage0 to nodes, but UDP 8472 is reserved for nodes",
    ],
  ])("%s is a fault", (_, flow, nodes, message) => {
    expect(faults(flow, nodes)[0]).toContain(message);
  });

  test("to a host that does not exist is a fault of the host alone", () => {
    expect(faults({ to: "atria" })).toEqual([expect.stringContaining("'firewall.allow[0].to' should be")]);
  });
});

describe("operators over a further interface", () => {
  const withNetwork = (network: Partial<NetworkSettings>, ...allow: Partial<AllowedFlow>[]): string[] =>
    faultsOf(ON_ALL, { ...allowing(...allow), network: { ...REFERENCE.network, ...network } });

  test("are locked out there, even if SSH is open to them over it", () => {
    const ssh = { ports: { from: 22, to: 22 } };
    expect(withNetwork({ operatorCidrs: ["198.19.7.0/24"] }, { ...ssh, from: "198.0.0.0/8" })).toEqual([
      expect.stringContaining("would lock out 198.19.7.0/24 of 'operatorCidrs'"),
    ]);
  });

  test("in its network are a fault, although the LAN's SSH is open to them elsewhere", () => {
    const lanCidrs = ["172.22.0.0/24", "198.18.0.0/24"];
    expect(withNetwork({ lanCidrs, operatorCidrs: ["198.18.0.0/24"] })).toEqual([
      "'network.operatorCidrs' 198.18.0.0/24 is on storage0 of 'alphard', 'hamal' and 'mizar', over which no SSH of " +
        "operators comes; state the networks from which they reach the node network",
    ]);
    expect(withNetwork({ lanCidrs })).toEqual([]);
  });
});

function clusterOf(nodes: readonly TestNode[], settings: ClusterSettings): Cluster {
  const construct = addCluster(testApp(), nodes, settings);
  expect(construct.node.validate()).toEqual([]);
  return construct.resolve().cluster;
}

const rulesets = (cluster: Cluster): Record<string, string> =>
  Object.fromEntries(
    [...renderHosts(cluster, new Set())]
      .filter(([path]) => path.endsWith(".nft"))
      .map(([path, text]) => [
        cluster.nodes.find(({ directory }) => path.startsWith(`${directory}/`))?.hostname,
        text,
      ]),
  );

/** The rules of a chain. */
const chain = (ruleset: string | undefined, name: string): string[] | undefined =>
  new RegExp(`  chain ${name} \\{\n([^]*?)\n  \\}`)
    .exec(ruleset ?? "")?.[1]
    ?.split("\n")
    .map((line) => line.trim());

describe("the ruleset of a host with further interfaces", () => {
  const resolved = (): Cluster =>
    clusterOf(
      [on(ALPHARD), on(HAMAL), MIZAR],
      allowing(
        {},
        { from: "nodes", to: "servers", why: "nodes" },
        { over: undefined, from: "nodes", why: "there" },
      ),
    );

  test("has the flows over each of them alone", () => {
    const { alphard } = rulesets(resolved());
    const refused = (name: string): string[] => [
      `counter name refused_over_${name}`,
      `limit rate 6/minute burst 10 packets counter name logged_over_${name} log prefix "k3s_host refused over ${name}: "`,
    ];
    expect(chain(alphard, "over_storage0")).toEqual([
      "jump neighbours",
      "ip saddr 198.18.0.0/24 meta l4proto tcp ct original proto-dst 9200 accept # replication",
      "ip saddr . ether saddr @nodes4_over_storage0 meta l4proto tcp ct original proto-dst 9200 accept # nodes",
      ...refused("storage0"),
    ]);
    expect(chain(alphard, "over_backup0")).toEqual(["jump neighbours", ...refused("backup0")]);
    expect(chain(alphard, "dialled")?.filter((rule) => rule.includes("9200"))).toEqual([
      "ip saddr . ether saddr @nodes4 meta l4proto tcp ct original proto-dst 9200 accept # there",
    ]);
  });

  test("names the other nodes that have the interface, by their addresses there", () => {
    const cluster = resolved();
    const { alphard } = rulesets(cluster);
    const [set] = / {2}set nodes4_over_storage0 \{[^]*?\n {2}\}/.exec(alphard ?? "") ?? [];
    expect(set).toContain("198.18.0.135 . ");
    expect(set).not.toContain("198.18.0.134");
    expect(set).not.toContain("198.18.0.136");
    const nic = cluster.nodes.find(({ hostname }) => hostname === "hamal")?.vm.networkInterfaces[1];
    expect(set).toContain(`198.18.0.135 . ${nic?.macAddress}, # hamal\n`);
  });

  test("has a set of nodes only where a flow is from nodes", () => {
    const { hamal } = rulesets(resolved());
    expect(hamal).toContain("chain over_storage0");
    expect(hamal).not.toContain("nodes4_over_storage0");
  });

  test("of another host is as if nobody had them", () => {
    const without = clusterOf(
      [ALPHARD, HAMAL, MIZAR],
      allowing({ over: undefined, from: "nodes", why: "there" }),
    );
    expect(rulesets(resolved()).mizar).toBe(rulesets(without).mizar);
  });
});

test("a host without the interface has no flow over it", () => {
  const cluster = clusterOf([on(ALPHARD), on(HAMAL), MIZAR], allowing({}));
  const over = cluster.nodes.map((node) => [
    node.hostname,
    flowsOf(flows(cluster), node).some((flow) => "over" in flow),
  ]);
  expect(over).toEqual([
    ["alphard", true],
    ["hamal", true],
    ["mizar", false],
  ]);
});

test("cluster.json has the interface of a flow over one, and none of others", () => {
  const cluster = clusterOf(ON_ALL, allowing({}));
  const json = JSON.parse(renderClusterJson(cluster, new Set(), new Map(), [], "k3s")) as {
    flows: { over?: string }[];
  };
  expect(json.flows.flatMap(({ over }) => over ?? [])).toEqual(["storage0"]);
});
