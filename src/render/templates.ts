import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import { comment, nixString } from "../base/escape";

const FOLDER = join(__dirname, "../..", "templates");

/** `noEscape`: HTML's escaping is wrong for every file here. `strict`: a misspelt name fails instead of vanishing. */
const OPTIONS = {
  noEscape: true,
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: { nix: true, comment: true, value: true },
};

const handlebars = Handlebars.create();
handlebars.registerHelper("value", (value: unknown, name: string) => given(value, name));
handlebars.registerHelper("nix", (text: unknown) => nixString(String(given(text))));
handlebars.registerHelper("comment", (text: unknown) => comment(String(given(text))));
for (const block of ["if", "unless", "each", "with"] as const) {
  const original = handlebars.helpers[block] as Handlebars.HelperDelegate;
  handlebars.registerHelper(
    block,
    function (this: unknown, value: unknown, options: Handlebars.HelperOptions) {
      return original.call(this, given(value), options) as unknown;
    },
  );
}

/** Handlebars' `strict` does not look at arguments of helpers (handlebars.js#1453): there a misspelt name is `undefined`. */
function given<T>(value: T, name = "a name in a helper or a block"): T {
  if (value === undefined) throw new Error(`a template was not given what it names: ${name}`);
  return value;
}

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

/** @returns what fills a template of that text; it throws when its context lacks a name, or has it as `undefined` */
export function compileTemplate(text: string): Handlebars.TemplateDelegate<object> {
  const program = Handlebars.parse(text);
  new Checked().accept(program);
  return handlebars.compile(program, OPTIONS);
}

const compiled = new Map<string, Handlebars.TemplateDelegate<object>>();

/** Fills `templates/<name>.hbs`. Throws when the context lacks a name that the template uses; what is absent is `""` or `false`. */
export function fill(name: string, context: object): string {
  let template = compiled.get(name);
  if (template === undefined) {
    template = compileTemplate(readFileSync(join(FOLDER, `${name}.hbs`), "utf8"));
    compiled.set(name, template);
  }
  return template(context);
}
