import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import * as z from "zod";
import { USER_ERROR_CODES } from "../../src/base/user-error";
import { MEANINGS } from "../../src/cli/exit-code";
import { program } from "../../src/cli/program";
import { formatLiteral } from "../../src/config/fault";
import * as settings from "../../src/config/settings";
import { unwrapped } from "../../src/config/settings/kinds";
import { commandLineDocument } from "../../src/reference/command-line-document";
import { readComments } from "../../src/reference/comments";
import { NOUNS, ownSettings } from "../../src/reference/nouns";
import { exampleOf } from "../../src/reference/settings-document";
import { REPOSITORY } from "../fixture";
import { codeIn } from "../markdown";
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

describe("in a project of an owner of the code", () => {
  const DOCUMENTS = [
    "docs/reference/settings.md",
    "docs/reference/command-line.md",
    "schemas/cluster.schema.json",
  ];
  // One for all: tsx compiles all of the code for each folder.
  const folder = mkdtempSync(join(tmpdir(), "k3s-reference-"));
  let project: Project;

  beforeAll(() => (project = Project.withCode(folder)));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("npm run check reports a stale document, and npm run reference makes it and all others what is committed", () => {
    const texts = DOCUMENTS.map((path) => project.text(path));
    project.edit("docs/reference/settings.md", (before) => before.replace("`4096`", "`2048`"));
    expect(project.script("check")).toEqual({
      status: 2,
      output: expect.stringContaining(
        "Not what src/config/settings and src/cli say: docs/reference/settings.md\n",
      ),
    });
    expect(project.script("reference").status).toBe(0);
    expect(DOCUMENTS.map((path) => project.text(path))).toEqual(texts);
  });

  test("npm run check tells a new option that the command line's document lacks, and npm run reference adds it", () => {
    project.edit("src/cli/program.ts", (text) =>
      text.replace(
        '.option("--fail-on-danger"',
        '.option("--brand-new <number>", "a new option", "7")\n    $&',
      ),
    );
    expect(project.script("check")).toEqual({
      status: 2,
      output: expect.stringContaining("docs/reference/command-line.md"),
    });
    expect(project.script("reference").status).toBe(0);
    const [, section] = project.text("docs/reference/command-line.md").split("\n## preview\n");
    expect(section?.split("\n## ")[0]).toMatch(
      /^\| `--brand-new <number>` +\| a new option \(default: 7\) +\|$/m,
    );
    expect(project.script("check").status).toBe(0);
  });
});

test("the command line's document has every command, with what follows the options in its help", () => {
  const document = commandLineDocument(program(() => undefined));
  const missing = [
    "rollout remove",
    "completion",
    "Kinds:",
    "power-cycle",
    "known\\_hosts",
    "completion fish",
  ];
  expect(missing.filter((text) => !document.includes(text))).toEqual([]);
});

test("the command line's document has every exit code, and each kind of failure once", () => {
  const rows = [...commandLineDocument(program(() => undefined)).matchAll(/^\| (\d+) +\|.*/gm)];
  expect(rows.map(([, exit]) => exit)).toEqual(Object.keys(MEANINGS));
  const kinds = rows.flatMap(([row]) => codeIn(row.split("|")[3] as string));
  expect(kinds.sort()).toEqual([...USER_ERROR_CODES].sort());
});

test("every schema of settings has its section", () => {
  const schemas = Object.entries(settings).filter(([, value]) => value instanceof z.ZodObject);
  expect(NOUNS.map(({ source }) => source).sort()).toEqual(schemas.map(([name]) => name).sort());
});

test.each(SETTINGS.map((setting) => [`${setting.noun.source}.${setting.name}`, setting]))(
  "%s has its purpose, a valid example and its real default",
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
