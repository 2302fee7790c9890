import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Entries that are kept. An owner's packages take 100 MB. */
const KEPT = 3;

/** Prefix of an entry that is not complete. A killed preview leaves it behind. */
const INCOMPLETE = "incomplete-";
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/**
 * A folder of the user's cache that belongs to this key. It is created as a whole or not at all, and stays until others have
 * been used since.
 *
 * @param key - what its content depends on
 * @param fill - fills a new folder
 */
export async function cached(key: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const cache = join(userCache(), "proxmox-nixos-k3s", "packages");
  const entry = join(cache, createHash("sha256").update(key).digest("hex").slice(0, 32));
  if (!existsSync(entry)) {
    mkdirSync(cache, { recursive: true });
    const making = mkdtempSync(join(cache, INCOMPLETE));
    try {
      await fill(making);
      publish(making, entry);
    } finally {
      remove(making);
    }
  }
  utimesSync(entry, new Date(), new Date());
  clean(cache);
  return entry;
}

/** The XDG Base Directory Specification says to ignore a relative path. */
function userCache(): string {
  const stated = process.env.XDG_CACHE_HOME ?? "";
  return stated.startsWith("/") ? stated : join(homedir(), ".cache");
}

function publish(making: string, entry: string): void {
  try {
    renameSync(making, entry);
  } catch (error) {
    // Another preview was faster.
    if (!existsSync(entry)) throw error;
  }
}

/** Keeps the entries that were used last, and incomplete ones that may still be filled. */
function clean(cache: string): void {
  const entries = readdirSync(cache)
    .map((name) => ({ path: join(cache, name), incomplete: name.startsWith(INCOMPLETE) }))
    .map((entry) => ({ ...entry, used: statSync(entry.path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.used - a.used);
  const abandoned = entries.filter(
    ({ incomplete, used }) => incomplete && used < Date.now() - ABANDONED_AFTER_MS,
  );
  const complete = entries.filter(({ incomplete }) => !incomplete);
  for (const { path } of [...abandoned, ...complete.slice(KEPT)]) remove(path);
}

const remove = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 10 });
