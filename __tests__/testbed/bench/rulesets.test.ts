import { cluster, perPair, product } from "../../../testbed/bench/rulesets";

test("the ruleset by pairs has one rule for each direction of each pair", () => {
  const { nodes } = cluster(4);
  const text = [...perPair(nodes)].join("");
  const rules = text.match(/ip saddr \S+ ip daddr \S+ accept/g) ?? [];
  expect(new Set(rules).size).toBe(4 * 3);
  expect(rules).toHaveLength(4 * 3);
  expect(rules).toContain("ip saddr 10.0.3.232 ip daddr 10.0.3.233 accept");
});

test("the product's ruleset names all nodes except its host", () => {
  const all = cluster(4);
  const [text = ""] = all.nodes.map((node) => product(all, node));
  expect(text.match(/^ +10\.0\.3\.\d+ \. BC:\S+, # star-\d$/gm)).toHaveLength(3 + 2); // and the servers
});
