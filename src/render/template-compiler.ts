/** Turns the text of a template into code. The package holds that code instead (packaging/build.mjs), for the sake of time. */
import Handlebars from "handlebars";
import { registerHelpers } from "./template-helpers";

/** `noEscape`: HTML's escaping is wrong for every file here. `strict`: a misspelt name fails instead of vanishing. */
const OPTIONS = {
  noEscape: true,
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: { nix: true, comment: true, json: true, value: true },
};

const handlebars = registerHelpers(Handlebars.create());

/**
 * To `strict`, a name whose value is `undefined` is there: `{{name}}` becomes `{{value name "name"}}`, whose helper looks.
 * Nobody checks what a partial is handed, and no template has needed one.
 */
class Checked extends Handlebars.Visitor {
  public override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
    if (statement.params.length > 0 || statement.path.type !== "PathExpression") return;
    const path = statement.path as hbs.AST.PathExpression;
    const { original, loc } = path;
    const name: hbs.AST.StringLiteral = { type: "StringLiteral", value: original, original, loc };
    statement.params = [path, name];
    statement.path = { ...path, data: false, depth: 0, parts: ["value"], original: "value" };
  }

  public override PartialStatement(): void {
    throw new Error("a template has a partial: say in place what it would say");
  }

  public override PartialBlockStatement(): void {
    this.PartialStatement();
  }
}

function parse(text: string): hbs.AST.Program {
  const program = Handlebars.parse(text);
  new Checked().accept(program);
  return program;
}

/** @returns what fills a template of that text; it throws when its context lacks a name, or has it as `undefined` */
export const compileTemplate = (text: string): Handlebars.TemplateDelegate<object> =>
  handlebars.compile(parse(text), OPTIONS);

/** @returns the same as JavaScript, an object literal for `template` of Handlebars' runtime */
export const precompileTemplate = (text: string): string =>
  handlebars.precompile(parse(text), OPTIONS) as string;
