import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { npmRun } from "../base/command-line";
import { capture } from "../base/process";
import { messageOf, UserError } from "../base/user-error";
import { tokenFileOf } from "../config/k3s";
import { isTokenByHand, isTokenDelivered } from "../config/rollout";
import { passwordOf } from "../config/secrets";
import type { Description } from "./description";
import type { Facts } from "./facts";
import { refuseCommitted, whyFailed } from "./git";
import type { Host } from "./host";
import type { HostState } from "./identity";
import { s3Credentials } from "./s3-credentials";
import type { Redactor } from "./secrets";

/** The secrets that K3s on the hosts reads, from the sources in `main.ts`; `undefined` without a source. */
export interface JoinTokens {
  /** The token of servers, and of agents if these have none of their own. */
  readonly server: string | undefined;
  readonly agent: string | undefined;
  /** The lines of the S3 credentials, which only servers have. */
  readonly s3?: string;
}

/** A secret, as the settings of `rollout` begin that name its source. */
type Kind = "token" | "agentToken" | "s3";

const IN_WORDS: Readonly<Record<Kind, string>> = {
  token: "the join token",
  // A person looks for the setting, which a message names too.
  agentToken: "the join token",
  s3: "the S3 credentials",
};

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
  const s3 = await readS3(rollout, redactor);
  return { server, agent, s3 };
}

async function readS3(
  { s3Path, s3Command }: NonNullable<Description["rollout"]>,
  redactor: Redactor,
): Promise<string | undefined> {
  const stated = await readSource("s3", s3Path, s3Command);
  if (stated === undefined) return undefined;
  const { text, values } = s3Credentials(stated);
  for (const value of values) redactor.learn(value);
  return text;
}

/** Source: kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens */
export const BOOTSTRAP_TOKEN = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

async function read(
  setting: "token" | "agentToken",
  path: string | undefined,
  command: readonly string[] | undefined,
  redactor: Redactor,
): Promise<string | undefined> {
  const token = (await readSource(setting, path, command))?.trim();
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

const readSource = (
  kind: Kind,
  path: string | undefined,
  command: readonly string[] | undefined,
): Promise<string | undefined> => (path === undefined ? fromCommand(command, kind) : fromFile(path, kind));

async function fromFile(path: string, kind: Kind): Promise<string> {
  const contains = IN_WORDS[kind];
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const what = `${contains.charAt(0).toUpperCase()}${contains.slice(1)} cannot be read`;
    throw new UserError("invalid", `${what}: ${messageOf(error)} (rollout.${kind}Path of main.ts)`);
  }
  const ifPushed =
    kind === "s3"
      ? "replace them at your S3 service"
      : "follow 'Rotate the join token' in the cluster's README";
  await refuseCommitted(path, { contains, ifPushed });
  return text;
}

async function fromCommand(command: readonly string[] | undefined, kind: Kind): Promise<string | undefined> {
  const [program, ...words] = command ?? [];
  if (program === undefined) return undefined;
  // It may ask for a passphrase.
  const asked = await capture(program, words, { interactive: true }).catch(messageOf);
  if (typeof asked !== "string" && asked.status === 0) return asked.stdout;
  throw new UserError(
    "invalid",
    `${program} does not provide ${IN_WORDS[kind]}: ${whyFailed(asked)} (rollout.${kind}Command of main.ts)`,
  );
}

/**
 * How a file compares with the token in `main.ts`; `there` if `main.ts` has none, and `former` if it is the one of before the last
 * rotation of the cluster.
 */
export type TokenState = "same" | "different" | "missing" | "there" | "former";

/** A file that K3s on the host reads a secret from. */
export interface TokenFile {
  readonly kind: Kind;
  readonly path: string;
  /** `undefined` if `main.ts` has no source for it. */
  readonly token: string | undefined;
  readonly state: TokenState;
}

/** Path of a token file to the salted hash of the token of before the last rotation. */
export type FormerTokens = ReadonlyMap<string, string>;

/** Servers that have the tokens of main.ts, in their files and with their data. */
export const withTokens = (hosts: readonly HostState[], tokens: JoinTokens): HostState[] =>
  hosts.filter(({ host, facts }) => {
    if (host.node.role !== "server" || !facts.joined || facts.k3s !== "active") return false;
    const own = tokenFiles(host, tokens, facts).filter(({ kind }) => kind !== "s3");
    return own.length > 0 && own.every(({ state }) => state === "same");
  });

/** What the last rotation has replaced, as the servers keep it that have the new one. A host that was off then has it still. */
export const formerTokens = (hosts: readonly HostState[], tokens: JoinTokens): FormerTokens =>
  new Map(withTokens(hosts, tokens).flatMap(({ facts }) => [...facts.oldTokens]));

/**
 * The host's files with secrets: a server has the agents' token and the S3 credentials too, and an agent has neither these nor the
 * servers' token.
 */
export function tokenFiles(
  { node, description }: Host,
  { server, agent, s3 }: JoinTokens,
  facts: Facts,
  former: FormerTokens = new Map(),
): TokenFile[] {
  const { k3s } = description;
  const own = tokenFileOf(k3s, node.role);
  const isServer = node.role === "server";
  const secretFile = k3s.snapshots?.s3?.secretFile;
  const sources: { kind: Kind; path: string; token: string | undefined }[] = [
    ...(isServer || k3s.agentTokenFile === undefined
      ? [{ kind: "token" as const, path: own, token: server }]
      : []),
    ...(k3s.agentTokenFile === undefined
      ? []
      : [{ kind: "agentToken" as const, path: k3s.agentTokenFile, token: agent }]),
    ...(isServer && secretFile !== undefined ? [{ kind: "s3" as const, path: secretFile, token: s3 }] : []),
  ];
  return sources.map(({ kind, path, token }) => {
    // A server stores its token with its data, which is encrypted with it.
    const kept = path === own ? facts.keptToken : "";
    const there = facts.tokens.get(path) ?? "";
    return {
      kind,
      path,
      token,
      state: stateOf(token, facts.salt, { there, kept, former: former.get(path) }),
    };
  });
}

interface Hashes {
  /** Of the file; empty if it is not there. */
  readonly there: string;
  /** Of the token that the host keeps with its data; empty if it keeps none. */
  readonly kept: string;
  readonly former: string | undefined;
}

function stateOf(token: string | undefined, salt: string, { there, kept, former }: Hashes): TokenState {
  if (token === undefined) return there === "" ? "missing" : "there";
  const ours = saltedHash(salt, token);
  const known = [there, kept].filter((hash) => hash !== "");
  if (known.some((hash) => hash !== ours && hash !== former)) return "different";
  if (known.some((hash) => hash !== ours)) return there === "" ? "different" : "former";
  return there === "" ? "missing" : "same";
}

/** The same hash as in `remote/facts.sh`, so that tokens can be compared without leaving either side; blanks do not count. */
export const saltedHash = (salt: string, token: string): string =>
  createHash("sha256")
    .update(`${salt}${passwordOf(token).replaceAll(/\s/g, "")}`)
    .digest("hex");

/** Whether the file is missing and the operator has its token. */
export const isMissing = ({ token, state }: TokenFile): boolean => state === "missing" && token !== undefined;

/** Whether it is the token of before the last rotation, which the host has missed. */
export const isFormer = ({ state }: TokenFile): boolean => state === "former";

/** Installs a missing file. @throws UserError when there is one by now */
export async function deliver(host: Host, { kind, path, token }: TokenFile): Promise<string> {
  const report = await host.call("token", { token: token ?? "", path });
  if (report.one("token") === "installed") return `installed at ${path}`;
  throw new UserError(
    "refused",
    `another process has just put ${kind === "s3" ? "a file" : "a join token"} at ${path}`,
    {
      remedy: "run the same command again",
      host: host.name,
    },
  );
}

/** Faults that prevent a change of the host. */
export function tokenFaults(host: Host, files: readonly TokenFile[]): string[] {
  return files.flatMap((file) => (file.kind === "s3" ? s3Fault(host, file) : tokenFault(host, file)));
}

/** Notes on what will be installed, and replaced. */
export const deliveryNotes = (files: readonly TokenFile[]): string[] => [
  ...files
    .filter(isMissing)
    .map(({ kind }) =>
      kind === "s3"
        ? "its S3 credentials are missing, and will be installed"
        : "its join token is missing, and will be installed",
    ),
  ...files
    .filter(isFormer)
    .map(
      ({ path }) =>
        `it was off when the join token was rotated, and has the former one at ${path}: it gets the new one, and K3s restarts`,
    ),
];

function s3Fault({ description }: Host, { path, state }: TokenFile): string[] {
  if (state === "different") {
    return [
      `its S3 credentials at ${path} are others than those of main.ts, and are not replaced: if those are right, remove the file there ` +
        "(it is installed again, and systemctl restart k3s makes K3s read it)",
    ];
  }
  if (state !== "missing" || !isTokenByHand(description, path)) return [];
  return [
    `it has no S3 credentials at ${path}, and K3s would wait for them forever: set rollout.s3Path or rollout.s3Command in ` +
      "main.ts, or put the file there (install -m 0400)",
  ];
}

function tokenFault({ description }: Host, { path, state }: TokenFile): string[] {
  if (state === "different") {
    const [whose, byHand] =
      path === description.k3s.agentTokenFile
        ? ["agents'", "follow 'Rotate the agents' token' in the cluster's README"]
        : ["join", "follow 'Rotate the join token' in the cluster's README"];
    const way = isTokenDelivered(path)
      ? byHand
      : `${npmRun("rollout -- rotate token")} gives the whole cluster the one of main.ts`;
    return [
      `its ${whose} token at ${path} is another one. A server's data is encrypted with it, so nothing replaces it by the way: ${way}`,
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
