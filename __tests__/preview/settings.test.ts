import schema from "../../schemas/cluster.schema.json";
import { CLUSTER_EFFECTS, compareSettings, NODE_EFFECTS } from "../../src/preview/settings";
import type { Json } from "../fixture";

/** Paths of the settings that an object of the schema may have. A list counts as one. */
const leavesOf = ({ properties }: Json, prefix = ""): string[] =>
  Object.entries(properties as Record<string, Json>).flatMap(([name, kind]) =>
    kind.properties === undefined ? [`${prefix}${name}`] : leavesOf(kind, `${prefix}${name}.`),
  );

test("every setting of the cluster has its effect, and no other", () => {
  expect(Object.keys(CLUSTER_EFFECTS).sort()).toEqual(leavesOf(schema.properties.cluster).sort());
});

test("every setting of a node has its effect, but for those of its VM, which OpenTofu knows", () => {
  const settings = leavesOf(schema.properties.nodes.items).filter((path) => !path.startsWith("vm."));
  expect(Object.keys(NODE_EFFECTS).sort()).toEqual(settings.sort());
});

test("a changed source of the join token is dangerous, and the first one is not", () => {
  const dangers = (before: object, after: object): boolean[] =>
    compareSettings({ rollout: before }, { rollout: after }, CLUSTER_EFFECTS).map(
      ({ effect }) => effect.danger === true,
    );
  expect(dangers({}, { tokenPath: "token" })).toEqual([false]);
  expect(dangers({ tokenPath: "token" }, { tokenPath: "other" })).toEqual([true]);
  expect(dangers({ tokenPath: "token" }, { tokenCommand: ["sops"] })).toEqual([true, false]);
});
