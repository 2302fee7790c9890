/** The programs that read or format README of the hosts' folder. */
import { renderNames } from "../../src/render/names";
import { renderNodeRegion } from "../../src/render/readme";
import { judged } from "./libraries";
import { CLUSTERS, diagramsOf, readme } from "./readmes";

test("mermaid itself parses the topology of every cluster, and what its worst failure stops", () => {
  const diagrams = Object.values(CLUSTERS).map((make) => diagramsOf(make()));
  expect(new Set(diagrams.map((all) => all.length))).toEqual(new Set([1, 2]));
  expect(judged("mermaid", diagrams.flat())).toEqual(diagrams.flat().map(() => "flowchart-v2"));
});

test("mermaid refuses a broken diagram", () => {
  expect(judged("mermaid", ['flowchart TB\n  a["b" --> c'])[0]).toMatch(/^wrong: /);
});

test("every document and region is formatted as prettier formats it, so that no formatter edits them", () => {
  const clusters = Object.values(CLUSTERS).map((make) => make());
  const documents = clusters.flatMap((each) =>
    [readme(each), renderNodeRegion(each), renderNames(each)].map((text) => `${text.trim()}\n`),
  );
  expect(judged("prettier", documents)).toEqual(documents);
});
