/** Compiles templates. The package contains the compiled code instead (packaging/build.mjs), which loads faster. */
import Handlebars from "handlebars";
import { registerHelpers } from "./template-helpers";

/** `noEscape`: no emitted file is HTML. `strict`: a misspelt name fails instead of rendering as nothing. */
const OPTIONS = {
  noEscape: true,
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: { nix: true, comment: true, json: true, value: true, npmRun: true },
};

const handlebars = registerHelpers(Handlebars.create());

/**
 * `strict` accepts a name whose value is `undefined`. This turns `{{name}}` into `{{value name "name"}}`, whose helper
 * refuses it. It refuses partials, whose context it could not check.
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
    throw new Error("templates must not contain partials; inline the text");
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

/** Compiles a template's text. The result throws if a name is missing or `undefined` in its context. */
export const compileTemplate = (text: string): Handlebars.TemplateDelegate<object> =>
  handlebars.compile(parse(text), OPTIONS);

/** The same as JavaScript: an object literal for `template` of Handlebars' runtime. */
export const precompileTemplate = (text: string): string =>
  handlebars.precompile(parse(text), OPTIONS) as string;
