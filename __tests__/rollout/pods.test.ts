import { podsOf } from "../../src/rollout/pods";

const row = (...cells: string[]): string => `${cells.join("\t")}\n`;

test("a pod's claims are those that it names and those of its ephemeral volumes", () => {
  const [pod] = podsOf(row("shop/web-0", "mizar", "StatefulSet", "", "", "web", "", "data logs", "scratch"));
  expect(pod).toMatchObject({ controller: "statefulset/web", claims: ["data", "logs", "web-0-scratch"] });
});

test("the ReplicaSet of a Deployment is named by that, and another one by its own name", () => {
  const rows = [
    row("shop/a", "mizar", "ReplicaSet", "", "", "web-7d4b9c", "7d4b9c", "", ""),
    row("shop/b", "mizar", "ReplicaSet", "", "", "web-7d4b9c", "", "", ""),
    row("shop/c", "mizar", "", "", "", "", "", "", ""),
  ].join("");
  expect(podsOf(rows).map(({ controller }) => controller)).toEqual([
    "deployment/web",
    "replicaset/web-7d4b9c",
    undefined,
  ]);
});
