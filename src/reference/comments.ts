/** Reads the comments in `src/config/settings/`, which editors show and the documents contain. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** The comment of one setting. */
export interface Comment {
  readonly text: string;
  /** The text after `@default`: a value, or `- ` and a description. TypeDoc needs an object as a code span, which it is not here. */
  readonly defaultText?: string;
}

export interface Comments {
  /** Comment of a setting, by the names of its schema and of the setting. */
  readonly of: (schema: string, setting: string) => Comment | undefined;
  /** Comment of the interface that is derived from a schema. */
  readonly ofSchema: (schema: string) => string;
}

/** @param folder - folder of the schemas */
export function readComments(folder: string): Comments {
  const settings = new Map<string, ReadonlyMap<string, Comment>>();
  const schemas = new Map<string, string>();
  for (const file of readdirSync(folder)) {
    const source = ts.createSourceFile(
      file,
      readFileSync(join(folder, file), "utf8"),
      ts.ScriptTarget.ES2022,
      true,
    );
    const literals = literalsOf(source);
    for (const [name, literal] of literals) settings.set(name, commentsIn(literal, literals));
    for (const statement of source.statements) {
      const [, schema] =
        (ts.isInterfaceDeclaration(statement) && /typeof (\w+)>/.exec(statement.getText())) || [];
      if (schema !== undefined) schemas.set(schema, commentOf(statement)?.text ?? "");
    }
  }
  return {
    of: (schema, setting) => settings.get(schema)?.get(setting),
    ofSchema: (schema) => schemas.get(schema) ?? "",
  };
}

type Literals = ReadonlyMap<string, ts.ObjectLiteralExpression>;

/** The first object literal in the value of each constant: `const A = group({ … })`. */
function literalsOf(source: ts.SourceFile): Literals {
  const literals = new Map<string, ts.ObjectLiteralExpression>();
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const literal = initializer && firstLiteral(initializer);
      if (literal !== undefined) literals.set(name.getText(), literal);
    }
  }
  return literals;
}

const firstLiteral = (node: ts.Node): ts.ObjectLiteralExpression | undefined =>
  ts.isObjectLiteralExpression(node) ? node : ts.forEachChild(node, firstLiteral);

function commentsIn(literal: ts.ObjectLiteralExpression, literals: Literals): Map<string, Comment> {
  const comments = new Map<string, Comment>();
  for (const property of literal.properties) {
    if (ts.isSpreadAssignment(property)) {
      const spread = literals.get(property.expression.getText());
      for (const [name, comment] of spread ? commentsIn(spread, literals) : []) comments.set(name, comment);
      continue;
    }
    const comment = commentOf(property);
    if (comment !== undefined) comments.set(property.name.getText(), comment);
  }
  return comments;
}

function commentOf(node: ts.Node): Comment | undefined {
  const [whole] = node.getFullText().match(/\/\*\*[^]*?\*\//) ?? [];
  if (whole === undefined) return undefined;
  const words = whole
    .slice(3, -2)
    .replace(/^\s*\* ?/gm, " ")
    .replace(/\s+/g, " ");
  const [text = "", defaultText] = words.split("@default").map((part) => part.trim());
  return defaultText === undefined
    ? { text }
    : { text, defaultText: defaultText.replace(/^`(\{.*\})`$/, "$1") };
}
