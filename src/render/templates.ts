import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../base/package-root";
import { compileTemplate } from "./template-compiler";

const compiled = new Map<string, (context: object) => string>();

/**
 * Fills `templates/<name>.hbs`. Throws when the context lacks a name that the template uses; what is absent is `""` or `false`.
 *
 * The package has another module in the place of this one, whose templates were compiled when it was packed
 * (packaging/precompiled-templates.ts).
 */
export function fill(name: string, context: object): string {
  let template = compiled.get(name);
  if (template === undefined) {
    template = compileTemplate(readFileSync(join(PACKAGE_ROOT, "templates", `${name}.hbs`), "utf8"));
    compiled.set(name, template);
  }
  return template(context);
}
