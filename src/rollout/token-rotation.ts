import { UserError } from "../base/user-error";
import { isTokenDelivered } from "../config/rollout";
import { passwordOf } from "../config/secrets";
import type { Description } from "./description";
import type { Facts } from "./facts";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import type { HostState } from "./identity";
import { quorumFault } from "./kubernetes";
import type { Lock } from "./lock";
import type { Log } from "./log";
import type { Turn } from "./rotation";
import type { Variables } from "../render/remote-script";
import type { Report } from "./script";
import { BOOTSTRAP_TOKEN, saltedHash, tokenFiles, type JoinTokens, type TokenFile } from "./token";
import type { Turns } from "./turns";

/** A host, and what a rotation of tokens has to do there. */
export interface TokenTurn extends Turn {
  readonly state: HostState;
  /** Files that do not have the new token. */
  readonly files: readonly TokenFile[];
}

/** @throws UserError when the new token is not there, or cannot be the token of servers */
export function checkSources({ k3s }: Description, { server }: JoinTokens): void {
  const delivered = [k3s.tokenFile, k3s.agentTokenFile ?? ""].find(isTokenDelivered);
  if (delivered !== undefined) {
    throw new UserError(
      "refused",
      `${delivered} is written when a host is activated, not by a rollout: follow 'Rotate the join token' in the cluster's README`,
    );
  }
  if (server === undefined) {
    throw new UserError("refused", "main.ts has no source of the join token, which would give the new one", {
      remedy: "set rollout.tokenPath or rollout.tokenCommand, or follow the cluster's README",
    });
  }
  if (BOOTSTRAP_TOKEN.test(passwordOf(server))) {
    throw new UserError(
      "invalid",
      "The new join token has the form of a bootstrap token, with which no server can join; the value is not shown",
    );
  }
}

/** Which hosts do not have the new tokens, or run a K3s that has not read them. */
export const planTokens = (members: readonly HostState[], tokens: JoinTokens): Promise<TokenTurn[]> =>
  Promise.all(
    members.map(async (state): Promise<TokenTurn> => {
      const { host, facts } = state;
      const files = tokenFiles(host, tokens, facts).filter(
        ({ kind, path, token }) =>
          kind !== "s3" && token !== undefined && facts.tokens.get(path) !== saltedHash(facts.salt, token),
      );
      const reasons = [
        ...files.map(({ path }) => `another token is at ${path}`),
        ...(facts.k3s === "active" ? [] : [`its K3s is ${facts.k3s || "not installed"}`]),
      ];
      // K3s reads passwords when it starts, and only then (k3s, pkg/authenticator/passwordfile).
      if (reasons.length === 0 && host.node.role === "server" && !(await admitsTokens(host)))
        reasons.push("its K3s has not read the new token yet");
      const verdict = reasons.length > 0 ? "due" : "left";
      return { host, state, files, verdict, words: reasons.join("; ") || "it has the tokens of main.ts" };
    }),
  );

const tryTokens = (host: Host): Promise<Report> => {
  const { tokenFile, agentTokenFile = tokenFile } = host.description.k3s;
  return host.call("try-tokens", { token_file: tokenFile, agent_token_file: agentTokenFile });
};

/** Whether K3s on the server has read the tokens in its files. */
export const admitsTokens = async (host: Host): Promise<boolean> => admits(await tryTokens(host));

const admits = (report: Report): boolean => ["server", "node"].every((who) => report.one(who) === "admitted");

/** Gives the whole cluster the tokens of main.ts: hosts that are due, servers first. */
export class TokenRotation {
  public constructor(
    private readonly fleet: Fleet,
    private readonly tokens: JoinTokens,
    private readonly turns: Turns,
    private readonly lock: Lock,
    private readonly log: Log,
  ) {}

  public async run(members: readonly HostState[], due: readonly TokenTurn[]): Promise<void> {
    this.checkSpares(due);
    await this.tellK3s(members);
    // At once on all servers: with the old file, none of them could start again.
    for (const { host, files } of due.filter(isServer))
      for (const file of files) await this.replace(host, file, { keep: "yes", restart: "no" });
    // Those that cannot start with an old token come first, so that the others keep quorum.
    const order = [...due].sort((a, b) => Number(isActive(a)) - Number(isActive(b)));
    await this.turns.run(
      order.map(({ host }) => host),
      "restart K3s with the new token",
      async (host) => {
        const [file] = due.find((turn) => turn.host === host)?.files ?? [];
        // An agent has one token, and its old one would be of use only to somebody who has a snapshot.
        if (host.node.role === "agent" && file !== undefined)
          await host.call("replace-token", replacement(file, { keep: "no", restart: "yes" }), LONG);
        else await host.call("restart-k3s", {}, LONG);
        return () => (host.node.role === "server" ? mustAdmit(host) : Promise.resolve("it joined with it"));
      },
    );
    for (const { host } of members.filter(isServer))
      await this.log.step(host.name, "try both tokens", () => mustAdmit(host), String);
  }

  /**
   * Before K3s has the new token: once it has, every server has to restart.
   *
   * @throws UserError when the others would have no quorum, even with those back that run again with the new token
   */
  private checkSpares(due: readonly TokenTurn[]): void {
    const names = due.map(({ host }) => host.name);
    const nodes = (this.fleet.nodes ?? []).map((node) => ({
      ...node,
      ready: node.ready || names.includes(node.name),
    }));
    const faults = due.filter(isServer).flatMap(({ host }) => quorumFault(nodes, host.name) ?? []);
    if (faults.length === 0) return;
    throw new UserError("refused", `K3s cannot restart on every server: ${faults[0]}\nNo host was changed`);
  }

  /**
   * The servers' token encrypts what K3s keeps in etcd for servers that join, so K3s itself has to change it there, once. A server
   * whose own copy is new shows that it has.
   */
  private async tellK3s(members: readonly HostState[]): Promise<void> {
    const { server: token } = this.tokens;
    const servers = members.filter(isServer).filter(({ facts }) => facts.keptToken !== "");
    if (token === undefined || servers.some(({ facts }) => keeps(facts, token))) return;
    const running = servers.filter(({ facts }) => facts.k3s === "active").map(({ host }) => host);
    const first = running.find(({ node }) => node.clusterInit === true) ?? running[0];
    if (first === undefined || this.fleet.nodes === undefined)
      throw new UserError(
        "unavailable",
        "no server's Kubernetes API answers, so K3s cannot take the new token",
      );
    this.lock.check();
    const body = JSON.stringify({ newToken: passwordOf(token) });
    await this.log.step(first.name, "give K3s the new token", () =>
      first.call("rotate-token", { body, token_file: first.description.k3s.tokenFile }, LONG),
    );
  }

  private async replace(host: Host, file: TokenFile, how: How): Promise<void> {
    this.lock.check();
    const put = (): Promise<Report> => host.call("replace-token", replacement(file, how));
    await this.log.step(host.name, "token", put, () => `${file.path} is the new one`);
  }
}

/**
 * Gives the tokens of main.ts to a host that was off during the last rotation.
 *
 * @param files - that have the former token, or beside which K3s keeps it
 */
export async function catchUp({ host, facts }: HostState, files: readonly TokenFile[]): Promise<void> {
  const isServer = host.node.role === "server";
  const old = files.filter(
    ({ path, token = "" }) => facts.tokens.get(path) !== saltedHash(facts.salt, token),
  );
  for (const file of old)
    await host.call("replace-token", replacement(file, { keep: isServer ? "yes" : "no", restart: "no" }));
  await host.call("restart-k3s", {}, LONG);
}

interface How {
  readonly keep: "yes" | "no";
  readonly restart: "yes" | "no";
}

const replacement = ({ path, token = "" }: TokenFile, { keep, restart }: How): Variables => ({
  path,
  token,
  keep,
  restart,
});

const LONG = { timeoutSeconds: 180 };

const isServer = ({ host }: { readonly host: Host }): boolean => host.node.role === "server";

const isActive = ({ state: { facts } }: TokenTurn): boolean => facts.k3s === "active";

const keeps = ({ keptToken, salt }: Facts, token: string): boolean => keptToken === saltedHash(salt, token);

/** @throws UserError when the server refuses a new token, or admits an old one. @returns a remark for the log */
export async function mustAdmit(host: Host): Promise<string> {
  const report = await tryTokens(host);
  if (!admits(report))
    throw new UserError("failed", "its K3s does not admit the new token: journalctl -u k3s there says why", {
      host: host.name,
    });
  const old = [report.one("old_server"), report.one("old_node")].filter((answer) => answer !== "");
  if (old.some((answer) => answer !== "refused"))
    throw new UserError("failed", "its K3s still admits the old token", {
      host: host.name,
      remedy: "run the same command again",
    });
  return old.length === 0 ? "it admits the new token" : "it admits the new token, and refuses the old one";
}
