/** Copies volumes between hosts and this machine, as tar archives. */
import { statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkCopy, type Backup, type VolumeCopy } from "../backup/manifest";
import { inMib, transferSeconds } from "../base/bytes";
import { percentTeller } from "../base/percent";
import { UserError } from "../base/user-error";
import { localStorageOf } from "../config/k3s";
import { download } from "./download";
import { claimOf } from "./local-volumes";
import { upload } from "./upload";
import type { PlacedVolume } from "./volumes";

/** Reading every name of a large volume on a slow disk. */
const MEASURE_SECONDS = 600;

/** A volume, and how many bytes its archive has. */
export interface MeasuredVolume {
  readonly volume: PlacedVolume;
  readonly bytes: number;
}

/** @throws UserError when one of them cannot be read, or all of them do not fit into the folder */
export async function measure(volumes: readonly PlacedVolume[], folder: string): Promise<MeasuredVolume[]> {
  const measured: MeasuredVolume[] = [];
  for (const volume of volumes) {
    const { host } = volume;
    const bytes = await host.log.step(
      host.name,
      `measure ${claimOf(volume)}`,
      async () => {
        const where = { path: volume.path, storage: localStorageOf(host.description) };
        const report = await host.call("measure-volume", where, { timeoutSeconds: MEASURE_SECONDS });
        return Number(report.one("bytes"));
      },
      inMib,
    );
    if (!Number.isSafeInteger(bytes) || bytes < 1)
      throw new UserError("failed", "it says of a volume a size that no volume has", { host: host.name });
    measured.push({ volume, bytes });
  }
  const needed = measured.reduce((sum, { bytes }) => sum + bytes, 0);
  const { bavail, bsize } = statfsSync(folder);
  if (needed > bavail * bsize)
    throw new UserError(
      "refused",
      `the volumes take ${inMib(needed)}, and ${folder} has ${inMib(bavail * bsize)} left`,
    );
  return measured;
}

/**
 * Copies a volume into a new file of the folder. What leaves the host is hashed there, and what arrives is hashed here.
 *
 * @throws UserError when it does not arrive as it is there, or somebody writes to it meanwhile
 */
export async function fetchVolume(
  { volume, bytes }: MeasuredVolume,
  folder: string,
  file: string,
): Promise<VolumeCopy> {
  const { host, path } = volume;
  const step = `copy ${claimOf(volume)}`;
  return host.log.step(
    host.name,
    step,
    async () => {
      const got = await download(
        (descriptor) => host.startInto("send-volume", descriptor),
        join(folder, file),
        {
          input: `${path}\n${localStorageOf(host.description)}\n`,
          seconds: transferSeconds(bytes),
          bytes,
          onBytes: percentTeller(bytes, (words) => host.log.progress(host.name, step, words)),
        },
      );
      if (got.isLate) throw new UserError("failed", "the copy took too long", { host: host.name });
      // Killed, since it sent more than it had said.
      const report = got.bytes > bytes ? undefined : host.end("send-volume", got.source, got.end);
      const sha256 = report?.one("sha256");
      if (got.bytes === bytes && got.sha256 === sha256) return { file, bytes, sha256 };
      throw new UserError("failed", `${claimOf(volume)} did not arrive as it was when it was measured`, {
        host: host.name,
        remedy: "run the same command again, when nothing writes to it",
      });
    },
    ({ bytes: size }) => inMib(size),
  );
}

/** One after another. @returns the copies by claim */
export async function fetchVolumes(
  measured: readonly MeasuredVolume[],
  folder: string,
): Promise<Map<string, VolumeCopy>> {
  const copies = new Map<string, VolumeCopy>();
  for (const [at, each] of measured.entries())
    copies.set(claimOf(each.volume), await fetchVolume(each, folder, `volume-${at + 1}.tar`));
  return copies;
}

/**
 * Puts the content of a copy in the place of a volume, which stays beside it.
 *
 * @returns the folder of the former content. @default - there was none
 * @throws UserError when the volume is as it was, as the copy is damaged or does not arrive
 */
export async function returnVolume(
  backup: Backup,
  copy: VolumeCopy,
  volume: PlacedVolume,
): Promise<string | undefined> {
  const { host, path } = volume;
  const storage = localStorageOf(host.description);
  const { bytes, sha256 } = copy;
  const step = `put ${claimOf(volume)} back`;
  return host.log.step(host.name, step, async () => {
    const archive = await checkCopy(backup, copy);
    await host.call("offer-volume", { path, storage, bytes, sha256 });
    const sink = host.start("receive-volume");
    const { isLate, sink: end } = await upload(archive, sink, {
      seconds: transferSeconds(bytes),
      onBytes: percentTeller(bytes, (words) => host.log.progress(host.name, step, words)),
    });
    if (isLate) throw new UserError("failed", "the copy took too long", { host: host.name, step });
    const former = host.end("receive-volume", sink, end).one("former");
    if (former === "" || dirname(former) === storage) return former || undefined;
    throw new UserError("failed", "it names a folder that is no volume", { host: host.name, step });
  });
}
