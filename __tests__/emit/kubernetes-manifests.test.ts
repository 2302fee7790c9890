import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyOf, kindOf, objectName, readManifests } from "../../src/emit/kubernetes-manifests";
import { temporaryFolder } from "../fixture";

const SECRET = "planted-0b5e55ed";

/** What is read from a file with that text, with the file's name taken out. */
function read(text: string, name = "objects.yaml") {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  const { objects, faults } = readManifests([file]);
  return { objects, problems: faults.map(({ problem }) => problem) };
}

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

test("each document is an object, as it is in the file; documents without anything are none", () => {
  const text = `# nothing\n---\n${configMap("a")}data: { mode: 0644, on: yes } # kept\n---\n---\n${configMap("b")}---\n# end\n`;
  const { objects, problems } = read(text);
  expect(problems).toEqual([]);
  expect(objects.map(objectName)).toEqual(["ConfigMap a", "ConfigMap b"]);
  expect(objects[0]?.text).toBe(`\n${configMap("a")}data: { mode: 0644, on: yes } # kept\n`);
});

test("an object is the same in every version of its group, and without a namespace in 'default'", () => {
  const ref = { kind: "Pool", name: "a", apiVersion: "example.org/v1", namespace: "" };
  expect(keyOf({ ...ref, apiVersion: "example.org/v1beta1", namespace: "default" })).toBe(keyOf(ref));
  expect(keyOf({ ...ref, apiVersion: "example.com/v1" })).not.toBe(keyOf(ref));
  expect(kindOf({ apiVersion: "v1", kind: "Pod" })).toBe("/Pod");
});

test("JSON is read too, and the kind that a definition makes", () => {
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "pools.example.org" },
    spec: { group: "example.org", names: { kind: "Pool" } },
  };
  expect(read(JSON.stringify(definition), "objects.json").objects[0]?.defines).toBe("example.org/Pool");
});

test("values of a Secret are known in every form, so that they can be blanked", () => {
  const encoded = Buffer.from(SECRET).toString("base64");
  const text = (data: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata: { name: a }\n${data}: { key: ${data === "data" ? encoded : SECRET} }\n`;
  for (const data of ["data", "stringData"])
    expect(read(text(data)).objects[0]?.secrets).toEqual(expect.arrayContaining([SECRET, encoded]));
});

test.each([
  [
    "text that is no YAML",
    `${configMap("a")}---\nkind: Secret\nkey: "${SECRET}\n`,
    /^is no YAML at line \d+ \(\w+\)$/,
  ],
  ["a key twice", `kind: Secret\nkind: ${SECRET}\n`, "is no YAML at line 2 (DUPLICATE_KEY)"],
  ["a text", `${SECRET}\n`, "has no object at line 1: it needs an apiVersion, a kind and a metadata.name"],
  [
    "an object without a name",
    `${configMap("a")}---\n${configMap("a").replace("name: a", "generateName: a")}`,
    "has no object at line 5: it needs an apiVersion, a kind and a metadata.name",
  ],
  [
    "a name that is a path",
    configMap("../../x"),
    "has no object at line 1: it needs an apiVersion, a kind and a metadata.name",
  ],
  [
    "a list",
    "apiVersion: v1\nkind: List\nmetadata: { name: a }\nitems: []\n",
    "has a List at line 1: write its items as documents",
  ],
  ["nothing", "---\n# nothing\n", "has no object"],
  ...[
    "data: { key: 12345678 }",
    "stringData: { key: yes }",
    "data: 12345678",
    "stringData: { key: [a] }",
  ].map((values): [string, string, string] => [
    `a Secret with ${values}`,
    `apiVersion: v1\nkind: Secret\nmetadata: { name: a }\n${values}\n`,
    "has a Secret at line 1 with a value that is no text: put it in quotes",
  ]),
  ["an object twice", `${configMap("a")}---\n${configMap("a")}`, "has ConfigMap a, which is stated before"],
  [
    "aliases of aliases",
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n`,
    "has too many aliases at line 1",
  ],
])("%s is said, without the text", (_, text, problem) => {
  const { problems } = read(text);
  expect(problems).toEqual([typeof problem === "string" ? problem : expect.stringMatching(problem)]);
  expect(problems.join()).not.toContain(SECRET);
});

test.each([
  ["that is not there", "nothing.yaml", "is not there"],
  ["that is a folder", ".", "is no file"],
])("a file %s is said", (_, path, problem) => {
  expect(readManifests([join(temporaryFolder(), path)]).faults.map((fault) => fault.problem)).toEqual([
    problem,
  ]);
});

test("what is too large is not read", () => {
  expect(read("#".repeat(4 * 1024 * 1024 + 1)).problems).toEqual(["is larger than 4 MiB"]);
  const many = Array.from({ length: 1001 }, (_, index) => configMap(`n${index}`)).join("---\n");
  expect(read(many).problems).toEqual(["is one too many: there are more than 1000 objects"]);
});
