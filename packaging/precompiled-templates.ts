import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";
import { PACKAGE_ROOT } from "../src/base/package-root";
import { precompileTemplate } from "../src/render/template-compiler";

const TEMPLATES = join(PACKAGE_ROOT, "templates");
const MODULE = join(PACKAGE_ROOT, "src/render/templates.ts");

/**
 * Replaces `src/render/templates.ts` with compiled templates. Loading and running Handlebars' compiler takes longer than
 * everything else in a synth of three nodes, CDKTF excluded.
 */
export const precompiledTemplates: Plugin = {
  name: "precompiled-templates",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]render[\\/]templates\.ts$/ }, () => ({
      contents: moduleText(),
      loader: "ts",
      resolveDir: dirname(MODULE),
    }));
  },
};

function moduleText(): string {
  const files = readdirSync(TEMPLATES, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".hbs"),
  );
  const specifications = files.map((file) => {
    const code = precompileTemplate(readFileSync(join(TEMPLATES, file), "utf8"));
    return `${JSON.stringify(file.replace(/\.hbs$/, ""))}: ${code}`;
  });
  return `
    import * as Handlebars from "handlebars/runtime";
    import { registerHelpers } from "./template-helpers";
    const handlebars = registerHelpers(Handlebars.create());
    const specifications = {${specifications.join(",\n")}};
    const compiled = new Map();
    export function fill(name: string, context: object): string {
      const template = compiled.get(name) ?? handlebars.template(specifications[name]);
      compiled.set(name, template);
      return template(context);
    }
  `;
}
