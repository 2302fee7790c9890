/** Takes a snapshot of etcd on a server, and brings it to this machine with all that a restore needs to know. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  checkSnapshot,
  COMPRESSED_SNAPSHOT,
  folderName,
  readBackup,
  SNAPSHOT,
  TOKEN_FILE,
  type Backup,
  type Manifest,
} from "../backup/manifest";
import { overdue, type Retention } from "../backup/retention";
import { MAX_BYTES } from "../backup/snapshot";
import { Store } from "../backup/store";
import { tokenReference } from "../backup/token-reference";
import { npmRun } from "../base/command-line";
import { inMib, transferSeconds } from "../base/bytes";
import { joined, hasCode, messageOf, UserError } from "../base/user-error";
import { ETCD_FOLDER } from "../config/settings";
import { encrypt } from "./age";
import { makeIn, writeManifest } from "./backup-folder";
import { download } from "./download";
import type { Fleet } from "./fleet";
import type { Host } from "./host";
import { identityFaults, type HostState } from "./identity";
import { claimOf, inWords, localVolumes, type BoundVolume } from "./local-volumes";
import type { Log } from "./log";
import type { Redactor } from "./secrets";
import { tokenFiles, type JoinTokens } from "./token";
import { fetchVolumes, measure } from "./volume-copy";
import { placed, readVolumes, refuseUsed, type Named, type PlacedVolume } from "./volumes";

/** Where K3s keeps a server's snapshots: `save` without a folder of its own uses this one (k3s, pkg/etcd/snapshot.go, snapshotDir). */
const SNAPSHOTS = `${ETCD_FOLDER}/snapshots`;

/** How long K3s may take for a snapshot: its own client waits two minutes (k3s, pkg/cli/etcdsnapshot, `timeout`). */
const SNAPSHOT_SECONDS = 180;

export interface BackupSettings {
  /** Folder of the backups. */
  readonly folder: string;
  /** Public keys for which age encrypts the token; none: the backup has no token. */
  readonly recipients: readonly string[];
  readonly retention: Retention;
  /** Volumes whose content it has. @default - none */
  readonly volumes?: Named;
}

/** What a backup needs of a session. */
export interface Surroundings {
  readonly log: Log;
  readonly redactor: Redactor;
  /** ID of the rollout that holds the lock. */
  readonly rollout: string;
}

export interface Made {
  readonly backup: Backup;
  /** Folders of backups that were over, and were removed. */
  readonly removed: readonly string[];
}

/** What is known before K3s is asked for the snapshot. */
interface Known {
  readonly server: HostState;
  readonly clusterUid: string;
  readonly members: Manifest["members"];
  readonly volumes: readonly BoundVolume[];
  /** Those that are copied. */
  readonly chosen: readonly PlacedVolume[];
  readonly token: string;
}

const NO_VOLUMES: Named = { stopped: [] };

/**
 * Makes a backup. The caller holds the lock of the cluster: a server that an apply upgrades or reboots meanwhile would be asked for
 * its version, its token and its snapshot at different times, and be gone in the middle of the copy.
 *
 * @throws UserError when there is none; nothing of it is left here, and a snapshot that K3s took stays on its server
 */
export async function makeBackup(
  fleet: Fleet,
  tokens: JoinTokens,
  settings: BackupSettings,
  { log, redactor, rollout }: Surroundings,
): Promise<Made> {
  const { volumes: named = NO_VOLUMES } = settings;
  const known = await log.step("cluster", "look at the cluster", () => look(fleet, tokens, redactor, named));
  const takenAt = new Date().toISOString();
  const { host } = known.server;
  const name = folderName({ takenAt, server: host.name });
  const store = new Store(settings.folder, rollout);
  const folder = await makeIn(store, name, log, async (making) => {
    const copies = await fetchVolumes(await measure(known.chosen, making), making);
    await refuseUsed(
      named,
      fleet.kubernetes,
      "Pods were started while the volume was copied, so there is no backup",
    );
    const armored =
      settings.recipients.length === 0
        ? undefined
        : await log.step("cluster", "encrypt the token", () => encrypt(known.token, settings.recipients));
    const taken = await log.step(
      host.name,
      "snapshot",
      () => snapshotOn(host, takenAt),
      ({ bytes }) => inMib(bytes),
    );
    const copied = join(making, taken.compressed ? COMPRESSED_SNAPSHOT : SNAPSHOT);
    try {
      await log.step(
        host.name,
        "copy",
        () => copy(host, taken, copied, log),
        () => inMib(taken.bytes),
      );
    } catch (error) {
      log.info(host.name, `keeps the snapshot that was not copied: ${taken.path}`);
      throw error;
    }
    if (armored !== undefined) writeFileSync(join(making, TOKEN_FILE), armored, { mode: 0o600, flag: "wx" });
    const manifest: Manifest = {
      version: 1,
      takenAt,
      server: host.name,
      k3sVersion: known.server.facts.k3sVersion,
      clusterUid: known.clusterUid,
      snapshot: {
        file: taken.compressed ? COMPRESSED_SNAPSHOT : SNAPSHOT,
        bytes: taken.bytes,
        sha256: taken.sha256,
      },
      members: [...known.members],
      token: await tokenReference(known.token),
      encryptedToken: armored === undefined ? null : TOKEN_FILE,
      volumes: localVolumes(known.volumes).map(({ namespace, claim, node }) => {
        const copy = copies.get(claimOf({ namespace, claim }));
        return { namespace, claim, node, ...(copy === undefined ? {} : { copy }) };
      }),
    };
    writeManifest(making, manifest);
    const kept = await log.step(
      "cluster",
      "keep",
      () => Promise.resolve(store.complete(making, name)),
      String,
    );
    await forget(host, taken, log);
    return kept;
  });
  const removed = await prune(store, known.clusterUid, settings.retention, log);
  return { backup: readBackup(folder), removed };
}

async function look(fleet: Fleet, tokens: JoinTokens, redactor: Redactor, named: Named): Promise<Known> {
  const server = serverIn(fleet);
  const { host, facts } = server;
  refuseOtherToken(server, tokens);
  const clusterUid = await fleet.kubernetes.clusterUid();
  const volumes = await readVolumes(fleet.kubernetes);
  const chosen = await placed(named, volumes, fleet, host.description);
  const token = (await host.call("kept-token", {}, { secret: true })).text("token").trim();
  if (!/^\S+$/.test(token) || facts.k3sVersion === "") {
    throw new UserError("failed", "it has no token or no K3s", {
      host: host.name,
      remedy: "has K3s started?",
    });
  }
  redactor.learn(token);
  const members = (fleet.nodes ?? [])
    .filter((node) => node.server)
    .map(({ name, address }) => ({ name, address }));
  return { server, clusterUid, members, volumes, chosen, token };
}

/** The first server that is Ready. */
function serverIn({ hosts, unreachable, nodes }: Fleet): HostState {
  if (hosts.length === 0) throw joined(unreachable.map(({ error }) => error));
  const isReady = (name: string): boolean =>
    nodes?.some((node) => node.name === name && node.ready && node.controlPlane) ?? false;
  const server = hosts.find(
    (each) =>
      each.host.node.role === "server" &&
      each.facts.k3s === "active" &&
      isReady(each.host.name) &&
      identityFaults(each).length === 0,
  );
  if (server !== undefined) return server;
  throw new UserError("unavailable", "no server is Ready, so none can take a snapshot", {
    remedy:
      `see ${npmRun("rollout -- verify")}; the snapshots that K3s took by itself are in ` +
      SNAPSHOTS +
      " on each server",
  });
}

/** While a token is being rotated, nobody could say which one opens the snapshot. */
function refuseOtherToken({ host, facts }: HostState, tokens: JoinTokens): void {
  const own = tokenFiles(host, tokens, facts).find(({ kind }) => kind === "token");
  if (own?.state !== "different") return;
  throw new UserError(
    "refused",
    "its join token is not the one of main.ts, so it is not known which of them a restore would need",
    {
      host: host.name,
      remedy:
        "finish 'Rotate the join token' of the cluster's README, or correct the token's source in main.ts",
    },
  );
}

interface Taken {
  /** On the server. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly compressed: boolean;
}

async function snapshotOn(host: Host, takenAt: string): Promise<Taken> {
  // Another one each time: K3s adds the node and the second.
  const base = `rollout-${takenAt.replace(/\D/g, "").slice(0, 14)}-${randomBytes(4).toString("hex")}`;
  const report = await host.call(
    "snapshot",
    { base, folder: SNAPSHOTS },
    { timeoutSeconds: SNAPSHOT_SECONDS },
  );
  const [path, bytes, sha256] = [report.one("snapshot"), Number(report.one("bytes")), report.one("sha256")];
  const isOurs = path.startsWith(`${SNAPSHOTS}/${base}-`) && /^[\w./-]+$/.test(path) && !path.includes("..");
  if (
    isOurs &&
    Number.isSafeInteger(bytes) &&
    bytes > 0 &&
    bytes <= MAX_BYTES &&
    /^[0-9a-f]{64}$/.test(sha256)
  )
    return { path, bytes, sha256, compressed: path.endsWith(".zip") };
  throw new UserError("failed", "it describes a snapshot that K3s would not take", { host: host.name });
}

/** Over a connection of its own, as bytes. */
async function copy(host: Host, { path, bytes, sha256 }: Taken, to: string, log: Log): Promise<void> {
  const got = await download((descriptor) => host.startInto("send-snapshot", descriptor), to, {
    input: `${path}\n`,
    seconds: transferSeconds(bytes),
    bytes,
    onBytes: (arrived) => log.progress(host.name, "copy", inMib(arrived)),
  });
  if (got.isLate) throw new UserError("failed", "the copy took too long", { host: host.name });
  // What ended the program says more than what is missing.
  if (got.bytes <= bytes) host.end("send-snapshot", got.source, got.end);
  if (got.bytes === bytes && got.sha256 === sha256) return;
  throw new UserError("failed", "the snapshot did not arrive as it is on the server", {
    host: host.name,
    remedy: "run the same command again",
  });
}

/** Nothing else would ever remove it: K3s keeps snapshots that it was asked for (docs.k3s.io/cli/etcd-snapshot). */
async function forget(host: Host, { path }: Taken, log: Log): Promise<void> {
  try {
    await log.step(
      host.name,
      "remove it there",
      () => host.call("forget-snapshot", { snapshot: basename(path) }, { timeoutSeconds: SNAPSHOT_SECONDS }),
      () => "",
    );
  } catch (error) {
    log.info(host.name, `keeps the snapshot, which is in the backup too: ${path} (${messageOf(error)})`);
  }
}

/** Only backups whose snapshot is still the one that was taken: of others it is not known what they are. */
async function prune(store: Store, clusterUid: string, retention: Retention, log: Log): Promise<string[]> {
  const removed: string[] = [];
  for (const backup of overdue(store.all(), clusterUid, retention, Date.now())) {
    try {
      await checkSnapshot(backup);
    } catch (error) {
      if (!hasCode(error, "invalid")) throw error;
      log.info("cluster", `${messageOf(error)}; it is over, and stays`);
      continue;
    }
    store.remove(backup);
    removed.push(backup.folder);
  }
  return removed;
}

/** The result, for a person. */
export function formatMade({ backup, removed }: Made, recipients: number): string {
  const { manifest, folder } = backup;
  const { server, k3sVersion, snapshot, encryptedToken, volumes } = manifest;
  return [
    `${folder} has a snapshot of ${server} (K3s ${k3sVersion}, ${inMib(snapshot.bytes)}).`,
    encryptedToken === null
      ? "The join token is not in it, and without that nobody can restore it: keep a copy of the token elsewhere, or set rollout.backup.recipients in main.ts."
      : `The join token is in ${TOKEN_FILE}, encrypted for ${recipients} ${recipients === 1 ? "recipient" : "recipients"}.`,
    ...volumeLines(
      "Volumes in it:",
      volumes.filter(({ copy }) => copy !== undefined),
    ),
    ...volumeLines(
      "Not in it, since they are on the disks of nodes (--volumes copies them):",
      volumes.filter(({ copy }) => copy === undefined),
    ),
    ...removed.map((old) => `Removed ${old}, which was over.`),
  ].join("\n");
}

export const volumeLines = (heading: string, volumes: Manifest["volumes"]): string[] =>
  volumes.length === 0
    ? []
    : [
        heading,
        ...volumes.map((each) => `  ${inWords(each)}${each.copy ? ` (${inMib(each.copy.bytes)})` : ""}`),
      ];
