/** What failures cost the pods of a cluster that runs. */
import { unmarked } from "../../src/base/markdown";
import { simulateLive, type LiveLoss } from "../../src/simulation/live";
import { isCostly, liveNotes, liveSentencesOf } from "../../src/simulation/live-words";
import { bytesOf } from "../../src/simulation/quantity";
import type { Running, RunningNode, RunningPod } from "../../src/simulation/running";
import { selects, takesNode, type Requirement } from "../../src/simulation/selector";
import { simulate } from "../../src/simulation/simulation";
import { agentOn, serversOn, subjectOf } from "./clusters";

const MIB = 1024 ** 2;

/** Three servers on as many PVE nodes, and an agent beside the first. */
const SUBJECT = subjectOf([...serversOn(1, 2, 3), agentOn(1, "hamal", 150)]);

const node = (name: string, more: Partial<RunningNode> = {}): RunningNode => ({
  name,
  labels: { "kubernetes.io/hostname": name },
  taints: [],
  cordoned: false,
  ready: true,
  memory: 1000 * MIB,
  ...more,
});

const pod = (name: string, on: string, more: Partial<RunningPod> = {}): RunningPod => ({
  name: `shop/${name}`,
  node: on,
  controller: "deployment/web",
  ofDaemonSet: false,
  bare: false,
  labels: { app: "web" },
  ready: true,
  memory: 0,
  nodeSelector: {},
  tolerations: [],
  claims: [],
  ...more,
});

const running = (
  pods: readonly RunningPod[],
  {
    nodes = {},
    ...more
  }: Partial<Omit<Running, "nodes">> & { nodes?: Record<string, Partial<RunningNode>> } = {},
): Running => ({
  nodes: ["alphard", "acrux", "alnair", "hamal"].map((name) => node(name, nodes[name])),
  pods,
  budgets: [],
  volumes: [],
  ...more,
});

function lossOf(failure: string, what: Running, subject = SUBJECT): LiveLoss {
  const { losses } = simulateLive(subject, simulate(subject).singles, what);
  const found = losses.find(({ outcomes }) => outcomes.some(({ failures }) => failures[0]?.name === failure));
  if (found === undefined) throw new Error(`no loss by ${failure}`);
  return found;
}

const said = (failure: string, what: Running, subject = SUBJECT): string =>
  liveSentencesOf(lossOf(failure, what, subject).loss)
    .map(unmarked)
    .join(" ");

const AGENT = "agent hamal";

const on = (name: string, operator: Requirement["operator"] = "In") => [
  { matchExpressions: [{ key: "kubernetes.io/hostname", operator, values: [name] }] },
];

test("failures that lose the same nodes are one loss, and those that lose none are not in it", () => {
  const { losses } = simulateLive(SUBJECT, simulate(SUBJECT).singles, running([]));
  const names = losses.map(({ outcomes, nodes }) => [
    outcomes.map(({ failures }) => failures[0]?.name),
    nodes,
  ]);
  expect(names).toContainEqual([
    ["PVE node pve1", "switch between pve1 and the others", "bridge vmbr0 of pve1", "datastore ceph of pve1"],
    ["alphard", "hamal"],
  ]);
  expect(names).toContainEqual([[AGENT], ["hamal"]]);
});

describe("replicas", () => {
  test("a workload without a ready replica is named, and of others how many are left", () => {
    const what = running([
      pod("web-1", "alphard"),
      pod("web-2", "hamal"),
      pod("db-0", "hamal", { controller: "statefulset/db" }),
      pod("api-1", "acrux", { controller: "replicaset/api", ready: false }),
      pod("api-2", "hamal", { controller: "replicaset/api" }),
    ]);
    expect(lossOf(AGENT, what).loss.workloads).toEqual([
      { namespace: "shop", controller: "statefulset/db", before: 1, left: 0 },
      { namespace: "shop", controller: "replicaset/api", before: 1, left: 0 },
      { namespace: "shop", controller: "deployment/web", before: 2, left: 1 },
    ]);
    expect(said(AGENT, what)).toContain(
      "3 pods run there. No ready replica is left of statefulset/db of shop, replicaset/api of shop. " +
        "Replicas are left of deployment/web of shop (1 of 2).",
    );
  });

  test("pods of DaemonSets, Jobs and the kubelet have none, and what nothing recreates is named", () => {
    const what = running([
      pod("logs", "hamal", { controller: "daemonset/logs", ofDaemonSet: true, memory: MIB }),
      pod("once", "hamal", { controller: "job/once" }),
      pod("static", "hamal", { controller: "node/hamal", memory: MIB }),
    ]);
    expect(lossOf(AGENT, what).loss).toMatchObject({ workloads: [], bare: [], moves: { wanted: 0 } });
    expect(isCostly(lossOf(AGENT, what).loss)).toBe(false);
    const bare = pod("alone", "hamal", { bare: true, controller: undefined });
    expect(said(AGENT, running([bare]))).toContain("Nothing recreates shop/alone.");
  });

  test("the same name in another namespace is another workload", () => {
    const what = running([pod("web-1", "hamal"), { ...pod("", "acrux"), name: "test/web-2" }]);
    expect(lossOf(AGENT, what).loss.workloads).toMatchObject([{ namespace: "shop", left: 0 }]);
  });
});

describe("disruption budgets", () => {
  const budget = { name: "shop/web", selector: { matchLabels: { app: "web" } }, needed: 2 };
  const pods = [pod("web-1", "acrux"), pod("web-2", "hamal")];

  test("one is broken if fewer ready pods are left than it needs", () => {
    expect(said(AGENT, running(pods, { budgets: [budget] }))).toContain(
      "It breaks the disruption budget shop/web (1 of 2 that it needs).",
    );
    expect(lossOf(AGENT, running(pods, { budgets: [{ ...budget, needed: 1 }] })).loss.budgets).toEqual([]);
  });

  test("one that loses no ready pod of its namespace is not", () => {
    const budgets = [
      budget,
      { ...budget, name: "test/web" },
      { ...budget, name: "shop/db", selector: { matchLabels: { app: "db" } } },
    ];
    const away = [pod("web-1", "acrux"), pod("web-2", "hamal", { ready: false })];
    expect(lossOf(AGENT, running(away, { budgets })).loss.budgets).toEqual([]);
  });

  test("one of which Kubernetes does not say yet what it needs is named", () => {
    const what = running(pods, { budgets: [{ ...budget, needed: undefined }] });
    expect(lossOf(AGENT, what).loss.budgets).toEqual([]);
    expect(liveNotes({ stated: [], running: what }).join(" ")).toContain("the disruption budgets shop/web.");
  });
});

describe("volumes", () => {
  const claiming = pod("db-0", "hamal", { controller: "statefulset/db", claims: ["data"], memory: MIB });

  test("one on the disk of a lost node is named with its claim and the pods that wait for it", () => {
    const what = running([claiming], { volumes: [{ claim: "shop/data", nodeTerms: on("hamal") }] });
    expect(said(AGENT, what)).toContain(
      "No other node can mount the volume of shop/data (for shop/db-0): these pods wait for it.",
    );
    expect(lossOf(AGENT, what).loss.moves).toMatchObject({ wanted: 0, refused: [] });
  });

  test("one of a zone is lost with all nodes of the zone, and else moves within it", () => {
    const zone = (name: string) => ({ labels: { "topology.kubernetes.io/zone": name } });
    const nodes = { hamal: zone("pve1"), alphard: zone("pve1"), acrux: zone("pve2"), alnair: zone("pve3") };
    const nodeTerms = [
      {
        matchExpressions: [{ key: "topology.kubernetes.io/zone", operator: "In" as const, values: ["pve1"] }],
      },
    ];
    const what = running([claiming], { nodes, volumes: [{ claim: "shop/data", nodeTerms }] });
    expect(lossOf("PVE node pve1", what).loss.volumes).toEqual([{ claim: "shop/data", pods: ["shop/db-0"] }]);
    expect(lossOf(AGENT, what).loss).toMatchObject({ volumes: [], moves: { refused: [], pending: [] } });
    const cordoned = { ...nodes, alphard: { ...nodes.alphard, cordoned: true } };
    const full = running([claiming], { nodes: cordoned, volumes: what.volumes });
    expect(said(AGENT, full)).toContain("No node that is left takes shop/db-0 (volume).");
  });

  test("one that every node mounts, one of another node and the same claim of another namespace are not lost", () => {
    const volumes = [
      { claim: "shop/data" },
      { claim: "shop/other", nodeTerms: on("acrux") },
      { claim: "shop/gone", nodeTerms: on("nobody") },
    ];
    expect(lossOf(AGENT, running([claiming], { volumes })).loss.volumes).toEqual([]);
    const other = [{ claim: "test/data", nodeTerms: on("hamal") }];
    expect(lossOf(AGENT, running([claiming], { volumes: other })).loss.volumes).toEqual([
      { claim: "test/data", pods: [] },
    ]);
  });
});

describe("memory", () => {
  const small = {
    alphard: { memory: 300 * MIB },
    acrux: { memory: 300 * MIB },
    alnair: { memory: 100 * MIB },
  };

  test("the largest pods come first, each on the first node with room, and the others stay Pending", () => {
    const what = running(
      [
        pod("web-1", "hamal", { memory: 90 * MIB }),
        pod("web-2", "hamal", { memory: 250 * MIB }),
        pod("web-3", "hamal", { memory: 250 * MIB }),
        pod("web-4", "hamal", { memory: 200 * MIB }),
        pod("there", "acrux", { memory: 100 * MIB, controller: "daemonset/x", ofDaemonSet: true }),
      ],
      { nodes: small },
    );
    expect(lossOf(AGENT, what).loss.moves).toEqual({
      refused: [],
      pending: [{ pod: "shop/web-3", memory: 250 * MIB }],
      wanted: 790 * MIB,
      free: 600 * MIB,
    });
    expect(said(AGENT, what)).toContain(
      "About 1 pod stays Pending for want of memory: shop/web-3 (250 MiB). " +
        "All that may move request 790 MiB; the nodes that are left have 600 MiB.",
    );
  });

  test("a pod that requests none finds room on a full node", () => {
    const nodes = { alphard: { memory: 0 }, acrux: { memory: 0 }, alnair: { memory: 0 } };
    const full = ["alphard", "acrux", "alnair"].map((name) => pod(name, name, { memory: MIB }));
    expect(lossOf(AGENT, running([pod("web-1", "hamal"), ...full], { nodes })).loss.moves).toMatchObject({
      pending: [],
      free: 0,
    });
  });

  test("nodes that are cordoned, not Ready or lost themselves start none", () => {
    const nodes = { acrux: { cordoned: true }, alnair: { ready: false } };
    const what = running([pod("web-1", "hamal", { memory: MIB })], { nodes });
    expect(said("PVE node pve1", what)).toContain(
      "No node that is left takes shop/web-1 (no node is left for pods).",
    );
    expect(liveNotes({ stated: [], running: what }).join(" ")).toContain("to start no pods: acrux, alnair.");
  });

  test("without the majority of etcd nothing is started, and what is cut off runs on", () => {
    const subject = subjectOf(serversOn(1, 1, 2));
    const what = running([pod("web-1", "alphard", { memory: MIB })]);
    expect(lossOf("PVE node pve1", what, subject).loss.moves).toBeUndefined();
    expect(said("PVE node pve1", what, subject)).toContain("without the majority of etcd");
    const { losses } = simulateLive(subject, simulate(subject).singles, what);
    const bridge = losses.filter(({ outcomes }) =>
      outcomes.some(({ failures }) => failures[0]?.kind === "bridge"),
    );
    expect(bridge.map(({ nodes }) => nodes)).toEqual([["alnair"]]);
  });
});

describe("a pod is refused by", () => {
  const refusal = (more: Partial<RunningPod>, nodes?: Record<string, Partial<RunningNode>>) =>
    lossOf(AGENT, running([pod("web-1", "hamal", more)], nodes && { nodes })).loss.moves?.refused;

  test("its nodeSelector", () => {
    expect(refusal({ nodeSelector: { disk: "ssd" } })).toEqual([
      { pod: "shop/web-1", rules: ["nodeSelector"] },
    ]);
    expect(refusal({ nodeSelector: { disk: "ssd" } }, { acrux: { labels: { disk: "ssd" } } })).toEqual([]);
  });

  test("its required affinity to nodes", () => {
    expect(refusal({ nodeTerms: on("hamal") })).toMatchObject([{ rules: ["node affinity"] }]);
    expect(refusal({ nodeTerms: on("hamal", "NotIn") })).toEqual([]);
  });

  test("taints that it does not tolerate, but not by one that only prefers others", () => {
    const taint = { key: "server", value: "yes", effect: "NoSchedule" };
    const tainted = (effect: string) =>
      Object.fromEntries(
        ["alphard", "acrux", "alnair"].map((name) => [name, { taints: [{ ...taint, effect }] }]),
      );
    const rules = [{ rules: ["taints"] }];
    expect(refusal({}, tainted("NoSchedule"))).toMatchObject(rules);
    expect(refusal({}, tainted("NoExecute"))).toMatchObject(rules);
    expect(refusal({}, tainted("PreferNoSchedule"))).toEqual([]);
    const tolerating = (...tolerations: RunningPod["tolerations"]) =>
      refusal({ tolerations }, tainted("NoSchedule"));
    expect(tolerating({ operator: "Exists" })).toEqual([]);
    expect(tolerating({ key: "server", value: "yes" })).toEqual([]);
    expect(tolerating({ key: "server", operator: "Exists", effect: "NoSchedule" })).toEqual([]);
    expect(tolerating({ key: "server", operator: "Exists", effect: "NoExecute" })).toMatchObject(rules);
    expect(tolerating({ key: "server", value: "no" })).toMatchObject(rules);
    expect(tolerating({ key: "other", operator: "Exists" })).toMatchObject(rules);
  });
});

test("of hundreds of names a sentence has six and the number of the others", () => {
  const pods = Array.from({ length: 300 }, (_, index) =>
    pod(`web-${index}`, "hamal", { controller: `deployment/web-${index}` }),
  );
  expect(said(AGENT, running(pods))).toContain("deployment/web-5 of shop and 294 more.");
});

test("nodes of main.ts that are not in the cluster are named, and those that are only there", () => {
  const notes = liveNotes({ stated: ["alphard", "mizar"], running: running([]) }).join(" ");
  expect(notes).toContain("No node of the running cluster is mizar");
  expect(notes).toContain("taken to be left after each failure: acrux, alnair, hamal.");
});

test.each([
  ["128Mi", 128 * MIB],
  ["1Gi", 1024 * MIB],
  ["1.5Gi", 1536 * MIB],
  ["128974848", 128_974_848],
  ["129e6", 129_000_000],
  ["129M", 129_000_000],
  ["64k", 64_000],
  ["2Ki", 2048],
  ["1500m", 1.5],
  ["128mi", undefined],
  ["-1", undefined],
  ["", undefined],
])("%s is %s bytes", (quantity, expected) => expect(bytesOf(quantity)).toBe(expected));

test.each<[Requirement["operator"], string[], boolean, boolean]>([
  ["In", ["5"], true, false],
  ["NotIn", ["5"], false, true],
  ["Exists", [], true, false],
  ["DoesNotExist", [], false, true],
  ["Gt", ["4"], true, false],
  ["Gt", ["5"], false, false],
  ["Lt", ["6"], true, false],
  ["Lt", ["5"], false, false],
])("%s %j takes the value 5: %s, and no value: %s", (operator, values, there, missing) => {
  const selector = { matchExpressions: [{ key: "toString", operator, values }] };
  expect([selects(selector, { toString: "5" }), selects(selector, {})]).toEqual([there, missing]);
});

test("a selector without requirements takes all, and a term without them no node; a term may name the node", () => {
  expect(selects({}, { a: "b" })).toBe(true);
  expect(takesNode([{}], node("hamal"))).toBe(false);
  const byName = (name: string) => [
    { matchFields: [{ key: "metadata.name", operator: "In" as const, values: [name] }] },
  ];
  expect([takesNode(byName("hamal"), node("hamal")), takesNode(byName("mizar"), node("hamal"))]).toEqual([
    true,
    false,
  ]);
  expect(takesNode([...on("mizar"), ...on("hamal")], node("hamal"))).toBe(true);
});
