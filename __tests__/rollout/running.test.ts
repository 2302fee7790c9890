/** What is read of a cluster that runs, as kubectl prints it. */
import { answerOf } from "../../src/rollout/running";

const MIB = 1024 ** 2;

const row = (...cells: string[]): string => `${cells.join("\t")}\n`;

const NODES = row("hamal", '{"disk":"ssd"}', '[{"key":"a","effect":"NoSchedule"}]', "true", "True", "1Gi");

/** A pod's row: first the cells that a drain reads too. */
const podRow = ({
  name = "shop/web-0",
  controller = ["StatefulSet", "", "", "web"],
  labels = "",
  deleted = "",
  containers = "",
  inits = "",
  overhead = "",
  whole = "",
  tolerations = "",
} = {}): string =>
  row(
    name,
    "hamal",
    ...controller,
    "",
    "data",
    "",
    labels,
    "True",
    deleted,
    containers,
    inits,
    overhead,
    whole,
    "",
    "",
    tolerations,
  );

const read = (pods = "", budgets = "", volumes = "", nodes = NODES) =>
  answerOf({ name: "alphard" }, [nodes, pods, budgets, volumes]);

test("a node with its labels, taints and memory", () => {
  expect(read().nodes).toEqual([
    {
      name: "hamal",
      labels: { disk: "ssd" },
      taints: [{ key: "a", effect: "NoSchedule" }],
      cordoned: true,
      ready: true,
      memory: 1024 * MIB,
    },
  ]);
});

test("a pod with its controller and claims, ready unless it is deleted", () => {
  expect(read(podRow({ labels: '{"app":"web"}' })).pods).toMatchObject([
    {
      name: "shop/web-0",
      node: "hamal",
      controller: "statefulset/web",
      claims: ["data"],
      labels: { app: "web" },
      ready: true,
    },
  ]);
  expect(read(podRow({ deleted: "2026-01-01T00:00:00Z" })).pods[0]?.ready).toBe(false);
});

test.each([
  ["nothing", {}, 0],
  ["its containers together", { containers: "64Mi 32Mi" }, 96],
  ["an init container that needs more", { containers: "64Mi", inits: "=100Mi =20Mi " }, 100],
  ["one that goes on beside them", { containers: "64Mi", inits: "=50Mi Always=32Mi = " }, 96],
  [
    "one that runs beside an earlier one that goes on",
    { containers: "1Mi", inits: "Always=32Mi =80Mi " },
    112,
  ],
  ["what its runtime takes", { containers: "64Mi", overhead: "16Mi" }, 80],
  ["what is stated of the whole pod", { containers: "64Mi", whole: "200Mi" }, 200],
])("a pod requests %s", (_, cells, mib) => expect(read(podRow(cells)).pods[0]?.memory).toBe(mib * MIB));

test("a budget says what it needs when Kubernetes has seen it as it is", () => {
  const selector = '{"matchLabels":{"app":"web"}}';
  expect(
    read("", row("shop/web", selector, "2", "3", "3") + row("shop/db", selector, "0", "1", "")).budgets,
  ).toEqual([
    { name: "shop/web", selector: { matchLabels: { app: "web" } }, needed: 2 },
    { name: "shop/db", selector: { matchLabels: { app: "web" } } },
  ]);
});

test("a volume with the nodes that can mount it, if a claim is bound to it", () => {
  const terms = '[{"matchExpressions":[{"key":"zone","operator":"In","values":["pve1"]}]}]';
  const rows = row("shop/data", "Bound", terms) + row("/", "Available", "") + row("shop/nfs", "Bound", "");
  expect(read("", "", rows).volumes).toEqual([
    {
      claim: "shop/data",
      nodeTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["pve1"] }] }],
    },
    { claim: "shop/nfs" },
  ]);
});

test.each([
  ["nodes", [undefined, undefined, undefined, ""]],
  ["nodes", [undefined, undefined, undefined, row("Ha\u001bmal", "", "", "", "", "")]],
  ["nodes", [undefined, undefined, undefined, row("hamal", "", "", "", "", "much")]],
  ["pods", [podRow({ name: "shop/\u001b[2J" })]],
  ["pods", [podRow({ controller: ["Kind", "", "", "a b"] })]],
  ["pods", [podRow({ labels: "{" })]],
  ["pods", [podRow({ tolerations: '[{"key":1}]' })]],
  ["disruption budgets", ["", row("shop/web", "[]", "", "", "")]],
  ["volumes", ["", "", row("shop data", "Bound", "")]],
  ["volumes", ["", "", row("shop/data", "Bound", '[{"matchExpressions":[{"key":"a","operator":"Is"}]}]')]],
])("a list of %s that Kubernetes would not return is an error by the server's name: %#", (what, lists) => {
  expect(() => read(...lists)).toThrow(
    expect.objectContaining({
      code: "unavailable",
      message: `alphard: its API returns a list of ${what} that Kubernetes would not return`,
    }),
  );
});
