/**
 * The compiled code. It is one bundle: an app and the program that runs it share classes, and every synth starts sooner from one
 * file than from two hundred. Next to it are the entry points that Node and npm need: the constructs, the program, and the app.
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { PACKAGE_ROOT } from "../src/base/package-root";
import { precompiledTemplates } from "./precompiled-templates";

/** `src/config/settings` uses it. Unbundled it loads 95 files, most of them unused locales, and takes as long as all the rest. */
export const BUNDLED = ["zod"];

/** All is evaluated on demand: most commands of the program need no CDKTF, which takes longer to load than they run. */
const ENTRY = `
  export const loadConstructs = () => require("./constructs");
  export const runProgram = () => import("./src/cli/main");
  export const runApp = () => import("./src/cli/app");
`;

/** Writes the bundle and its entry points into an empty folder. */
export async function writeBundle(folder: string): Promise<void> {
  writeEntries(folder, await bundle(join(folder, "bundle.js")));
}

/** @returns what the package exports */
async function bundle(outfile: string): Promise<string[]> {
  const { dependencies, devDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"),
  ) as Record<string, Record<string, string>>;
  const installed = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
  const external = installed.filter((name) => !BUNDLED.includes(name));
  await build({
    stdin: { contents: ENTRY, resolveDir: PACKAGE_ROOT, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    external: external.flatMap((name) => [name, `${name}/*`]),
    plugins: [precompiledTemplates],
    logLevel: "warning",
  });
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { loadConstructs } = require(outfile) as { loadConstructs: () => object };
  return Object.keys(loadConstructs());
}

function writeEntries(folder: string, names: readonly string[]): void {
  const list = names.join(", ");
  writeFileSync(
    join(folder, "index.js"),
    `"use strict";\nconst { ${list} } = require("./bundle.js").loadConstructs();\nmodule.exports = { ${list} };\n`,
  );
  const start = (run: string): string => `require("./bundle.js").${run}();\n`;
  writeFileSync(join(folder, "app.js"), start("runApp"));
  writeFileSync(join(folder, "cli.js"), `#!/usr/bin/env node\n${start("runProgram")}`);
  chmodSync(join(folder, "cli.js"), 0o755);
}
