import { spawnSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { isTokenByHand } from "../cluster/rollout";
import type { Description } from "./description";
import type { Host } from "./host";
import type { Blanker } from "./secrets";
import { messageOf, Trouble } from "./trouble";

/**
 * The join token, from where `main.ts` says; `undefined` where it says nothing.
 *
 * @throws Trouble when the source fails; its output is not repeated
 */
export function readToken({ rollout }: Description, blanker: Blanker): string | undefined {
  const text =
    rollout?.tokenPath === undefined ? commanded(rollout?.tokenCommand) : fromFile(rollout.tokenPath);
  const token = text?.trim();
  if (token === undefined) return undefined;
  if (!/^\S{8,}$/.test(token)) {
    throw new Trouble(
      "The join token should be one word of at least 8 characters; what its source gave is not repeated",
    );
  }
  blanker.learn(token);
  return token;
}

function fromFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Trouble(`The join token cannot be read: ${messageOf(error)} (rollout.tokenPath of main.ts)`);
  }
  checkGit(path);
  return text;
}

/**
 * Refuses a file that git has or that the next `git add` would take. Where there is no git, or no repository around the
 * file, nothing can be committed.
 */
function checkGit(path: string): void {
  const file = realpathSync(path);
  const words = ["--literal-pathspecs", "ls-files", "-t", "--cached", "--others", "--exclude-standard"];
  const { stdout } = spawnSync("git", [...words, "--", basename(file)], {
    cwd: dirname(file),
    encoding: "utf8",
  });
  if (!stdout) return;
  // The tag of a file that git does not have is a question mark.
  throw new Trouble(
    stdout.startsWith("?")
      ? `${path}, which has the join token, is not ignored by git: move it out of the project, or name it in .gitignore`
      : `${path}, which has the join token, is in git: git rm --cached it, move it out of the project, and if it was ` +
          "ever pushed follow 'Rotate the join token' in the cluster's README",
  );
}

function commanded(command: readonly string[] | undefined): string | undefined {
  const [program, ...words] = command ?? [];
  if (program === undefined) return undefined;
  const { status, stdout, error } = spawnSync(program, words, {
    encoding: "utf8",
    stdio: ["inherit", "pipe", "inherit"],
  });
  if (status === 0) return stdout;
  const why = error?.message ?? `it ended with ${status}`;
  throw new Trouble(`The join token cannot be had from ${program}: ${why} (rollout.tokenCommand of main.ts)`);
}

export type TokenState = "same" | "different" | "missing" | "installed" | "there";

/** How the host's token compares; with `install`, a missing one is put there. Without a token: whether it has any. */
export async function deliver(host: Host, token: string | undefined, install: boolean): Promise<TokenState> {
  const path = host.description.k3s.tokenFile;
  const report =
    token === undefined
      ? await host.call("token-there", { path })
      : await host.call("token", { token, path, install: install ? "yes" : "no" });
  return report.one("token") as TokenState;
}

/** Why the host cannot go on with that token. */
export function tokenFaults(host: Host, state: TokenState): string[] {
  const { k3s } = host.description;
  if (state === "different") {
    return [
      "its join token is another one. A server's data is encrypted with it, so it is not replaced. To change it for the whole cluster, " +
        "follow 'Rotate the join token' in the cluster's README: k3s token rotate on a server, the new one into " +
        `${k3s.tokenFile} of every host, k3s restarted on the servers one by one and then on the agents, and the ` +
        "token's source gives the new one",
    ];
  }
  if (state !== "missing" || !isTokenByHand(host.description)) return [];
  return [
    `it has no join token at ${k3s.tokenFile}, and K3s would wait for it for ever: state rollout.tokenPath or ` +
      "rollout.tokenCommand in main.ts, or put it there (install -m 0400)",
  ];
}
