import {
  describeFaults,
  formatLiteral,
  formatValue,
  quoteAll,
  withNews,
  type Fault,
} from "../../src/config/fault";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index + 1}`);

test("a fault of many nodes names twenty of them", () => {
  expect([0, 1, 2, 3].map((count) => quoteAll(names(count)))).toEqual([
    "",
    "'n1'",
    "'n1' and 'n2'",
    "'n1', 'n2' and 'n3'",
  ]);
  expect(quoteAll(names(20))).toMatch(/^'n1', .*, 'n19' and 'n20'$/);
  expect(quoteAll(names(22))).toMatch(/^'n1', .*, 'n20' and 2 more$/);
});

test.each<[unknown, string]>([
  [undefined, "nothing"],
  [NaN, "NaN, which is not a number"],
  [() => 0, "a function"],
  [7n, "7"],
  [Symbol("a"), "Symbol(a)"],
  [null, "null"],
  ["a", "'a'"],
  [["a"], '["a"]'],
  ["x".repeat(78), `'${"x".repeat(78)}'`],
  ["x".repeat(79), `'${"x".repeat(76)}...`],
])("a fault shows %p as %s", (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test.each<[unknown, string]>([
  [{}, "{}"],
  [{ a: [1, "b"], c: null }, '{ a: [1, "b"], c: null }'],
])("an example is written as in TypeScript: %j", (value, text) => {
  expect(formatLiteral(value)).toBe(text);
});

describe("what follows from another fault is left out", () => {
  const fault = (nodes: readonly string[], setting: string, judgedBy?: readonly string[]): Fault => ({
    nodes,
    setting,
    sentence: "is wrong",
    ...(judgedBy === undefined ? {} : { judgedBy }),
  });
  const isNews = (known: Fault, further: Fault): boolean => withNews([known], [further]).length === 2;

  test("if it is of the same setting, or of a part of it, and of the same node", () => {
    expect(isNews(fault(["a"], "disks"), fault(["a"], "disks"))).toBe(false);
    expect(isNews(fault(["a"], "disks"), fault(["a"], "disks[scsi0].sizeGib"))).toBe(false);
    expect(isNews(fault(["a"], "nixos"), fault(["a"], "nixos.release"))).toBe(false);
    expect(isNews(fault(["a"], ""), fault(["a"], "nixos.release"))).toBe(false);
    expect(isNews(fault(["a"], "disk"), fault(["a"], "disks[scsi0].sizeGib"))).toBe(true);
    expect(isNews(fault(["a"], "disks"), fault(["b"], "disks"))).toBe(true);
    expect(isNews(fault(["a"], "disks"), fault([], "disks"))).toBe(true);
    expect(isNews(fault([], "disks"), fault(["a"], "disks"))).toBe(true);
    expect(isNews(fault([], "pve"), fault([], "pve.nodes"))).toBe(false);
  });

  test("if it was judged by that setting, or by a part of it or what it is a part of", () => {
    expect(isNews(fault(["a"], "vmId"), fault(["a"], "macAddress", ["vmId"]))).toBe(false);
    expect(isNews(fault(["a"], "vmId"), fault(["b"], "macAddress", ["vmId"]))).toBe(true);
    expect(isNews(fault(["a"], "vmId"), fault(["a"], "macAddress"))).toBe(true);
    expect(isNews(fault([], "network"), fault(["a"], "macAddress", ["network.nodeCidr"]))).toBe(false);
    expect(isNews(fault([], "network.nodeCidr"), fault(["a"], "macAddress", ["network"]))).toBe(false);
    expect(isNews(fault(["b"], "network"), fault(["a"], "macAddress", ["network"]))).toBe(true);
  });
});

test("nodes with the same fault share its message, and other faults have their own", () => {
  expect(
    describeFaults([
      { nodes: ["a"], setting: "cores", sentence: "is 0" },
      { nodes: ["b"], setting: "cores", sentence: "is 1" },
      { nodes: ["c"], setting: "cores", sentence: "is 0" },
      { nodes: [], setting: "cores", sentence: "is 0" },
      { nodes: ["a"], setting: "", sentence: "are missing" },
    ]),
  ).toEqual([
    "'cores' of 'a' and 'c' is 0",
    "'cores' of 'b' is 1",
    "'cores' is 0",
    "'settings' of 'a' are missing",
  ]);
});
