import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** One option as one file defines it. A lower priority wins: 100 is plain, 50 `mkForce`, 1000 `mkDefault`. */
export interface Definition {
  readonly path: readonly string[];
  readonly priority: number;
  /** A package is `{ __package: attribute }`, a Nix path `{ __path: absolute }`. */
  readonly value: Json;
}

/** One file of a host, in the order in which they are imported; `configuration.nix` is the first. */
export interface Module {
  readonly file: string;
  /** Modules of nixpkgs that it imports. */
  readonly profiles: readonly string[];
  readonly definitions: readonly Definition[];
}

/** Attributes of `pkgs` that the clusters of the tests name. */
const PACKAGES = [
  ...["k3s", "k3s_1_34", "linuxPackages", "linuxPackages_6_12"],
  // Programs of emitted units.
  ...["coreutils", "curl", "diffutils", "e2fsprogs", "nftables", "openssl", "util-linux", "xfsprogs"],
];

// Nothing is built and nothing is written to a store, so no store and no permission for it is needed.
const NO_STORE = ["--store", "dummy://"];
const EVALUATE = ["--eval", "--strict", "--json"];
const LIMITS = { timeout: 20_000, killSignal: "SIGKILL", maxBuffer: 2 ** 26 } as const;

/** Runs nix-instantiate. Throws with the message of Nix. */
async function instantiate(args: readonly string[]): Promise<string> {
  try {
    return (await run("nix-instantiate", [...NO_STORE, ...args], LIMITS)).stdout;
  } catch (error) {
    throw new Error((error as { stderr?: string }).stderr || String(error), { cause: error });
  }
}

/** The errors of the parser, with file names; empty when all files parse. */
export const parseErrors = (files: readonly string[]): Promise<string> =>
  instantiate(["--parse", ...files]).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );

export const evaluateExpression = async (expression: string): Promise<Json> =>
  JSON.parse(await instantiate([...EVALUATE, "-E", expression]));

/**
 * The modules of every host, all hosts in one evaluation.
 *
 * @param hosts - absolute path of a host's folder, by its name
 * @param release - of the nixpkgs that is simulated
 * @param revision - of it. @default - it does not know its revision, as GitHub's archive
 */
export async function evaluate(
  hosts: Readonly<Record<string, string>>,
  release = "25.11",
  revision: string | null = null,
): Promise<Record<string, Module[]>> {
  const request = JSON.stringify({ hosts, release, revision, packages: PACKAGES });
  const harness = join(__dirname, "evaluate.nix");
  return JSON.parse(await instantiate([...EVALUATE, "--argstr", "request", request, harness]));
}
