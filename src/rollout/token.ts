import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { capture, type Captured } from "../base/process";
import { messageOf, UserError } from "../base/user-error";
import { tokenFileOf } from "../config/k3s";
import { isTokenByHand } from "../config/rollout";
import type { Description } from "./description";
import type { Facts } from "./facts";
import type { Host } from "./host";
import { passwordOf, type Redactor } from "./secrets";

/** The join tokens, from where `main.ts` says; `undefined` where it says nothing. */
export interface JoinTokens {
  /** With which servers join, and agents that have none of their own. */
  readonly server: string | undefined;
  readonly agent: string | undefined;
}

/** @throws UserError when a source fails; its output is not repeated */
export async function readTokens({ rollout = {} }: Description, redactor: Redactor): Promise<JoinTokens> {
  const server = await read("token", rollout.tokenPath, rollout.tokenCommand, redactor);
  const agent = await read("agentToken", rollout.agentTokenPath, rollout.agentTokenCommand, redactor);
  if (agent !== undefined && (agent.startsWith("K10") || BOOTSTRAP_TOKEN.test(agent))) {
    throw new UserError(
      "invalid",
      "The agents' token should be a plain word of your own: in K3s' long form, or that of a bootstrap token, it would be " +
        "another one for servers than for agents; what its source gave is not repeated",
    );
  }
  if (agent !== undefined && server !== undefined && passwordOf(server) === agent) {
    throw new UserError(
      "invalid",
      "The agents' token is the servers': with it an agent could join as a server. Make another",
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
    ? commanded(command, `${setting}Command`)
    : fromFile(path, `${setting}Path`));
  const token = text?.trim();
  if (token === undefined) return undefined;
  if (!/^\S{8,}$/.test(token)) {
    throw new UserError(
      "invalid",
      "The join token should be one word of at least 8 characters; what its source gave is not repeated",
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
 * Refuses a file that git has or that the next `git add` would take, and, in a repository, one of which git does not say.
 * Where there is no repository around the file, nothing can be committed.
 */
async function checkGit(path: string): Promise<void> {
  const file = realpathSync(path);
  const repository = repositoryOf(dirname(file));
  if (repository === undefined) return;
  const words = ["--literal-pathspecs", "ls-files", "-t", "--cached", "--others", "--exclude-standard"];
  // GIT_DIR and the like would have it look into another repository.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const asked = await capture("git", [...words, "--", basename(file)], {
    cwd: dirname(file),
    env: Object.fromEntries(own),
  }).catch(messageOf);
  if (typeof asked === "string" || asked.status !== 0) {
    throw new UserError(
      "invalid",
      `${path}, which has the join token, is in the repository ${repository}, and git does not say whether it would commit it ` +
        `(${reasonOf(asked)}): move the file out of the project, or mend that`,
    );
  }
  const { stdout } = asked;
  if (stdout === "") return;
  // The tag of a file that git does not have is a question mark.
  throw new UserError(
    "invalid",
    stdout.startsWith("?")
      ? `${path}, which has the join token, is not ignored by git: move it out of the project, or name it in .gitignore`
      : `${path}, which has the join token, is in git: git rm --cached it, move it out of the project, and if it was ` +
          "ever pushed follow 'Rotate the join token' in the cluster's README",
  );
}

/** Why a program has given nothing: it does not start, or what it said first. */
function reasonOf(asked: Captured | string): string {
  if (typeof asked === "string") return asked;
  const [first] = asked.stderr.trim().split("\n", 1);
  return first === undefined || first === "" ? `it ended with ${asked.status}` : first;
}

function repositoryOf(folder: string): string | undefined {
  if (existsSync(join(folder, ".git"))) return folder;
  return dirname(folder) === folder ? undefined : repositoryOf(dirname(folder));
}

async function commanded(
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
    `The join token cannot be had from ${program}: ${reasonOf(asked)} (rollout.${setting} of main.ts)`,
  );
}

/** How a file with a token compares with what `main.ts` says; `there` where it says nothing. */
export type TokenState = "same" | "different" | "missing" | "there";

/** A file from which K3s on the host takes a token. */
export interface TokenFile {
  readonly path: string;
  /** Undefined where `main.ts` says nothing of it. */
  readonly token: string | undefined;
  readonly state: TokenState;
}

/** Of the host's files with a token: a server has the agents', too, and an agent never the servers'. */
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
    // A server keeps its token beside its data, which is encrypted with it.
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

/** As `remote/facts.sh` makes it of the token there, so that a token need not leave either side to be compared. */
export const saltedHash = (salt: string, token: string): string =>
  createHash("sha256")
    .update(`${salt}${passwordOf(token)}`)
    .digest("hex");

/** Hosts' files that lack a token which the operator has. */
export const isMissing = ({ token, state }: TokenFile): boolean => state === "missing" && token !== undefined;

/** Puts a token where there is none. @throws UserError when there is another by now */
export async function deliver(host: Host, { path, token }: TokenFile): Promise<string> {
  const report = await host.call("token", { token: token ?? "", path });
  if (report.one("token") === "installed") return `installed at ${path}`;
  throw new UserError("refused", `somebody else has put a join token at ${path}`, {
    remedy: "run the same command again",
    host: host.name,
  });
}

/** Why the host cannot go on with these. */
export function tokenFaults(host: Host, files: readonly TokenFile[]): string[] {
  return files.flatMap(({ path, state }) => tokenFault(host, path, state));
}

function tokenFault({ node, description }: Host, path: string, state: TokenState): string[] {
  if (state === "different" && path === description.k3s.agentTokenFile) {
    return [
      `its agents' token at ${path} is another one: follow 'Rotate the agents' token' in the cluster's README, and let the ` +
        "token's source give the new one",
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
    `it has no join token at ${path}, and K3s would wait for it for ever: state rollout.${source}Path or ` +
      `rollout.${source}Command in main.ts, or put it there (install -m 0400)`,
  ];
}

/** What a person should know of them. */
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
