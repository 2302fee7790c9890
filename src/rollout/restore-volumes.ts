/** Puts volumes of a backup back on the disks of nodes. */
import { readBackup, type Backup, type VolumeCopy } from "../backup/manifest";
import { UserError } from "../base/user-error";
import { changing, surveyed, type Operator } from "./commands";
import type { Fleet } from "./fleet";
import { claimOf } from "./local-volumes";
import type { Session } from "./session";
import { unlessStopped } from "./stopping";
import { returnVolume } from "./volume-copy";
import { placed, readVolumes, refuseUsed, type Named, type PlacedVolume } from "./volumes";

/** A volume, and its copy in the backup. */
interface Return {
  readonly volume: PlacedVolume;
  readonly copy: VolumeCopy;
}

/**
 * `restore-volumes`: gives volumes the content that they have in a backup, on the nodes that have them now.
 *
 * @param folder - of the backup
 * @param claims - `namespace/name`
 */
export async function restoreVolumesCommand(
  session: Session,
  folder: string,
  claims: readonly string[],
  { stop, print, askForConsent }: Operator,
): Promise<void> {
  const backup = readBackup(folder);
  const copies = copiesOf(backup, claims);
  const named: Named = { stopped: claims };
  const { fleet, returns, isOther } = await unlessStopped(stop, () => look(session, backup, copies, named));
  const question = returns.map(({ volume }) => `${claimOf(volume)} on ${volume.node}`).join(", ");
  await askForConsent(
    `Give ${question} the content of ${backup.manifest.takenAt}?` +
      (isOther ? " It is a backup of another cluster." : ""),
  );
  const restored = await changing(session, fleet, [], stop, async () => {
    const done: { claim: string; node: string; former?: string }[] = [];
    for (const { volume, copy } of returns) {
      const former = await returnVolume(backup, copy, volume);
      done.push({ claim: claimOf(volume), node: volume.node, ...(former === undefined ? {} : { former }) });
    }
    return done;
  });
  print(
    restored
      .map(
        ({ claim, node, former }) =>
          `${claim} on ${node} has its content of ${backup.manifest.takenAt}` +
          (former === undefined ? "." : `; the former one is in ${former}, which you may delete.`),
      )
      .join("\n"),
    { restoredVolumes: restored },
  );
  await refuseUsed(
    named,
    fleet.kubernetes,
    "Pods were started meanwhile, and may have the former content: stop and start them again",
  );
}

async function look(
  session: Session,
  { manifest }: Backup,
  copies: ReadonlyMap<string, VolumeCopy>,
  named: Named,
): Promise<{ fleet: Fleet; returns: Return[]; isOther: boolean }> {
  const fleet = await surveyed(session);
  const volumes = await readVolumes(fleet.kubernetes);
  const found = await placed(named, volumes, fleet, session.description);
  const returns = found.flatMap((volume): Return[] => {
    const copy = copies.get(claimOf(volume));
    return copy === undefined ? [] : [{ volume, copy }];
  });
  return { fleet, returns, isOther: (await fleet.kubernetes.clusterUid()) !== manifest.clusterUid };
}

/** By claim. @throws UserError `invalid` when the backup does not have one of them */
function copiesOf({ folder, manifest }: Backup, claims: readonly string[]): Map<string, VolumeCopy> {
  const copies = new Map(
    manifest.volumes.flatMap((volume): [string, VolumeCopy][] =>
      volume.copy === undefined ? [] : [[claimOf(volume), volume.copy]],
    ),
  );
  const missing = claims.filter((claim) => !copies.has(claim));
  if (missing.length === 0) return copies;
  throw new UserError(
    "invalid",
    `${folder} has no copy of ${missing.join(", ")}; it has ${[...copies.keys()].join(", ") || "that of no volume"}`,
  );
}
