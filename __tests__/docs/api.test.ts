/** The API documentation as TypeDoc makes it, which takes a type-checked program and therefore some seconds. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { docOf } from "../../src/config/settings/kinds";
import { readComments } from "../../src/reference/comments";
import { NOUNS, ownSettings } from "../../src/reference/nouns";
import { REPOSITORY } from "../fixture";

interface Reflection {
  readonly name: string;
  readonly comment?: {
    readonly summary: readonly Part[];
    readonly blockTags?: readonly { readonly tag: string; readonly content: readonly Part[] }[];
  };
  readonly children?: readonly Reflection[];
}

interface Part {
  readonly text: string;
}

const textOf = (parts: readonly Part[] = []): string =>
  parts
    .map(({ text }) => text)
    .join("")
    .replace(/\s+/g, " ")
    .trim();

let folder: string;
let said: { status: number | null; output: string };
let api: Reflection;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "k3s-api-")); // longer than one test
  const words = ["--out", join(folder, "html"), "--json", join(folder, "api.json")];
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "docs:api", "--", ...words], {
    cwd: REPOSITORY,
    encoding: "utf8",
  });
  said = { status, output: stdout + stderr };
  api = JSON.parse(readFileSync(join(folder, "api.json"), "utf8")) as Reflection;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("TypeDoc has nothing to complain about", () => {
  expect(said).toEqual({ status: 0, output: expect.not.stringContaining("warning") });
});

test("the documentation has exactly what the package exports", () => {
  const file = join(REPOSITORY, "constructs/index.ts");
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022);
  const names = source.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : [],
  );
  expect(names.length).toBeGreaterThan(9);
  expect(api.children?.map(({ name }) => name).sort()).toEqual(names.sort());
});

test.each([
  ["K3sCluster", ["constructor", "of", "provider"]],
  ["K3sNode", ["hostname", "ipv4Address", "macAddress", "resource", "vmId"]],
  ["HostFiles", ["constructor", "documents", "folder"]],
])("%s has what owners use, and nothing internal", (name, members) => {
  const found = api.children?.find((each) => each.name === name);
  expect(found?.children?.map((each) => each.name).sort()).toEqual(members);
});

test("every setting has its description, its default and its unit", () => {
  const comments = readComments(join(REPOSITORY, "src", "config", "settings"));
  const documented = new Set(
    (api.children ?? []).flatMap(({ children = [] }) =>
      children.map(({ name, comment }) => {
        const tag = comment?.blockTags?.find((each) => each.tag === "@default");
        return JSON.stringify([
          name,
          textOf(comment?.summary),
          tag && textOf(tag.content).replace(/^`(\{.*\})`$/, "$1"),
        ]);
      }),
    ),
  );
  const settings = NOUNS.flatMap((noun) =>
    ownSettings(noun).map(([name, schema]) => {
      const { text = "", defaultText } = comments.of(noun.source, name) ?? {};
      return { name, text, defaultText, unit: docOf(schema).unit ?? "" };
    }),
  );
  expect(settings.length).toBeGreaterThan(100);
  expect(
    settings.filter(
      ({ name, text, defaultText }) => !documented.has(JSON.stringify([name, text, defaultText])),
    ),
  ).toEqual([]);
  // An editor and the API documentation show the name and the comment, and not the unit of the schema.
  expect(
    settings.filter(({ name, text, unit }) => !`${name} ${text}`.toLowerCase().includes(unit.toLowerCase())),
  ).toEqual([]);
});
