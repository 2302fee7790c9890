/**
 * Builds `dist/`, which the npm package ships instead of the TypeScript sources: `npm run build`. It has the bundle, the
 * licences of what is in it, and the types.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../src/base/package-root";
import { BUNDLED, writeBundle } from "./bundle";

const DIST = join(PACKAGE_ROOT, "dist");

async function main(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST);
  await writeBundle(DIST);
  // Licences require a copy to be shipped with the code.
  for (const name of BUNDLED) {
    cpSync(join(PACKAGE_ROOT, "node_modules", name, "LICENSE"), join(DIST, `${name}.LICENSE`));
  }
  const tsc = require.resolve("typescript/lib/tsc.js");
  execFileSync(process.execPath, [tsc, "-p", join(__dirname, "tsconfig.json")], { stdio: "inherit" });
}

void main();
