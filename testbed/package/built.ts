import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { hashOf } from "./hash";
import { keep, keptPath } from "./kept";

const REPOSITORY = join(__dirname, "../..");

/** What the bundle is made of. */
const SOURCES = [".gen", "constructs", "package.json", "packaging", "src", "templates", "tsconfig.json"];

/**
 * The code as the package has it, built from the sources as they are now. It starts in half of the time, or less, that tsx needs
 * for the sources.
 *
 * @returns a folder with `cli.js`, `app.js` and `index.js`
 */
export function builtCode(): string {
  const built = keptPath("built", hashOf(REPOSITORY, SOURCES));
  keep(built, build);
  return built;
}

function build(folder: string): string {
  const built = join(folder, "built");
  execFileSync(process.execPath, ["--import", "tsx", join(__dirname, "build.ts"), built], {
    cwd: REPOSITORY,
  });
  return built;
}
