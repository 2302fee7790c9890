import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";
import { PACKAGE_ROOT } from "../src/base/package-root";
import { precompileTemplate } from "../src/render/template-compiler";

const TEMPLATES = join(PACKAGE_ROOT, "templates");
const MODULE = join(PACKAGE_ROOT, "src/render/templates.ts");

/**
 * Puts compiled templates in the place of `src/render/templates.ts`. Handlebars' compiler takes longer to load and to run
 * than a synth of three nodes takes for all else that is not CDKTF's.
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
  const files = readdirSync(TEMPLATES).filter((file) => file.endsWith(".hbs"));
  const specifications = files.map((file) => {
    const code = precompileTemplate(readFileSync(join(TEMPLATES, file), "utf8"));
    return `${JSON.stringify(file.replace(/\.hbs$/, ""))}: ${code}`;
  });
  return `
    import * as Handlebars from "handlebars/runtime";
    import { registerHelpers } from "./template-helpers";
    const handlebars = registerHelpers(Handlebars.create());
    const specifications = {${specifications.join(",\n")}};
    const templates = new Map(
      Object.entries(specifications).map(([name, one]) => [name, handlebars.template(one)]),
    );
    export const fill = (name: string, context: object): string => templates.get(name)(context);
  `;
}
