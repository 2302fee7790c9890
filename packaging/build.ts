/**
 * Builds `dist/`, which the npm package ships instead of the TypeScript sources: `npm run build`.
 *
 * It is one bundle. An app and the program that runs it share classes, and every synth starts sooner from one file than from
 * two hundred. Next to the bundle are the entry points that Node and npm need: the constructs, the program, and the types.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { PACKAGE_ROOT } from "../src/base/package-root";
import { precompiledTemplates } from "./precompiled-templates";

const DIST = join(PACKAGE_ROOT, "dist");

/** `src/config/settings` uses it. Unbundled it loads 95 files, most of them unused locales, and takes as long as all the rest. */
const BUNDLED = ["zod"];

/** `constructs/` is evaluated when the bundle is loaded, everything else on demand. */
const ENTRY = `
  export * from "./constructs";
  export const runProgram = () => import("./src/cli/main");
  export const runApp = () => import("./src/cli/app");
`;

const NOT_PUBLIC = ["runProgram", "runApp"];

async function bundle(): Promise<string[]> {
  const { dependencies, devDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"),
  ) as Record<string, Record<string, string>>;
  const installed = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
  const external = installed.filter((name) => !BUNDLED.includes(name));
  const outfile = join(DIST, "bundle.js");
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
  return Object.keys(require(outfile) as object).filter((name) => !NOT_PUBLIC.includes(name));
}

/** @param names - what the package exports */
function writeEntries(names: readonly string[]): void {
  const list = names.join(", ");
  writeFileSync(
    join(DIST, "index.js"),
    `"use strict";\nconst { ${list} } = require("./bundle.js");\nmodule.exports = { ${list} };\n`,
  );
  const start = (run: string): string => `require("./bundle.js").${run}();\n`;
  writeFileSync(join(DIST, "app.js"), start("runApp"));
  writeFileSync(join(DIST, "cli.js"), `#!/usr/bin/env node\n${start("runProgram")}`);
  chmodSync(join(DIST, "cli.js"), 0o755);
}

async function main(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST);
  writeEntries(await bundle());
  // Licences require a copy to be shipped with the code.
  for (const name of BUNDLED) {
    cpSync(join(PACKAGE_ROOT, "node_modules", name, "LICENSE"), join(DIST, `${name}.LICENSE`));
  }
  const tsc = require.resolve("typescript/lib/tsc.js");
  execFileSync(process.execPath, [tsc, "-p", join(__dirname, "tsconfig.json")], { stdio: "inherit" });
}

void main();
