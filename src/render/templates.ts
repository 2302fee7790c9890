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
  knownHelpers: { nix: true, comment: true },
};

const handlebars = Handlebars.create();
handlebars.registerHelper("nix", (text: unknown) => nixString(String(given(text))));
handlebars.registerHelper("comment", (text: unknown) => comment(String(given(text))));
for (const block of ["if", "unless", "each"] as const) {
  const original = handlebars.helpers[block] as Handlebars.HelperDelegate;
  handlebars.registerHelper(
    block,
    function (this: unknown, value: unknown, options: Handlebars.HelperOptions) {
      return original.call(this, given(value), options) as unknown;
    },
  );
}

/** Handlebars' `strict` does not look at arguments of helpers (handlebars.js#1453): there a misspelt name is `undefined`. */
function given<T>(value: T): T {
  if (value === undefined) throw new Error("a template names what it was not given, in a helper or a block");
  return value;
}

const compiled = new Map<string, Handlebars.TemplateDelegate>();

/** Fills `templates/<name>.hbs`. Throws when the context lacks a name that the template uses; what is absent is `""` or `false`. */
export function fill(name: string, context: object): string {
  let template = compiled.get(name);
  if (template === undefined) {
    template = handlebars.compile(readFileSync(join(FOLDER, `${name}.hbs`), "utf8"), OPTIONS);
    compiled.set(name, template);
  }
  return template(context);
}
