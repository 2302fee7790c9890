import { spawnSync } from "node:child_process";
import { build, type Plugin } from "esbuild";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hashOf } from "../package/hash";
import { keep, keptPath } from "../package/kept";
import type { Paths } from "./paths";
import { TOKEN_COST } from "./token-reference";

const REPOSITORY = join(__dirname, "../..");

/** The operator's SSH key, made for one testbed. */
export interface OperatorKey {
  readonly file: string;
  readonly publicKey: string;
}

export function makeOperatorKey(folder: string): OperatorKey {
  const file = join(folder, "operator_key");
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "operator", "-f", file]);
  return { file, publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
}

/** The operator's machine: an SSH client with the operator's key, and the rollout program in one file, which Node loads soonest. */
export async function equipOperator(paths: Paths, key: OperatorKey): Promise<void> {
  const { operator, program } = paths;
  const bin = join(operator, "bin");
  mkdirSync(bin, { recursive: true });
  const put = (name: string, text: string): void => writeFileSync(join(bin, name), text, { mode: 0o755 });
  // OpenSSH reads its settings from the home directory in passwd, which is another one.
  put(
    "ssh",
    `#!/bin/sh\nexec /usr/bin/ssh -F /dev/null -o IdentitiesOnly=yes -i "\${OPERATOR_KEY:-${key.file}}" "$@"\n`,
  );
  const root = join(operator, "root");
  for (const folder of ["nix/store", "etc", "faults", "programs", "cluster", tmpdir()])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc", "machine-name"), "operator\n");
  const nix = `exec sh ${paths.programs}/nix-of-operator.sh ${root} ${paths.programs} ${paths.cluster} ${tmpdir()}`;
  for (const name of ["nix-build", "nix-store", "nix-prefetch-url"])
    put(name, `#!/bin/sh\n${nix} ${name} "$@"\n`);
  const app = dirname(program);
  const remote = "src/rollout/remote";
  cpSync(join(REPOSITORY, remote), join(app, remote), { recursive: true });
  cpSync(join(REPOSITORY, "package.json"), join(app, "package.json"));
  symlinkSync(join(REPOSITORY, "node_modules"), join(app, "node_modules"));
  copyFileSync(await rolloutProgram(), program);
}

/** What the program is made of. */
const SOURCES = ["package-lock.json", "src", "testbed/machines"];

/** Made once for what it is made of. */
async function rolloutProgram(): Promise<string> {
  const kept = keptPath("rollout-program", `${hashOf(REPOSITORY, SOURCES)}.js`);
  if (existsSync(kept)) return kept;
  const { outputFiles } = await build({
    entryPoints: [join(REPOSITORY, "src/cli/main.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    // As in the package, which bundles zod.
    plugins: [changed, external],
    logLevel: "warning",
    write: false,
  });
  keep(kept, (folder) => {
    const path = join(folder, "program.js");
    writeFileSync(path, outputFiles[0]?.text ?? "");
    return path;
  });
  return kept;
}

/** Without a main.ts in the project, there is nothing to check. `__tests__/cli/command-line.test.ts` tests the check. */
const changed: Plugin = {
  name: "changed",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]cli[\\/]freshness\.ts$/ }, () => ({
      contents: "export const checkFreshness = () => Promise.resolve();",
    }));
    build.onLoad({ filter: /[\\/]src[\\/]backup[\\/]token-cost\.ts$/ }, () => ({
      contents: `export const TOKEN_COST = ${JSON.stringify(TOKEN_COST)};`,
    }));
  },
};

const external: Plugin = {
  name: "external",
  setup(build) {
    build.onResolve({ filter: /^[^.]/ }, ({ path, kind }) =>
      kind === "entry-point" || /^zod\b/.test(path) ? undefined : { path, external: true },
    );
    // Only a main.ts needs them.
    build.onResolve({ filter: /\/constructs\/index\.js$/ }, ({ path }) => ({ path, external: true }));
  },
};
