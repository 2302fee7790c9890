import schema from "../../schemas/cluster.schema.json";
import { CLUSTER_EFFECTS, NODE_EFFECTS } from "../../preview/settings";
import type { Json } from "../fixture";

/** Paths of the settings that an object of the schema may have; a list is one. */
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
