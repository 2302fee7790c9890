import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { npmRun } from "../base/command-line";
import { parseJson } from "../base/json";
import { capture } from "../base/process";
import { mustHave } from "../base/programs";
import { StatusLine } from "../base/status-line";
import { messageOf, UserError } from "../base/user-error";
import { nixpkgsArchive, shortRevision } from "../config/nixos";
import { HOSTS_FOLDER } from "../config/names";
import { NixpkgsSchema, type NixpkgsSettings } from "../config/settings";
import { readCluster } from "../preview/emitted";
import { chosenCluster, type ClusterOptions } from "./cluster";
import { ExitCode, exitCodeOf } from "./exit-code";
import { interruptible } from "./interruption";
import { say } from "./terminal";

/** The owner's file with the pin of a cluster, next to `main.ts`, which imports it. @param hosts - folder of the cluster's hosts */
const pinFile = (hosts: string): string => `${hosts.replace(HOSTS_FOLDER, "nixpkgs")}.json`;

/** Where NixOS' channels say their revision, and where the tree of a revision is. */
export interface Sources {
  readonly channels: string;
  readonly archives: string;
}

const OFFICIAL: Sources = { channels: "https://channels.nixos.org", archives: "https://github.com" };

/** `nixpkgs update`: writes the newest revision of the hosts' channel to `nixpkgs.json`. */
export const update = (options: ClusterOptions, project = ".", sources = OFFICIAL): Promise<ExitCode> =>
  interruptible(async ({ stop }) => {
    try {
      const { folder } = chosenCluster(options, project);
      mustHave("nixPrefetchUrl", "nixpkgs update");
      mustHave("curl", "nixpkgs update");
      say(await updated(project, folder, sources, stop));
      return ExitCode.Done;
    } catch (error) {
      say(messageOf(error), process.stderr);
      return exitCodeOf(error);
    }
  });

/** @returns what was done, and what comes next */
async function updated(
  project: string,
  hosts: string,
  { channels, archives }: Sources,
  stop: AbortSignal,
): Promise<string> {
  const name = pinFile(hosts);
  const file = join(project, name);
  const old = readPin(file)?.rev;
  const channel = `nixos-${releaseOf(project, hosts)}`;
  const status = new StatusLine(process.stderr);
  const rev = await status.during(`Asking for the newest ${channel}`, () =>
    newestOf(channel, channels, stop),
  );
  const short = shortRevision(rev);
  if (rev === old) return `${name} has the newest revision of ${channel} already: ${short}.`;
  const hash = await status.during(`Downloading nixpkgs ${short}`, () =>
    hashOf(nixpkgsArchive(rev, archives), stop),
  );
  replace(file, { rev, hash });
  const next = `Next: npm run preview, npm run synth, ${npmRun("rollout -- plan")}`;
  return old === undefined
    ? `${name}: ${short} of ${channel}.\nState it in main.ts: import nixpkgs from "./${name}"; and nixos: { nixpkgs }.\n${next}`
    : `${name}: ${shortRevision(old)} becomes ${short} of ${channel}.\n${next}`;
}

/** `undefined` if there is none yet. */
function readPin(file: string): NixpkgsSettings | undefined {
  if (!existsSync(file)) return undefined;
  const pin = NixpkgsSchema.safeParse(parseJson(readFileSync(file, "utf8")));
  if (pin.success) return pin.data;
  throw new UserError("invalid", `${basename(file)} is no pin of nixpkgs, which has rev and hash`, {
    remedy: "remove it, and run this again",
  });
}

/** The one release of all hosts, as the last synth has it. */
function releaseOf(project: string, hosts: string): string {
  const releases = new Set(readCluster(project, hosts)?.nodes.map(({ nixos }) => nixos.release));
  const [release] = releases;
  if (release === undefined)
    throw new UserError("invalid", `${hosts}/cluster.json has no host`, {
      remedy: "run npm run synth first",
    });
  if (releases.size > 1) {
    throw new UserError("invalid", `Hosts have different releases: ${[...releases].join(", ")}`, {
      remedy: "one nixpkgs is of one release, so state nixos.release for the cluster alone",
    });
  }
  return release;
}

const SECONDS = 30;

async function newestOf(channel: string, channels: string, stop: AbortSignal): Promise<string> {
  const url = `${channels}/${channel}/git-revision`;
  const answer = await answerOf(url, stop);
  const revision = /^[0-9a-f]{40}$/.exec(answer.trim())?.[0];
  if (revision === undefined) throw new UserError("failed", `${url} is no revision of nixpkgs`);
  return revision;
}

/** Exit statuses of curl (its manual, "EXIT CODES"): no proxy or host of that name, no connection, no answer in time. */
const NO_WAY: ReadonlySet<number> = new Set([5, 6, 7, 28]);

/** By curl, which uses the proxies of the environment, as Nix does for the archive. Node's own `fetch` does not before 22.21. */
async function answerOf(url: string, signal: AbortSignal): Promise<string> {
  const limits = ["--proto", "=http,https", "--max-time", `${SECONDS}`, "--max-filesize", "1000"];
  const words = ["--silent", "--show-error", "--location", ...limits, "--write-out", "\n%{http_code}", url];
  const { status, stdout, stderr } = await capture("curl", words, { signal });
  if (status !== 0) {
    const code = NO_WAY.has(status) ? "unreachable" : "failed";
    throw new UserError(code, `${url} cannot be read: ${stderr.trim()}`);
  }
  const end = stdout.lastIndexOf("\n");
  const answer = stdout.slice(end + 1);
  if (answer === "200") return stdout.slice(0, end);
  throw new UserError("failed", `${url} answers with ${answer}`, {
    remedy: "is there a channel of that release?",
  });
}

/** The SHA-256 of an unpacked tree, as Nix computes it, in the form of a `flake.lock`. */
async function hashOf(archive: string, stop: AbortSignal): Promise<string> {
  // The name that a build uses, so that an operator whose machine is a host has its path.
  const base32 = await lastLineOf("nix-prefetch-url", ["--unpack", "--name", "source", archive], stop);
  const base16 = await lastLineOf("nix-hash", ["--type", "sha256", "--to-base16", base32], stop);
  return `sha256-${Buffer.from(base16, "hex").toString("base64")}`;
}

async function lastLineOf(program: string, words: readonly string[], signal: AbortSignal): Promise<string> {
  const { status, stdout, stderr } = await capture(program, words, { signal });
  const line = stdout.trim().split("\n").at(-1) ?? "";
  if (status === 0 && line !== "") return line;
  throw new UserError("failed", `${program} ended with ${status}: ${stderr.trim()}`);
}

/** By one rename, so that an interruption leaves the old pin. */
function replace(file: string, pin: NixpkgsSettings): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(pin, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
