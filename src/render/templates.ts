import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../base/package-root";
import { compileTemplate } from "./template-compiler";

const compiled = new Map<string, (context: object) => string>();

/**
 * Renders `templates/<name>.hbs`. Throws if the context lacks a name of the template; pass `""` or `false` for absent values.
 *
 * The package replaces this module with one whose templates are precompiled (packaging/precompiled-templates.ts).
 */
export function fill(name: string, context: object): string {
  let template = compiled.get(name);
  if (template === undefined) {
    template = compileTemplate(readFileSync(join(PACKAGE_ROOT, "templates", `${name}.hbs`), "utf8"));
    compiled.set(name, template);
  }
  return template(context);
}
