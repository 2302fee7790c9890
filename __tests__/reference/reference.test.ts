import { join } from "node:path";
import ts from "typescript";
import * as z from "zod";
import { formatLiteral } from "../../src/config/fault";
import * as settings from "../../src/config/settings";
import { unwrapped } from "../../src/config/settings/kinds";
import { readComments } from "../../src/reference/comments";
import { NOUNS, ownSettings } from "../../src/reference/nouns";
import { exampleOf } from "../../src/reference/settings-document";
import { REPOSITORY } from "../fixture";
import { Project } from "../project";

const comments = readComments(join(REPOSITORY, "src", "config", "settings"));

const SETTINGS = NOUNS.flatMap((noun) =>
  ownSettings(noun).map(([name, schema]) => ({
    noun,
    name,
    schema,
    comment: comments.of(noun.source, name),
  })),
);

test("the settings' document and schema are what npm run reference writes", () => {
  const project = new Project();
  const paths = ["docs/settings.md", "schemas/cluster.schema.json"];
  const texts = paths.map((path) => project.text(path));
  expect(project.script("reference").status).toBe(0);
  expect(paths.map((path) => project.text(path))).toEqual(texts);
});

test("npm run check tells a stale document, and npm run reference mends it", () => {
  const project = new Project();
  const text = project.text("docs/settings.md");
  project.edit("docs/settings.md", (before) => before.replace("`4096`", "`2048`"));
  expect(project.script("check")).toEqual({
    status: 2,
    output: expect.stringContaining("Not what src/config/settings says: docs/settings.md"),
  });
  expect(project.script("reference").status).toBe(0);
  expect(project.text("docs/settings.md")).toBe(text);
});

test("every schema of settings has its section", () => {
  const schemas = Object.entries(settings).filter(([, value]) => value instanceof z.ZodObject);
  expect(NOUNS.map(({ source }) => source).sort()).toEqual(schemas.map(([name]) => name).sort());
});

test.each(SETTINGS.map((setting) => [`${setting.noun.source}.${setting.name}`, setting]))(
  "%s says what it is for, shows an example that it takes, and tells its default as it is",
  (_, { schema, comment }) => {
    expect(comment?.text).toMatch(/\S/);
    expect(z.safeParse(schema, exampleOf(schema)).error?.issues ?? []).toEqual([]);
    const isLeaf = !(unwrapped(schema) instanceof z.ZodObject);
    if (isLeaf) expect(exampleOf(schema)).toBeDefined();
    const said = comment?.defaultText;
    if (schema instanceof z.ZodDefault) {
      const value = schema.def.defaultValue as unknown;
      const isEmpty = ["[]", "{}"].includes(formatLiteral(value));
      if (isEmpty) expect(said).toMatch(/^- /);
      else expect(said).toBe(formatLiteral(value));
    } else if (schema instanceof z.ZodOptional) expect(said).toMatch(/^- /);
    else expect(said).toBeUndefined();
  },
);

test("an editor shows the comment of a setting where main.ts states it", () => {
  const file = join(REPOSITORY, "main.ts");
  const text = `import type { K3sClusterProps } from "./constructs";
    const vm: K3sClusterProps["vm"] = { cores: 4 };`;
  const { config } = ts.readConfigFile(join(REPOSITORY, "tsconfig.json"), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, REPOSITORY);
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const content = path === file ? text : ts.sys.readFile(path);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => REPOSITORY,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => ts.sys.fileExists(path),
    readFile: (path) => ts.sys.readFile(path),
  });
  const shown = service.getQuickInfoAtPosition(file, text.indexOf("cores"));
  expect(ts.displayPartsToString(shown?.documentation)).toBe("Cores per socket.");
  expect(ts.displayPartsToString(shown?.tags?.[0]?.text)).toBe("2");
});
