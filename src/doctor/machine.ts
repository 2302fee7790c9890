/** The operator's machine: programs, SSH keys, the repository, where the join token comes from. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../base/package-root";
import { capture } from "../base/process";
import { INSTALL, openTofu, programPath } from "../base/programs";
import { isTokenByHand } from "../config/rollout";
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
    : problem("Node", `${version}, and ${needed} or later is needed`, "Install a newer Node.");
}

/** The least versions that `gate` and the provider's functions are tested with. */
const LEAST: Readonly<Record<string, string>> = { OpenTofu: "1.10", Terraform: "1.5" };

export async function checkOpenTofu({ env }: Surroundings): Promise<Check> {
  const name = openTofu(env);
  const remedy = `To mend it, ${INSTALL.openTofu}.`;
  const path = programPath(name, env.PATH);
  if (path === undefined) return problem("OpenTofu", `${name} is not in PATH`, remedy);
  // Terraform asks its maker for newer versions otherwise.
  const said = await output(path, ["version"], { ...env, CHECKPOINT_DISABLE: "1" });
  const [, product = "", version = ""] = /^(OpenTofu|Terraform) v([\d.]+)/.exec(said ?? "") ?? [];
  const least = LEAST[product];
  if (least === undefined) return problem("OpenTofu", `${name} does not say its version`, remedy);
  return isAtLeast(version, least)
    ? ok("OpenTofu", `${product} ${version}`)
    : problem("OpenTofu", `${product} ${version}, and ${least} or later is needed`, remedy);
}

/** A rollout asks for no passphrase: the agent has the key, or its file is not encrypted, which is not looked at. */
export async function checkSsh(
  { env, home }: Surroundings,
  cluster: ClusterJson | undefined,
): Promise<Check> {
  if (programPath("ssh", env.PATH) === undefined)
    return problem("SSH", "ssh is not in PATH", "Install the OpenSSH client: rollouts need it.");
  if (cluster === undefined) return unknown("SSH", "ssh is there; which keys the hosts admit is not known");
  const admitted = new Set(cluster.cluster.authorizedKeys.map(keyOf));
  const agent = await keysOfAgent(env);
  const held = agent.filter((key) => admitted.has(keyOf(key)));
  if (held.length > 0) return ok("SSH", "the agent has a key that the hosts admit");
  const own = (await ownPublicKeys(home, env)).filter((key) => admitted.has(keyOf(key)));
  if (own.length > 0)
    return unknown(
      "SSH",
      "a key of ~/.ssh is admitted and not in the agent; whether it has a passphrase was not looked at",
      "A rollout asks for no passphrase: ssh-add the key.",
    );
  return problem(
    "SSH",
    `${agent.length === 0 ? "the agent has no key" : "no key of the agent is admitted"}, and none of ~/.ssh is`,
    "Put your public key into the file of authorizedKeysFile and run npm run synth, or ssh-add a key that is in it.",
  );
}

const keyOf = (line: string): string => /\S+ AAAA\S+/.exec(line)?.[0] ?? line;

export async function checkGit({ env, folder }: Surroundings): Promise<Check> {
  const git = programPath("git", env.PATH);
  if (git === undefined) return problem("git", "git is not in PATH", "Install git: a preview needs it.");
  const inside = await output(git, ["-C", folder, "rev-parse", "--is-inside-work-tree"], env);
  if (inside === undefined)
    return problem("git", "the project is in no repository", "Run git init && git add .");
  const commit = await output(git, ["-C", folder, "rev-parse", "--verify", "--quiet", "HEAD"], env);
  return commit === undefined
    ? problem("git", "the repository has no commit", "Commit once: a preview compares with a commit.")
    : ok("git", `a repository at ${commit.trim().slice(0, 12)}`);
}

/** Runs and reads nothing of what says the token. */
export function checkTokens({ env, folder }: Surroundings, cluster: ClusterJson): Check[] {
  const { rollout = {}, k3s } = cluster.cluster;
  const token = checkToken("Join token", "token", rollout.tokenPath, rollout.tokenCommand, { env, folder });
  const byHand = !isTokenByHand(cluster.cluster);
  const checks =
    token ??
    (byHand
      ? ok("Join token", `comes to ${k3s.tokenFile} with the activation`)
      : unknown(
          "Join token",
          `main.ts names no source of it; whether the hosts have ${k3s.tokenFile} was not looked at`,
          "State rollout.tokenCommand or rollout.tokenPath, or put it there by hand.",
        ));
  const { agentTokenPath, agentTokenCommand } = rollout;
  const agents = checkToken("Agents' token", "agentToken", agentTokenPath, agentTokenCommand, {
    env,
    folder,
  });
  return agents === undefined ? [checks] : [checks, agents];
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
      ? ok(name, `${path} is there; it was not read`)
      : problem(name, `${path} is not there`, `Make it, or correct rollout.${setting}Path in main.ts.`);
  const [program] = command ?? [];
  if (program === undefined) return undefined;
  return programPath(program, env.PATH) === undefined
    ? problem(
        name,
        `${program} is not in PATH`,
        `Install it, or correct rollout.${setting}Command in main.ts.`,
      )
    : ok(name, `${program} is there; it was not run`);
}

/** @returns `undefined` where it does not start or fails */
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

/** Of versions such as `20.19.4`; what is left out is 0. */
function isAtLeast(version: string, least: string): boolean {
  const [has, needs] = [version, least].map((text) => text.split(".").map(Number)) as [number[], number[]];
  const index = [0, 1, 2].find((at) => (has[at] ?? 0) !== (needs[at] ?? 0));
  return index === undefined || (has[index] ?? 0) > (needs[index] ?? 0);
}
