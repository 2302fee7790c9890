/** Checks of this machine: programs, SSH keys, the repository, the source of the join token. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../base/package-root";
import { capture } from "../base/process";
import { INSTALL, openTofu, programPath } from "../base/programs";
import { buildPlace, isTokenByHand, THIS_MACHINE } from "../config/rollout";
import { keysOfAgent, ownPublicKeys } from "../init/public-keys";
import type { ClusterJson } from "../render/cluster-json";
import { ok, problem, unknown, type Check } from "./check";
import type { Surroundings } from "./surroundings";

/** @param version - as `process.versions.node` has it */
export function checkNode(version: string): Check {
  const { engines } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as {
    engines: { node: string };
  };
  const needed = engines.node.replace(">=", "");
  return isAtLeast(version, needed)
    ? ok("Node", version)
    : problem("Node", `${version}; ${needed} or later is required`, "Install a newer Node.");
}

/** Minimum versions, with which `gate` and the provider's functions are tested. */
const LEAST: Readonly<Record<string, string>> = { OpenTofu: "1.10", Terraform: "1.5" };

export async function checkOpenTofu({ env }: Surroundings): Promise<Check> {
  const name = openTofu(env);
  const remedy = `Plans need it: ${INSTALL.openTofu}.`;
  const path = programPath(name, env.PATH);
  if (path === undefined) return problem("OpenTofu", `${name} is not in PATH`, remedy);
  // Otherwise Terraform asks its vendor for newer versions.
  const said = await output(path, ["version"], { ...env, CHECKPOINT_DISABLE: "1" });
  const [, product = "", version = ""] = /^(OpenTofu|Terraform) v([\d.]+)/.exec(said ?? "") ?? [];
  const least = LEAST[product];
  if (least === undefined) return problem("OpenTofu", `${name} prints no version`, remedy);
  return isAtLeast(version, least)
    ? ok("OpenTofu", `${product} ${version}`)
    : problem("OpenTofu", `${product} ${version}; ${least} or later is required`, remedy);
}

/** A rollout asks for no passphrase, so the agent needs the key, or its file is not encrypted, which is not checked. */
export async function checkSsh(
  { env, home }: Surroundings,
  cluster: ClusterJson | undefined,
): Promise<Check> {
  if (programPath("ssh", env.PATH) === undefined)
    return problem("SSH", "ssh is not in PATH", `Rollouts need it: ${INSTALL.ssh}.`);
  if (cluster === undefined)
    return unknown("SSH", "ssh is installed; which keys the hosts accept is not known");
  const admitted = new Set(cluster.cluster.authorizedKeys.map(keyOf));
  const agent = await keysOfAgent(env);
  const held = agent.filter((key) => admitted.has(keyOf(key)));
  if (held.length > 0) return ok("SSH", "the agent has a key that the hosts accept");
  const own = (await ownPublicKeys(home, env)).filter((key) => admitted.has(keyOf(key)));
  if (own.length > 0)
    return unknown(
      "SSH",
      "the hosts accept a key of ~/.ssh that is not in the agent; whether it has a passphrase was not checked",
      "A rollout asks for no passphrase: add the key with ssh-add.",
    );
  return problem(
    "SSH",
    `the hosts accept ${agent.length === 0 ? "no key of ~/.ssh, and the agent has none" : "neither a key of the agent nor one of ~/.ssh"}`,
    "Add your public key to the file of authorizedKeysFile and run npm run synth, or add a key of that file with ssh-add.",
  );
}

const keyOf = (line: string): string => /\S+ AAAA\S+/.exec(line)?.[0] ?? line;

export async function checkGit({ env, folder }: Surroundings): Promise<Check> {
  const git = programPath("git", env.PATH);
  if (git === undefined) return problem("git", "git is not in PATH", `A preview needs it: ${INSTALL.git}.`);
  const inside = await output(git, ["-C", folder, "rev-parse", "--is-inside-work-tree"], env);
  if (inside === undefined)
    return problem(
      "git",
      "the project is not in a git repository",
      "Run git init && git add . && git commit: a preview compares with a commit.",
    );
  const commit = await output(git, ["-C", folder, "rev-parse", "--verify", "--quiet", "HEAD"], env);
  return commit === undefined
    ? problem("git", "the repository has no commit", "Run git commit: a preview compares with a commit.")
    : ok("git", `repository at commit ${commit.trim().slice(0, 12)}`);
}

/** @returns nothing unless this machine builds the hosts' systems */
export function checkNix({ env }: Surroundings, { cluster }: ClusterJson): Check[] {
  if (buildPlace(cluster) !== THIS_MACHINE) return [];
  const lacks = ["nix-build", "nix-store", "nix-prefetch-url"].filter(
    (name) => programPath(name, env.PATH) === undefined,
  );
  return lacks.length === 0
    ? [ok("Nix", "there; this machine builds the hosts' systems")]
    : [
        problem(
          "Nix",
          `not in PATH: ${lacks.join(", ")}; this machine builds the hosts' systems (rollout.build)`,
          `A rollout needs it: ${INSTALL.nixBuild}.`,
        ),
      ];
}

/** Does not run or read the sources of tokens. */
export function checkTokens({ env, folder }: Surroundings, cluster: ClusterJson): Check[] {
  const { rollout = {}, k3s } = cluster.cluster;
  const token = checkToken("Join token", "token", rollout.tokenPath, rollout.tokenCommand, { env, folder });
  const byHand = !isTokenByHand(cluster.cluster);
  const checks =
    token ??
    (byHand
      ? ok("Join token", `a rollout copies it to ${k3s.tokenFile}`)
      : unknown(
          "Join token",
          `main.ts states no source; whether the hosts have ${k3s.tokenFile} was not checked`,
          "Set rollout.tokenCommand or rollout.tokenPath in main.ts, or create the file on each host.",
        ));
  const { agentTokenPath, agentTokenCommand } = rollout;
  const agents = checkToken("Agents' token", "agentToken", agentTokenPath, agentTokenCommand, {
    env,
    folder,
  });
  const s3 = checkToken("S3 credentials", "s3", rollout.s3Path, rollout.s3Command, { env, folder });
  return [checks, ...[agents, s3].filter((check) => check !== undefined)];
}

function checkToken(
  name: string,
  setting: string,
  path: string | undefined,
  command: readonly string[] | undefined,
  { env, folder }: Pick<Surroundings, "env" | "folder">,
): Check | undefined {
  if (path !== undefined)
    return existsSync(join(folder, path))
      ? ok(name, `${path} exists; it was not read`)
      : problem(name, `${path} does not exist`, `Create it, or correct rollout.${setting}Path in main.ts.`);
  const [program] = command ?? [];
  if (program === undefined) return undefined;
  return programPath(program, env.PATH) === undefined
    ? problem(
        name,
        `${program} is not in PATH`,
        `Install it, or correct rollout.${setting}Command in main.ts.`,
      )
    : ok(name, `${program} is installed; it was not run`);
}

/** @returns `undefined` if the program does not start or fails */
async function output(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  try {
    const { status, stdout } = await capture(program, words, { env, signal: AbortSignal.timeout(20_000) });
    return status === 0 ? stdout : undefined;
  } catch {
    return undefined;
  }
}

/** Compares versions such as `20.19.4`; a missing part is 0. */
function isAtLeast(version: string, least: string): boolean {
  const [has, needs] = [version, least].map((text) => text.split(".").map(Number)) as [number[], number[]];
  const index = [0, 1, 2].find((at) => (has[at] ?? 0) !== (needs[at] ?? 0));
  return index === undefined || (has[index] ?? 0) > (needs[index] ?? 0);
}
