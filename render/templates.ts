import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import { comment, nixString } from "./escape";

const FOLDER = join(__dirname, "..", "templates");

/** `noEscape`: HTML's escaping is wrong for every file here. `strict`: a misspelt name fails instead of vanishing. */
const OPTIONS = {
  noEscape: true,
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: { nix: true, comment: true },
};

const handlebars = Handlebars.create();
handlebars.registerHelper("nix", (text: unknown) => nixString(String(text)));
handlebars.registerHelper("comment", (text: unknown) => comment(String(text)));

const compiled = new Map<string, Handlebars.TemplateDelegate>();

/** Fills `templates/<name>.hbs`. Throws when the context lacks a name that the template uses. */
export function fill(name: string, context: object): string {
  let template = compiled.get(name);
  if (template === undefined) {
    template = handlebars.compile(readFileSync(join(FOLDER, `${name}.hbs`), "utf8"), OPTIONS);
    compiled.set(name, template);
  }
  return template(context);
}
