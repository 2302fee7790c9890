import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { capture, type Captured } from "../base/process";
import { messageOf, UserError } from "../base/user-error";
import { tokenFileOf } from "../config/k3s";
import { isTokenByHand } from "../config/rollout";
import { passwordOf } from "../config/secrets";
import type { Description } from "./description";
import type { Facts } from "./facts";
import type { Host } from "./host";
import type { Redactor } from "./secrets";

/** The join tokens, from the sources in `main.ts`; `undefined` without a source. */
export interface JoinTokens {
  /** The token of servers, and of agents if these have none of their own. */
  readonly server: string | undefined;
  readonly agent: string | undefined;
}

/** @throws UserError when a source fails; its output is not shown */
export async function readTokens({ rollout = {} }: Description, redactor: Redactor): Promise<JoinTokens> {
  const server = await read("token", rollout.tokenPath, rollout.tokenCommand, redactor);
  const agent = await read("agentToken", rollout.agentTokenPath, rollout.agentTokenCommand, redactor);
  if (agent !== undefined && (agent.startsWith("K10") || BOOTSTRAP_TOKEN.test(agent))) {
    throw new UserError(
      "invalid",
      "The agents' token should be a plain password: servers and agents would read K3s' long form, or the form of a bootstrap " +
        "token, differently; the value is not shown",
    );
  }
  if (agent !== undefined && server !== undefined && passwordOf(server) === agent) {
    throw new UserError(
      "invalid",
      "The agents' token equals the servers' token, so an agent could join as a server: choose another one",
    );
  }
  return { server, agent };
}

/** Source: kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens */
const BOOTSTRAP_TOKEN = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

async function read(
  setting: "token" | "agentToken",
  path: string | undefined,
  command: readonly string[] | undefined,
  redactor: Redactor,
): Promise<string | undefined> {
  const text = await (path === undefined
    ? fromCommand(command, `${setting}Command`)
    : fromFile(path, `${setting}Path`));
  const token = text?.trim();
  if (token === undefined) return undefined;
  if (!/^\S{8,}$/.test(token)) {
    throw new UserError(
      "invalid",
      "The join token should be one word of at least 8 characters; the value is not shown",
    );
  }
  redactor.learn(token);
  return token;
}

async function fromFile(path: string, setting: string): Promise<string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(
      "invalid",
      `The join token cannot be read: ${messageOf(error)} (rollout.${setting} of main.ts)`,
    );
  }
  await checkGit(path);
  return text;
}

/**
 * Refuses a file that git tracks, or that the next `git add` would add, or for which git gives no answer. Outside a repository
 * nothing can be committed.
 */
async function checkGit(path: string): Promise<void> {
  const file = realpathSync(path);
  const repository = repositoryOf(dirname(file));
  if (repository === undefined) return;
  const words = ["--literal-pathspecs", "ls-files", "-t", "--cached", "--others", "--exclude-standard"];
  // GIT_DIR and the like would point git to another repository.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const asked = await capture("git", [...words, "--", basename(file)], {
    cwd: dirname(file),
    env: Object.fromEntries(own),
  }).catch(messageOf);
  if (typeof asked === "string" || asked.status !== 0) {
    throw new UserError(
      "invalid",
      `${path}, which contains the join token, is in the repository ${repository}, and git does not tell whether it would commit ` +
        `it (${reasonOf(asked)}): move the file out of the project, or fix git`,
    );
  }
  const { stdout } = asked;
  if (stdout === "") return;
  // git marks an untracked file with a question mark.
  throw new UserError(
    "invalid",
    stdout.startsWith("?")
      ? `${path}, which contains the join token, is not ignored by git: move it out of the project, or add it to .gitignore`
      : `${path}, which contains the join token, is in git: git rm --cached it, move it out of the project, and if it was ` +
          "ever pushed, follow 'Rotate the join token' in the cluster's README",
  );
}

/** Why a program failed: it does not start, or its first line of output. */
function reasonOf(asked: Captured | string): string {
  if (typeof asked === "string") return asked;
  const [first] = asked.stderr.trim().split("\n", 1);
  return first === undefined || first === "" ? `it exited with ${asked.status}` : first;
}

function repositoryOf(folder: string): string | undefined {
  if (existsSync(join(folder, ".git"))) return folder;
  return dirname(folder) === folder ? undefined : repositoryOf(dirname(folder));
}

async function fromCommand(
  command: readonly string[] | undefined,
  setting: string,
): Promise<string | undefined> {
  const [program, ...words] = command ?? [];
  if (program === undefined) return undefined;
  // It may ask for a passphrase.
  const asked = await capture(program, words, { interactive: true }).catch(messageOf);
  if (typeof asked !== "string" && asked.status === 0) return asked.stdout;
  throw new UserError(
    "invalid",
    `${program} does not provide the join token: ${reasonOf(asked)} (rollout.${setting} of main.ts)`,
  );
}

/** How a token file compares with the token in `main.ts`; `there` if `main.ts` has none. */
export type TokenState = "same" | "different" | "missing" | "there";

/** A file that K3s on the host reads a token from. */
export interface TokenFile {
  readonly path: string;
  /** `undefined` if `main.ts` has no source for it. */
  readonly token: string | undefined;
  readonly state: TokenState;
}

/** The host's token files: a server has the agents' token too, and an agent never has the servers'. */
export function tokenFiles(
  { node, description }: Host,
  { server, agent }: JoinTokens,
  facts: Facts,
): TokenFile[] {
  const { k3s } = description;
  const own = tokenFileOf(k3s, node.role);
  const withTokens =
    k3s.agentTokenFile === undefined
      ? [{ path: own, token: server }]
      : [
          ...(node.role === "server" ? [{ path: own, token: server }] : []),
          { path: k3s.agentTokenFile, token: agent },
        ];
  return withTokens.map(({ path, token }) => {
    // A server stores its token with its data, which is encrypted with it.
    const kept = path === own ? facts.keptToken : "";
    return { path, token, state: stateOf(token, facts, facts.tokens.get(path) ?? "", kept) };
  });
}

function stateOf(token: string | undefined, facts: Facts, there: string, kept: string): TokenState {
  if (token === undefined) return there === "" ? "missing" : "there";
  const ours = saltedHash(facts.salt, token);
  if (kept !== "" && kept !== ours) return "different";
  if (there === "") return "missing";
  return there === ours ? "same" : "different";
}

/** The same hash as in `remote/facts.sh`, so that tokens can be compared without leaving either side. */
export const saltedHash = (salt: string, token: string): string =>
  createHash("sha256")
    .update(`${salt}${passwordOf(token)}`)
    .digest("hex");

/** Whether the file is missing and the operator has its token. */
export const isMissing = ({ token, state }: TokenFile): boolean => state === "missing" && token !== undefined;

/** Installs a missing token. @throws UserError when there is one by now */
export async function deliver(host: Host, { path, token }: TokenFile): Promise<string> {
  const report = await host.call("token", { token: token ?? "", path });
  if (report.one("token") === "installed") return `installed at ${path}`;
  throw new UserError("refused", `another process has just put a join token at ${path}`, {
    remedy: "run the same command again",
    host: host.name,
  });
}

/** Faults that prevent a change of the host. */
export function tokenFaults(host: Host, files: readonly TokenFile[]): string[] {
  return files.flatMap(({ path, state }) => tokenFault(host, path, state));
}

function tokenFault({ node, description }: Host, path: string, state: TokenState): string[] {
  if (state === "different" && path === description.k3s.agentTokenFile) {
    return [
      `its agents' token at ${path} is another one: follow 'Rotate the agents' token' in the cluster's README, and make the ` +
        "token's source provide the new one",
    ];
  }
  if (state === "different") {
    return [
      "its join token is another one. A server's data is encrypted with it, so it is not replaced. To change it for the whole cluster, " +
        "follow 'Rotate the join token' in the cluster's README: k3s token rotate on a server, the new one into " +
        `${path} of every ${node.role === "agent" || description.k3s.agentTokenFile === undefined ? "host" : "server"}, ` +
        "k3s restarted on the servers one by one and then on the agents, and the token's source gives the new one",
    ];
  }
  if (state !== "missing" || !isTokenByHand(description, path)) return [];
  const source = path === description.k3s.agentTokenFile ? "agentToken" : "token";
  return [
    `it has no join token at ${path}, and K3s would wait for it forever: set rollout.${source}Path or ` +
      `rollout.${source}Command in main.ts, or put the token there (install -m 0400)`,
  ];
}

/** Notes for the operator. */
export function tokenNotes({ node, description }: Host, facts: Facts): string[] {
  const { tokenFile, agentTokenFile } = description.k3s;
  return [
    ...(node.role === "agent" && agentTokenFile !== undefined && facts.tokens.has(tokenFile)
      ? [
          `it still has the servers' join token at ${tokenFile}, with which it could join as a server: when it runs with its own, ` +
            "follow 'Rotate the join token' in the cluster's README, and remove that file",
        ]
      : []),
  ];
}
