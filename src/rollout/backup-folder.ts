/** The folder in which a backup is made, until it is one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST, readBackup, renderManifest, type Manifest } from "../backup/manifest";
import type { Store } from "../backup/store";
import { messageOf } from "../base/user-error";
import { refuseCommitted } from "./git";
import type { Log } from "./log";
import { isDead } from "./rollout-id";

/**
 * Makes a backup in a new folder of the store, of which nothing stays if it fails. Then removes what killed rollouts have left.
 *
 * @param make - gets that folder, and gives it to `store.complete`
 * @throws UserError when git would commit it
 */
export async function makeIn<T>(
  store: Store,
  name: string,
  log: Log,
  make: (making: string) => Promise<T>,
): Promise<T> {
  const making = store.begin(name);
  let made: T;
  try {
    await refuseInGit(making, store.folder);
    made = await make(making);
  } catch (error) {
    store.abandon(making);
    throw error;
  }
  try {
    store.sweep(isDead);
  } catch (error) {
    // The backup is there.
    log.info("cluster", `what a killed rollout left in ${store.folder} stays: ${messageOf(error)}`);
  }
  return made;
}

/** A probe, since git says only of files that are there whether it would commit them. */
async function refuseInGit(making: string, named: string): Promise<void> {
  const probe = join(making, MANIFEST);
  writeFileSync(probe, "", { mode: 0o600 });
  await refuseCommitted(probe, {
    named,
    contains: "the secrets of the cluster in each backup",
    ifPushed: "replace every secret of the cluster",
  });
}

/** @throws UserError `invalid` for what a restore would not read: a cluster may have what the manifest's schema does not foresee */
export function writeManifest(making: string, manifest: Manifest): void {
  writeFileSync(join(making, MANIFEST), renderManifest(manifest), { mode: 0o600 });
  readBackup(making);
}
